# SPDX-License-Identifier: Apache-2.0
"""docs/understand/threats.md is true: each threat names a test that there is, on the lab where it says so."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "understand" / "threats.md").read_text(encoding="utf-8")
THREATS = [line for line in PAGE.split("## Identity", 1)[1].splitlines() if line.startswith("| ") and "| test |" not in line]
NAMED = re.findall(r"(lab: )?`(test_\w+\.py)::(test_\w+)`", PAGE)


@pytest.mark.parametrize(("lab", "file", "name"), sorted(set(NAMED)))
def test_every_test_that_is_named_is_there(lab: str, file: str, name: str) -> None:
    folders = ("lab",) if lab else ("unit", "conformance")
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in (TESTS / folder).rglob(file)]
    assert any(re.search(rf"^ *(async )?def {name}\(", text, re.MULTILINE) for text in texts)


def test_every_threat_names_one() -> None:
    assert len(THREATS) > 20
    assert [line for line in THREATS if not line.startswith("| ---") and "`test_" not in line] == []


def test_every_test_of_trust_on_the_lab_has_a_row() -> None:
    text = (TESTS / "lab" / "test_trust.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)) == {
        name for _, file, name in NAMED if file == "test_trust.py"
    }


def test_every_thing_of_the_operator_of_a_peer_has_a_test_on_the_lab_and_every_such_test_a_row() -> None:
    _, _, section = PAGE.partition("## CloudTwo's operator, thing by thing")
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 10
    assert [row for row in rows if "lab: `test_" not in row] == []
    text = (TESTS / "lab" / "test_peer_operator.py").read_text(encoding="utf-8")
    named = {name for row in rows for name in re.findall(r"lab: `test_peer_operator\.py::(test_\w+)`", row)}
    assert named == set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
