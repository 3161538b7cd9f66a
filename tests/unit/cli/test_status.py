# SPDX-License-Identifier: Apache-2.0
"""``openstackoid status`` tells a person that it waits, and a program the answer or the error alone; its help has exit codes."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from openstackoid.cli import main, status
from openstackoid.gateway import Folder
from openstackoid.gateway.status import Status
from openstackoid.gateway.status_items import Item

MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway: {unbound_tokens: true}
    services:
      image: {frontend: "http://127.0.0.1:1/image", backend: "http://127.0.0.1:2"}
"""


@pytest.mark.parametrize(
    ("terminal", "said"), [(True, "not all have answered yet: waiting, 8 s at most\n"), (False, "")], ids=["terminal", "program"]
)
def test_it_says_that_it_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool, said: str
) -> None:
    async def late(*_: Any) -> Status:
        await asyncio.sleep(0.1)
        return Status("CloudOne", ())

    monkeypatch.setattr(status, "status_of", late)
    monkeypatch.setattr(status, "SOON", 0.01)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert asyncio.run(status._asked(Folder(tmp_path), None, "CloudOne", "")).code == 0
    assert capsys.readouterr() == ("", said)


def test_in_a_pipe_an_item_is_a_line_without_spaces_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    reason = f"the gateway of CloudTwo at {'a' * 60}.example:443 cannot be reached: connection refused"
    down = Item("peer", "CloudTwo", "down", reason, "ask its operator")
    status._show(Status("CloudOne", (Item("gateway", "HAProxy", "up"), Item("gateway", "audit log", "up"), down)))
    assert capsys.readouterr().out.splitlines() == [
        "CloudOne: down: peer (CloudTwo)",
        "              part       state",
        "this gateway  HAProxy    up",
        "this gateway  audit log  up",
        f"peer          CloudTwo   down   {reason}",
        "do, for peer (CloudTwo): ask its operator",
    ]


@pytest.mark.parametrize(("cloud", "text"), [("CloudNine", MESH), ("CloudOne", "mesh: 2\n"), ("CloudOne", None)])
def test_a_program_gets_the_error_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cloud: str, text: str | None
) -> None:
    config = tmp_path / "mesh.yaml"
    if text is not None:
        config.write_text(text)
    words = ["status", "--cloud", cloud, "--config", str(config), "--state-dir", str(tmp_path / "state")]
    assert main([*words, "--json"]) == 2
    said = capsys.readouterr()
    error = said.err.removeprefix("openstackoid: ").rstrip("\n")
    assert json.loads(said.out) == {"gateway": cloud, "code": 2, "error": error}
    assert error
    assert main(words) == 2
    assert capsys.readouterr() == ("", said.err)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "Say what is down: this gateway, a service, or a peer, with what to do. Exit code 0: nothing is down"),
        (
            "doctor",
            "say what to do. Exit code 0: nothing has failed, though something may be a warning, or not checked; 1:",
        ),
    ],
)
def test_the_help_has_a_sentence_and_the_exit_codes(capsys: pytest.CaptureFixture[str], command: str, said: str) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert said in " ".join(capsys.readouterr().out.split())
