# SPDX-License-Identifier: Apache-2.0
"""CONTRIBUTING.md names each suite of the Makefile; the page of faults has the number of its tests."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
FAULTS = (ROOT / "docs/operate/faults.md").read_text(encoding="utf-8")


def test_each_suite_has_a_line() -> None:
    suites = re.findall(r'^\t@echo "make ([\w-]+-test|test[\w-]*|screenshots) ', MAKEFILE, flags=re.MULTILINE)
    assert len(suites) > 9
    told = re.findall(r"^    make ([\w-]+) +# ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(set(suites) - set(told)) == []
    assert sorted(set(told) - set(re.findall(r"^([\w-]+):", MAKEFILE, flags=re.MULTILINE))) == []


def test_the_number_of_the_tests_of_faults() -> None:
    (number,) = re.findall(r"All (\d+) tests took ", FAULTS)
    tests = (ROOT / "tests/faults/test_lab.py").read_text(encoding="utf-8")
    assert int(number) == len(re.findall(r"^def test_", tests, flags=re.MULTILINE))
