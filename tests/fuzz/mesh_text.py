# SPDX-License-Identifier: Apache-2.0
"""The text of a mesh description, and HAProxy's check of the compiled configuration."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import strategies as st

from conformance.clouds import description
from conformance.gateway import HAPROXY
from conformance.scopes import once_in
from fuzz.mutations import mutated
from fuzz.steps import steps
from fuzz.target import Check, Target, pure
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.compile import CompileError
from openstackoid.mesh import MeshError, packed_mesh, parse_mesh
from openstackoid.mesh.clouds import Clouds
from openstackoid.mesh.stored import read_stored

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x84\x86-\x9f]")
GOOD = description(count(10000))
_PIECES = [
    *"{}[]:,-#&*!|>%@`\"'?~\n\t /\x85\u2028\x00", "\n  ", ": ", "- ", "<<: ", "&a ", "*a", "!!int ", "!!bool ", "!!float ",
    "!!timestamp ", "!!null ", "!!set ", "!!omap ", "!!binary ", "!!python/object:os.system ", '""', "1e400", "-1", "0x",
    "1_", "2001-99-99", "9" * 30, "\"\\e[31m\"", "clouds: ",
]  # fmt: skip
_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 65536, 10**30, 10**400, 1e-9, 1e-4, 1e300, "", " ", "x", "*", "a b", "é", "\x1b[31m",
    "%[var(x)]", "x\ny", "'", "\\", "a" * 300, [], {}, [[]], {"": ""}, ["CloudOne"], "http://", "http://127.0.0.9",
    "127.0.0.9", "http://127.0.0.9:81/x~y.z", "http://[", "http://[::1]:0/x", "http://127.0.0.9:99999/",
    "http://127.0.0.9/a/../b", "http://127.0.0.9/%2f", "https://127.0.0.9/x", "http://127.0.0.9:80/v3",
    "http://127.0.0.9/AUTH_$(project_id)s", "http://u:p@127.0.0.9/", "CloudTwo", "image",
]  # fmt: skip
_KEYS = [
    "mesh", "clouds", "services", "frontend", "backend", "gateway", "bind", "timeouts", "connect", "check", "memory",
    "shared", "collaborations", "when", "links", "store", "readers", "region", "image", "identity", "", "x", "CloudOne", "~",
]  # fmt: skip
STEPS, STEPS_A_CHARACTER = 1_500_000, 900
"""What reading a description may cost: PyYAML takes hundreds of steps for a character, and more where brackets nest."""


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where in a document something stands."""
    items: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


_DOCUMENT = yaml.safe_load(GOOD)
_PLACES = list(places(_DOCUMENT))


_TIMES = [0.0001, 0.0004, 0.0005, 1e-9, 0.25, 1, 3600, 86400]
_TEXTS = ["", "x", "a b", "é", "%[src]", "'", '"', "\\", "#", "{", "$(project_id)s", "a\tb", "a" * 300]
_URLS = [
    "http://127.0.0.9", "http://127.0.0.9:81/x~y.z", "http://127.0.0.9/a.b/c-d_e/v2.1",
    "http://127.0.0.9/AUTH_$(project_id)s", "http://127.0.0.9:65535/v3/%(tenant_id)s", "http://127.0.0.9/" + "a/" * 20 + "b",
    "http://[::1]:81/x",
]  # fmt: skip
_FITTING: list[tuple[tuple[str, ...], list[Any]]] = [
    *((("gateway", "timeouts", name), _TIMES) for name in ("connect", "client", "server", "check")),
    *((("services", name, "backend"), [*_URLS, _URLS[:3]]) for name in ("image", "identity", "network")),
    *((("services", name, "frontend"), _URLS) for name in ("image", "network", "volumev3")),
    *((("services", name, "name"), _TEXTS) for name in ("image", "compute")),
    (("services", "image", "links"), ["fixed", "host"]),
    (("region",), _TEXTS),
    (("gateway", "bind"), ["*", "0.0.0.0", "127.0.0.1", "[::1]"]),
    (("gateway", "memory"), [{"workflows": 1, "seconds": 1e-9}, {"workflows": 10_000_000, "seconds": 30 * 86400}]),
    (("gateway", "force"), [True, "yes", 1]),
    (("gateway", "store"), [{"url": "mysql://one@127.0.0.9/one"}, {"url": "mysql://one:x@127.0.0.9/one"}, {}]),
]
"""Where something else may stand in a cloud's description, and what."""


@st.composite
def fitting(draw: st.DrawFn) -> str:
    """The good description with other values that mostly fit."""
    document = yaml.safe_load(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        (*above, key), values = draw(st.sampled_from(_FITTING))
        holder = document["clouds"][draw(st.sampled_from(["CloudOne", "CloudTwo"]))]
        for part in above:
            holder = holder.setdefault(part, {})
        if above[:1] != ["services"] or key == "frontend" or "frontend" in holder:
            holder[key] = draw(st.sampled_from(values))
    return yaml.safe_dump(document, allow_unicode=True)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """The good description with another value here and there, a key too many, or one too few."""
    document = yaml.safe_load(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        *above, key = draw(st.sampled_from(_PLACES))
        holder = document
        try:
            for part in above:
                holder = holder[part]
            match draw(st.sampled_from(["value", "value", "key", "cut"])):
                case "value":
                    holder[key] = draw(st.sampled_from(_VALUES))
                case "key":
                    holder[draw(st.sampled_from(_KEYS))] = draw(st.sampled_from(_VALUES))
                case _:
                    del holder[key]
        except (KeyError, IndexError, TypeError):
            continue
    return yaml.safe_dump(document, allow_unicode=True)


_SMALL = """mesh: 1
clouds:
  A:
    gateway: {timeouts: {connect: 1}, memory: {workflows: 9}, force: true}
    services:
      image: {frontend: 'http://h/i', backend: 'http://b'}
"""
_NESTED = st.builds(
    lambda levels, width: "\n".join(
        ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)), "mesh: 1"]
    ),
    st.integers(1, 12),
    st.integers(1, 9),
)
_DEEP = st.builds(
    lambda unit, number: unit * number,
    st.sampled_from(["[", "{a: ", "- ", "? ", "&a [*a]\n", "!!map {", "a: *a\n"]),
    st.integers(1, 1200),
)


@st.composite
def _changed(draw: st.DrawFn, text: str) -> str:
    for _ in range(draw(st.integers(1, 4))):
        at, piece = draw(st.integers(0, len(text))), draw(st.sampled_from(_PIECES))
        text = text[:at] + piece + text[at + draw(st.sampled_from([0, 0, 1, 4])) :]
    return draw(mutated(text, "x ", 1))


texts = st.one_of(
    documents(),
    fitting(),
    once_in(4).flatmap(lambda whole: _changed(GOOD if whole else _SMALL)),
    _NESTED,
    _DEEP,
    st.text(max_size=40),
)


def check(text: str) -> None:
    """A mesh or a MeshError that can be printed; of a mesh, files for HAProxy, a CompileError, or a MeshError about TLS."""
    if len(text) % 16 == 0 or "&a" in text:
        steps(lambda: parse_mesh(text), STEPS + STEPS_A_CHARACTER * len(text))
    compiled(text)


def compiled(text: str) -> list[dict[str, str]]:
    """Return the files of each gateway of the mesh that a text describes, if it describes one."""
    try:
        mesh = parse_mesh(text, "mesh.yaml")
    except MeshError as error:
        assert _CONTROL.search(str(error)) is None, "an error does nothing to a terminal"
        assert str(error).startswith("mesh.yaml"), "an error names the file"
        return []
    kept = read_stored(packed_mesh(mesh), "mesh", "")[""].content
    assert Clouds(kept.clouds) == mesh.clouds, "what is kept of a mesh is the mesh"
    found = []
    for name in mesh.clouds:
        try:
            files = compile_gateway(mesh, name, Runtime.of("/run"))
        except (CompileError, MeshError) as error:
            assert _CONTROL.search(str(error)) is None, "an error does nothing to a terminal"
            continue
        assert _CONTROL.search(files["haproxy.cfg"]) is None, "the configuration is text"
        found.append(files)
    return found


@contextmanager
def haproxy() -> Iterator[Check]:
    """Yield a check that has HAProxy read what is made of a description."""
    with TemporaryDirectory(prefix="oid-") as folder:

        def accepted(text: str) -> None:
            for files in compiled(text):
                for name, content in files.items():
                    Path(folder, name).write_text(content, encoding="utf-8")
                command = [str(HAPROXY.path), "-c", "-f", f"{folder}/haproxy.cfg"]
                said = subprocess.run(command, env=HAPROXY.environment(), capture_output=True, text=True, timeout=30, check=False)
                told = [line.partition(" : ")[2] for line in said.stderr.splitlines() if "[ALERT]" in line or "[WARNING]" in line]
                assert said.returncode == 0, f"HAProxy takes the configuration: {told[:1]}"
                assert told == [], f"HAProxy has nothing to say: {told[0]}"

        yield accepted


TARGET = Target(
    "mesh", "parse_mesh() gives a mesh or a MeshError that can be shown; a mesh compiles", texts, pure(check), short=80
)
COMPILED = Target(
    "haproxy",
    "HAProxy takes what is compiled of any mesh that is accepted",
    st.one_of(fitting(), fitting(), documents()),
    haproxy,
    short=40,
    guided=False,
)
