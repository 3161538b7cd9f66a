# SPDX-License-Identifier: Apache-2.0
"""``openstackoid explain`` in a folder with the mesh of its page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openstackoid.cli import main
from openstackoid.mesh.load import PACKED
from unit.cli.explaining import EXAMPLE, THREE_FILE, TIMES, Explain


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's mesh.yaml and times.json, and with the file of the clouds of the conformance table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mesh.yaml").write_text(EXAMPLE)
    (tmp_path / f"three{PACKED}").write_bytes(THREE_FILE)
    (tmp_path / "times.json").write_text(TIMES)
    return tmp_path


@pytest.fixture
def told(desk: Path, capsys: pytest.CaptureFixture[str]) -> Explain:
    """The answer in JSON, by default of the page's CloudOne."""

    def ask(*words: str, at: str = "CloudOne", config: str = "mesh.yaml") -> Any:
        assert main(["explain", "--config", config, "--at", at, "--format", "json", *words]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        return json.loads(said.out)

    return ask


@pytest.fixture
def refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The last line of the error about an invalid command; there is no other output."""

    def ask(*words: str, at: str = "CloudOne") -> str:
        with pytest.raises(SystemExit) as left:
            main(["explain", "--config", "mesh.yaml", "--at", at, *words])
        said = capsys.readouterr()
        assert (left.value.code, said.out) == (2, "")
        return said.err

    return ask
