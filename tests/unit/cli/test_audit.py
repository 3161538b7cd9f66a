# SPDX-License-Identifier: Apache-2.0
"""``openstackoid audit show``: the logs of two clouds for an operator."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from openstackoid.bridge.audit.audit_log import ALLOWED, IN, OUT, REFUSED, AuditLine, Party
from openstackoid.cli import main

ID = "req-a0d17000-0000-4000-8000-000000000001"
OUT_LINE = AuditLine(
    time=1764000000.0,
    gateway="CloudOne",
    direction=OUT,
    home="CloudOne",
    cloud="CloudTwo",
    user=Party("u1", "ada", "Default"),
    project=Party("p1", "demo", "Default"),
    source="192.0.2.7",
    service="image",
    interface="public",
    method="GET",
    path="/image/v2/images",
    rule="staff",
    outcome=ALLOWED,
    status=200,
    request_id=ID,
)
IN_LINE = replace(
    OUT_LINE, time=OUT_LINE.time + 1, gateway="CloudTwo", direction=IN, cloud=None, path="/v2/images", roles=("member",)
)


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    refused = replace(
        OUT_LINE, user=None, project=None, rule=None, outcome=REFUSED, status=403, reason="no rule", request_id=None
    )
    one.write_bytes(OUT_LINE.encoded() + b"half of a li" + refused.encoded())
    two.write_bytes(IN_LINE.encoded() + b"nonsense\n")
    return [str(two), str(one)]


def rows(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines() if line.startswith("│")]


def test_the_lines_of_two_clouds_about_one_request_stand_side_by_side(
    logs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "show", *logs]) == 0
    said = capsys.readouterr()
    day, who, what = "2025-11-24T16:00:0", ["ada (Default)", "demo (Default)", "192.0.2.7", "image"], ["staff", "allowed 200", ID]
    unknown = ["of CloudOne", "-", "192.0.2.7", "image"]
    assert rows(said.out) == [
        [f"{day}0.000Z", "CloudOne", "to CloudTwo", *who, "GET /image/v2/images", *what],
        [f"{day}1.000Z", "CloudTwo", "from CloudOne", *who, "GET /v2/images", *what],
        [f"{day}0.000Z", "CloudOne", "to CloudTwo", *unknown, "GET /image/v2/images", "-", "refused 403: no rule", "-"],
    ]
    assert said.err == "skipped, as they are not complete audit lines: 1\n"


def test_a_program_gets_the_lines_as_they_are(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "show", *logs, "--format", "json", "--request-id", ID, "--user", "ada", "--home", "CloudOne"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found == [OUT_LINE.document(), IN_LINE.document()]


@pytest.mark.parametrize(
    ("since", "number"),
    [
        ("2025-11-24", 3),
        ("2025-11-24T16:00:00.500Z", 1),
        ("2025-11-24T17:00:00.500+01:00", 1),
        ("2025-11-24T16:00:00.500", 1),
        ("2025-11-25", 0),
        ("1h", 0),
        ("999999d", 3),
    ],
)
def test_since_when(logs: list[str], capsys: pytest.CaptureFixture[str], since: str, number: int) -> None:
    assert main(["audit", "show", *logs, "--since", since]) == 0
    assert len(rows(capsys.readouterr().out)) == number


@pytest.mark.parametrize("since", ["yesterday", "", "5y", "2025-13-01", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_bad_usage(logs: list[str], capsys: pytest.CaptureFixture[str], since: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["audit", "show", *logs, "--since", since])
    assert "is not a time; a date or time in ISO 8601" in capsys.readouterr().err


def test_a_name_cannot_write_on_the_operators_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_bytes(replace(OUT_LINE, user=Party(name="\x1b[31m[red]\nb\u202ea")).encoded())
    assert main(["audit", "show", str(path)]) == 0
    said = capsys.readouterr().out
    assert rows(said)[0][3] == "�[31m[red]�b�a"
    assert "\x1b" not in said


def test_a_line_that_another_program_wrote_is_shown_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = json.loads(OUT_LINE.encoded()) | {"outcome": "lost", "user": {"name": ["a"]}}
    (tmp_path / "a.log").write_text(json.dumps(line))
    assert main(["audit", "show", str(tmp_path / "a.log")]) == 0
    assert "1 lost" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "show", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"openstackoid: cannot read {tmp_path}/none: No such file or directory\n"
