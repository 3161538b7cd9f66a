# SPDX-License-Identifier: Apache-2.0
"""docs/operate/audit.md is true: its lines are the log's, its table is the command's, and its rotation works."""

import dataclasses
import grp
import gzip
import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

import documents
import programs
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.audit_log import ALLOWED, IN, OUT, REFUSED, AuditLine, Party
from openstackoid.bridge.audit.chain import Link
from openstackoid.bridge.audit.refusals import FIRST, MOST_SOURCES
from openstackoid.cli import build_parser, main
from openstackoid.mesh import AuditSettings, SyslogServer, parse_mesh
from openstackoid.routing.egress import ADMISSION_HEADER, GIVEN

PAGE = documents.read("operate/audit.md", "operate/audit-keeping.md")
LINES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
DEMO = Party("b21c90", "demo", "Default")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


LEFT = AuditLine(
    time=at("2026-11-24T16:00:00.125Z"),
    gateway="CloudOne",
    direction=OUT,
    home="CloudOne",
    cloud="CloudTwo",
    user=Party("7d3a1f", "ada", "Default"),
    project=DEMO,
    source="192.0.2.7",
    service="image",
    interface="public",
    method="GET",
    path="/image/v2/images",
    rule="CloudOne/staff",
    outcome=ALLOWED,
    status=200,
    request_id="req-a0d17000-3e1c-4c5b-9d52-6a1d0f7a9c11",
)
CAME = replace(
    LEFT,
    time=at("2026-11-24T16:00:00.131Z"),
    gateway="CloudTwo",
    direction=IN,
    cloud=None,
    roles=("member",),
    sender="CloudOne",
    source="203.0.113.10",
    path="/v2/images",
)
REJECTED = replace(
    CAME,
    time=at("2026-11-24T16:02:10.480Z"),
    user=Party("19be04", "bob", "Default"),
    roles=(),
    service="compute",
    method="POST",
    path="/v2.1/servers",
    rule=None,
    outcome=REFUSED,
    status=403,
    reason="no entry is for this user",
    request_id="req-5c09ed4e-90f7-4d31-8a51-0c2b7f4e6d08",
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the logs that the page's command reads."""
    monkeypatch.chdir(tmp_path)
    for cloud, lines in (("one", LINES[:1]), ("two", LINES[1:])):
        (tmp_path / f"cloud-{cloud}").mkdir()
        (tmp_path / f"cloud-{cloud}" / "audit.log").write_text("".join(f"{line}\n" for line in lines))
    return tmp_path


def rows(heading: str) -> list[list[str]]:
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_lines_are_those_that_are_written() -> None:
    first, _ = Link().follow(LEFT.encoded())
    second, link = Link().follow(CAME.encoded())
    third, _ = link.follow(REJECTED.encoded())
    assert [line.decode().rstrip("\n") for line in (first, second, third)] == LINES


def test_every_field_is_told() -> None:
    told = [name for row in rows("field") for name in re.findall("`([a-z_]+)`", row[0])]
    assert sorted(told) == sorted(["number", "digest", *(field.name for field in dataclasses.fields(AuditLine))])


def test_every_setting_is_told_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in rows("audit")}
    assert told == {name: "none" if value is None else str(value) for name, value in dataclasses.asdict(AuditSettings()).items()}
    server = {field.name: field.default for field in dataclasses.fields(SyslogServer)}
    told = {row[0].strip("`"): row[1] for row in rows("syslog")}
    words = {dataclasses.MISSING: "needed", None: "none"}
    assert told == {name: words.get(value, str(value)) for name, value in server.items()}
    parse_mesh(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])


def test_the_figures_are_those_of_the_code() -> None:
    assert f"the first {FIRST} of a minute" in PAGE
    assert f"{MOST_SOURCES} sources are told apart" in PAGE


def test_the_chain_is_verified_as_it_is_told(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ((command, told),) = re.findall(r"```console\n\$ openstackoid (audit verify .*?)\n(.*?)```", PAGE, re.DOTALL)
    audit = Audit(desk / "audit.log")
    audit.write(replace(LEFT, time=1.0))
    audit.rotate(1, 9)
    audit.write(replace(LEFT, time=2.0))
    audit.rotate(1, 9)
    audit.write(replace(LEFT, time=3.0))
    audit.close()
    older = desk / "audit.log.2"
    older.with_suffix(".2.gz").write_bytes(gzip.compress(older.read_bytes()))
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out == told
    first = desk / "audit.log.1"
    first.write_bytes(first.read_bytes().replace(b'"ada"', b'"eve"'))
    assert main(shlex.split(command)) == 1
    assert "audit.log.1, line 1: line 2 of the chain was changed" in capsys.readouterr().err
    assert main(["audit", "verify", "audit.log", "audit.log.2"]) == 1
    assert re.search(r"^openstackoid: (audit\.log), line 1: line 2 is missing before it$", capsys.readouterr().err, re.MULTILINE)


@pytest.mark.usefixtures("desk")
def test_the_table_is_the_output_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"```console\n\$ openstackoid (audit show .*?)\n(.*?)```", PAGE, re.DOTALL)
    ((command, table),) = shown
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out == table


def test_every_option_is_told() -> None:
    for (option, _), (name, word) in zip(rows("option"), [row[0].strip("`").split(" ") for row in rows("option")], strict=True):
        assert option.startswith("`--")
        value = {"WHEN": "2h", "json": "json"}.get(word, "x")
        build_parser().parse_args(["audit", "show", "file", name, value])


def test_names_of_headers_and_ids() -> None:
    assert ADMISSION_HEADER in PAGE.lower()
    assert f"`{GIVEN}`" in PAGE


def test_the_rotation_works(tmp_path: Path) -> None:
    logrotate = shutil.which("logrotate", path=programs.PATH)
    assert logrotate is not None, "`make test` installs logrotate"
    path = tmp_path / "audit.log"
    owner = f"{pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name}"
    rules = PAGE[PAGE.index("/var/lib/openstackoid/audit.log {") :].split("```")[0]
    rules = rules.replace("/var/lib/openstackoid/audit.log", f'"{path}"').replace("openstackoid openstackoid", owner)
    (tmp_path / "rules").write_text(rules)
    (tmp_path / "rules").chmod(0o600)  # whatever the umask is: logrotate reads none that others may write
    tmp_path.chmod(0o700)
    audit = Audit(path)
    for status in (200, 201, 202):
        audit.write(replace(LEFT, status=status))
        subprocess.run([logrotate, "--force", "--state", tmp_path / "state", tmp_path / "rules"], check=True)
    audit.write(replace(LEFT, status=203))
    audit.close()
    assert json.loads(path.read_text())["status"] == 203
    assert json.loads((tmp_path / "audit.log.1").read_text())["status"] == 202
    assert (tmp_path / "audit.log.2.gz").exists()
