# SPDX-License-Identifier: Apache-2.0
"""docs/operate/hardening.md is true: the tests that it names exist, and so do its figures and its command."""

import re
import subprocess
from pathlib import Path

import pytest

from conformance.cases import CASES
from openstackoid.bridge.identity.token_validation import MOST, MOST_BYTES
from openstackoid.bridge.message.body import AUTHENTICATION_LIMIT, OPERATION_LIMIT
from openstackoid.bridge.message.verbatim import HEAD_LIMIT, HEADERS_LIMIT
from openstackoid.bridge.proxy.keystone_exchange import ANSWER_LIMIT
from openstackoid.bridge.proxy.rewrite_links import LIMIT
from openstackoid.bridge.trace.peer_records import ANSWER_LIMIT as RECORDS_LIMIT
from openstackoid.bridge.upstream.large_documents import LARGE_AT_ONCE
from openstackoid.cli import main
from openstackoid.haproxy.hardening import HEAD_BUFFER, HEAD_LINES, HEAD_RESERVE
from openstackoid.mesh import Limits, Memory, Timeouts
from openstackoid.policy import PeerPolicy
from openstackoid.routing.links import HOSTS_OWN

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "operate" / "hardening.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)))
MESH = """
mesh: 1
clouds:
  CloudOne:
    services:
      image: {frontend: "http://one:80/image", backend: ["http://10.0.1.22:9292", "http://10.0.1.23:9292"]}
      compute: {frontend: "http://one:80/compute", backend: "http://10.0.1.24:8774/v2"}
  CloudTwo:
    services:
      image: {frontend: "http://two:80/image"}
"""


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_is_there(file: str, name: str) -> None:
    found = [path for folder in ("unit", "conformance") for path in (TESTS / folder).rglob(file)]
    assert any(re.search(rf"^ *(async )?def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE) for path in found)


def test_every_row_names_one_and_every_hostile_test_has_a_row() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| threat", "| path", "| ---"))]
    assert [row for row in rows if "`test_" not in row and "| the same |" not in row] == []
    hostile = {
        (path.name, name)
        for path in (TESTS / "conformance").glob("test_hostile_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert hostile - set(NAMED) == set()


def test_the_cases_that_are_named_are_there() -> None:
    for name in re.findall(r'case "([^"]+)"', PAGE):
        assert name in {case.name for case in CASES}
    for beginning in re.findall(r'cases "([^"]+)\.\.\."', PAGE):
        assert any(case.name.startswith(beginning) for case in CASES)


def test_the_settings_that_are_named_are_there() -> None:
    keys = {"limits": vars(Limits()), "timeouts": vars(Timeouts()), "memory": vars(Memory())}
    settings = re.findall(r"`(limits|timeouts|memory)\.(\w+)`", PAGE)
    assert settings
    assert [(group, key) for group, key in settings if key not in keys[group]] == []


def test_the_figures_are_those_of_the_code() -> None:
    kib = 1024
    assert f"{AUTHENTICATION_LIMIT // kib} KiB of an authentication, {OPERATION_LIMIT // kib} KiB of an operation" in PAGE
    assert f"| {LIMIT // kib**2} MiB, `timeouts.server` for the whole, never unpacked |" in PAGE
    assert f"| {ANSWER_LIMIT // kib**2} MiB, `timeouts.connect` + `timeouts.server` for the whole exchange |" in PAGE
    assert f"| {LARGE_AT_ONCE} of each cloud are held" in PAGE
    assert f"| {RECORDS_LIMIT // kib} KiB, each looked through |" in PAGE
    head = (HEAD_BUFFER - HEAD_RESERVE) // kib
    assert f"{head} KiB and {HEAD_LINES} lines" in PAGE
    assert f"`tune.bufsize` {HEAD_BUFFER}, `tune.maxrewrite` {HEAD_RESERVE}, `tune.http.maxhdr` {HEAD_LINES}" in PAGE
    bridge = f"{HEADERS_LIMIT} headers of {HEAD_LIMIT // kib} KiB at the bridge"
    assert f"| {head} KiB and {HEAD_LINES - 1} headers at HAProxy; {bridge} |" in PAGE
    assert f"more than {HEAD_LINES - 1}, more than {head} KiB in all" in PAGE
    assert f"has {PeerPolicy.tokens:,} of each peer at a time" in PAGE
    assert f"| {MOST:,} tokens or {MOST_BYTES // kib**2} MiB, of this cloud and all peers together" in PAGE
    assert [name for name in HOSTS_OWN if name not in PAGE.lower() and name != "set-cookie2"] == []


def test_the_command_lists_the_backends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mesh.yaml").write_text(MESH)
    command = re.search(r"^\$ openstackoid (gateway render .*) \| (awk .*) > backends\.txt$", PAGE, re.MULTILINE)
    assert command is not None
    assert main(command[1].replace("mesh.yaml", str(tmp_path / "mesh.yaml")).split()) == 0
    rendered = capsys.readouterr().out
    done = subprocess.run(["sh", "-c", command[2]], input=rendered, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["10.0.1.22:9292", "10.0.1.23:9292", "10.0.1.24:8774"]
