# SPDX-License-Identifier: Apache-2.0
"""The page of examples has the faults of Glance that the tests on the lab play, and no others."""

import re
from pathlib import Path

from examples.glance_faults import FAULTS, boot_command, faults_table

PAGE = (Path(__file__).parents[3] / "docs" / "use" / "examples.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A boot while")[2]


def test_the_page_has_the_table_and_the_command() -> None:
    assert faults_table() in SECTION
    assert boot_command() in SECTION


def test_the_page_has_no_fault_that_is_not_played() -> None:
    assert re.findall(r"^\| `([^`]+)` \|", SECTION, re.MULTILINE) == [fault.key for fault in FAULTS]
