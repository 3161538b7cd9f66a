# SPDX-License-Identifier: Apache-2.0
"""The tutorial's commands print the page's outputs on the lab."""

from pathlib import Path
from typing import Any

from examples.record import TUTORIAL, play, shell, steady, user_environment


def test_the_commands_of_the_tutorial_print_its_outputs(lab: Any, tmp_path: Path) -> None:
    page = TUTORIAL.read_text(encoding="utf-8")
    assert steady(play(page, shell(tmp_path, user_environment()))) == steady(page)
