# SPDX-License-Identifier: Apache-2.0
"""The operator's guide, pages of docs/operate, is true: its examples are run, and its tables compared with the code."""

import dataclasses
import json
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from documents import read
from openstackoid.bridge.http.sockets import Sockets, UnixSocket
from openstackoid.bridge.pages.reachability import AT_MOST, KEPT, PATIENCE
from openstackoid.bridge.trace.records import AGE, IDS, RECORDS, RECORDS_OF_ONE, ROUTES, WAYS
from openstackoid.cli import bridge, build_parser, main
from openstackoid.discovery.catalog import LISTING
from openstackoid.gateway.decisions import FIRST_PAUSE, LONGEST_PAUSE
from openstackoid.gateway.process_group import STOP_GRACE
from openstackoid.haproxy.binary import OLDEST
from openstackoid.mesh import Drain, Limits, Memory, Timeouts, check_binding, check_tls, parse_mesh
from openstackoid.mesh.schema import CloudSchema, Description, ServiceSchema
from openstackoid.mesh.settings import GatewaySettings

PAGES = (
    "gateway",
    "mesh",
    "mesh-layouts",
    "hosts",
    "tls",
    "certificates",
    "timeouts",
    "reader-accounts",
    "discover",
    "running",
    "own-haproxy",
    "pages",
    "errors",
)
GUIDE = read(*(f"operate/{page}.md" for page in PAGES))
# All but the rules of Keystone's policy.yaml are mesh descriptions.
EXAMPLES = re.findall(r"```yaml\n(?!\"identity:)(.*?)```", GUIDE, re.DOTALL)
COMMANDS = re.findall(r"^ *\$ (.+)$", GUIDE, re.MULTILINE)


def commands(*words: str) -> list[list[str]]:
    return [line for line in map(shlex.split, COMMANDS) if line[: len(words)] == list(words)]


def rows(first_heading: str) -> Iterator[list[str]]:
    """The rows of the table whose first column has this heading."""
    table = GUIDE[GUIDE.index(f"| {first_heading} |") :].split("\n\n", 1)[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the guide's commands speak of."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mesh.yaml").write_text(EXAMPLES[0])
    one, _, two = EXAMPLES[0].partition("  CloudTwo:")
    (tmp_path / "mesh").mkdir()
    (tmp_path / "mesh" / "CloudOne.yaml").write_text(one)
    (tmp_path / "mesh" / "CloudTwo.yaml").write_text(f"mesh: 1\nclouds:\n  CloudTwo:{two}")
    row = {"Service Type": "image", "Interface": "public", "URL": "http://h:9292", "Region": "RegionOne"}
    (tmp_path / "endpoints.json").write_text(json.dumps([row]))
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_description_with_all_that_its_gateways_need(example: str) -> None:
    mesh = parse_mesh(example)
    assert "CloudOne" in mesh.clouds
    for cloud in mesh.clouds.values():
        if all(endpoint.backends for endpoint in cloud.endpoints):
            check_tls(mesh, cloud.name)
            check_binding(mesh, cloud.name)


def test_the_example_has_both_layouts() -> None:
    clouds = parse_mesh(EXAMPLES[0]).clouds
    assert (len(clouds["CloudOne"].listeners), len(clouds["CloudTwo"].listeners)) == (1, 3)


@pytest.mark.parametrize("command", commands("openstackoid"), ids=" ".join)
def test_every_command_is_understood(command: list[str]) -> None:
    build_parser().parse_args(command[1:])


@pytest.mark.parametrize(
    "command", commands("openstackoid", "gateway", "render") + commands("openstackoid", "gateway", "check"), ids=" ".join
)
def test_commands_that_start_no_process_are_run(command: list[str], desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command[1:]) == 0
    if "check" in command:
        shown = re.escape(GUIDE[GUIDE.index("\nOK: HAProxy ") + 1 :].splitlines()[0]).replace(r"2\.8\.25", r"[0-9.]+")
        assert re.fullmatch(shown.replace(re.escape("(...)"), r"\(.+\)") + "\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "command", [line for line in commands("openstackoid", "discover") if "--os-cloud" not in line], ids=" ".join
)
def test_discover_is_run(command: list[str], desk: Path) -> None:
    if "--output" in command and "--merge" not in command:
        (desk / "mesh.yaml").unlink()
    (desk / "haproxy.cfg").write_text("listen glance\n bind :9292\n server a 10.0.1.21:9292\n", encoding="ascii")
    assert main([str(desk) if word == "/etc/kolla/haproxy" else word for word in command[1:]]) == 0


def test_the_list_of_endpoints_is_asked_for_as_discover_says() -> None:
    assert f"$ {LISTING} > endpoints.json" in GUIDE


def test_the_python_service_is_called_as_it_is(monkeypatch: pytest.MonkeyPatch, desk: Path) -> None:
    (command,) = commands("openstackoid", "bridge")
    called: list[object] = []
    monkeypatch.setattr(bridge, "serve_with_log", lambda *arguments, **more: called.extend([arguments, more]))
    monkeypatch.setattr(bridge, "set_up", lambda: None)
    monkeypatch.setattr(bridge, "seal", lambda: None)
    state = desk / "state"
    assert main([*command[1:-1], str(state)]) == 0
    requests, records, log, metrics = (UnixSocket(state / f"{name}.sock") for name in ("bridge", "records", "log", "metrics"))
    sockets = Sockets(requests, state / "haproxy.sock", records, log, metrics)
    files = {"audit_log": "audit.log", "store_file": "store.sqlite", "keys": "keys", "blocked": "blocked.json"}
    more = {name: state / file for name, file in files.items()} | {"manager": ANY}
    assert called == [("CloudOne", Path("mesh.yaml"), sockets), more]
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_every_key_is_in_the_reference_and_no_other() -> None:
    keys = {row[0].strip("`") for row in rows("key")}
    known = {name for model in (Description, CloudSchema, ServiceSchema) for name in model.model_fields}
    assert keys == known | {field.name for field in dataclasses.fields(GatewaySettings)}


def test_every_timeout_is_there_with_its_default() -> None:
    told = {row[0].strip("`"): float(row[1]) for row in rows("timeout")}
    assert told == dataclasses.asdict(Timeouts())


def test_the_times_of_a_drain_are_there_with_their_defaults() -> None:
    told = {row[0].strip("`"): float(row[1]) for row in rows("drain")}
    assert told == dataclasses.asdict(Drain())


def test_every_limit_of_the_memory_is_there_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in rows("memory")}
    memory = Memory()
    shares = {"user": "a quarter of `workflows`", "peer": "half of `workflows`"}
    assert told == {"workflows": f"{memory.workflows}", "seconds": f"{memory.seconds:g}"} | shares
    assert (memory.of_user, memory.of_peer) == (memory.workflows // 4, memory.workflows // 2)
    assert set(told) == set(dataclasses.asdict(memory))


def test_every_limit_is_explained_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in rows("limits")}
    limits = dataclasses.asdict(Limits())
    assert told == {key: f"{value:g}" if isinstance(value, int | float) else "none" for key, value in limits.items()}


def test_the_figures_are_those_of_the_code() -> None:
    told = re.sub(r"\s+", " ", GUIDE)
    words = {4.0: "four"}
    assert f"after {words[STOP_GRACE]} seconds more if they came late" in told
    assert f"after {FIRST_PAUSE:g} s for the first time and with a pause that doubles up to {LONGEST_PAUSE:g} s" in told
    assert f"{OLDEST[0]}.{OLDEST[1]} or later" in told
    assert f"at most {AT_MOST} peers a look, which waits for a second" in told
    assert (PATIENCE, KEPT) == (1.0, 120.0), "a second, two minutes"
    hours = {3600.0: "an hour"}
    assert f"of {IDS} workflows, {RECORDS_OF_ONE} requests of each, {RECORDS:,} in all, for {hours[AGE]}" in told


def test_the_fields_of_a_trace_are_explained_with_their_words() -> None:
    told = {row[0]: row[1] for row in rows("field")}
    assert set(re.findall("`([a-z]+)`", told["`route`"])) == set(ROUTES)
    assert set(re.findall("`([a-z]+)`", told["`via`"])) == set(WAYS)
