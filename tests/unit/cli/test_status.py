# SPDX-License-Identifier: Apache-2.0
"""``openstackoid status`` tells a person at a terminal that it waits, and a program nothing beside the answer."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from openstackoid.cli import status
from openstackoid.gateway import Folder
from openstackoid.gateway.status import Status


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
