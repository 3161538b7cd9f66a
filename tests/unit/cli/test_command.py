# SPDX-License-Identifier: Apache-2.0
"""The command repeats no secret that was typed at the wrong place."""

import subprocess
import sys
from pathlib import Path

import pytest

from openstackoid import cli
from openstackoid.errors import OpenstackoidError

TOKEN = "gAAAAABpJLx2Zk3vQ8-_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "--config", "m", "--at", "A", "GET", "/x", f"X-Auth-Token:{TOKEN}"],
        ["explain", "--config", "m", "--at", "A", "--format", TOKEN, "GET", "/x"],
        [f"--password={TOKEN}"],
        ["lab", TOKEN],
    ],
)
def test_a_usage_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert TOKEN not in said
    assert "..." in said


def test_an_error(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_: object) -> int:
        raise OpenstackoidError("MariaDB: near 'IDENTIFIED BY 'hunter2''", hint=f"use {TOKEN}")

    monkeypatch.setattr("openstackoid.cli.lab._status", fail)
    assert cli.main(["lab", "status"]) == 1
    assert capsys.readouterr().err == "openstackoid: MariaDB: near 'IDENTIFIED BY ...'\n  try: use ...\n"


def test_a_defect_is_said_without_its_message() -> None:
    program = f"import sys, openstackoid.cli as c; c.build_parser = lambda _: {{}}['{TOKEN}']; sys.exit(c.main())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("a defect: KeyError; its message is left out")
    assert TOKEN not in done.stderr
