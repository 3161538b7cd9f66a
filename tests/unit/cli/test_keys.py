# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from openstackoid.binding.rotation import SECONDS
from openstackoid.cli import keys, main


def test_keys_are_made_shown_and_rotated_without_their_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "keys"
    assert main(["keys", "setup", "--directory", str(folder)]) == 0
    assert main(["keys", "rotate", "--directory", str(folder)]) == 0
    assert main(["keys", "show", "--directory", str(folder)]) == 0
    shown = capsys.readouterr().out
    last = [line.split()[:2] for line in shown.splitlines()[-3:]]
    assert last == [["0", "staged"], ["1", "secondary"], ["2", "primary"]]
    assert not any(file.read_text().split()[0] in shown for file in folder.iterdir())


def test_keys_that_are_not_there_are_named_with_the_command_that_makes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "rotate", "--directory", str(tmp_path / "keys")]) == 1
    assert f"try: openstackoid keys setup --directory {tmp_path}/keys" in capsys.readouterr().err


def test_rotation_keeps_keys_for_as_long_as_tokens_are_bound_by_default() -> None:
    assert keys._SECONDS == SECONDS
