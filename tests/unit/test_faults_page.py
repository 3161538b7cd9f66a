# SPDX-License-Identifier: Apache-2.0
"""The page has a row for each fault, with the names that the tests have seen; each row is a test."""

import re
from pathlib import Path

import pytest

from faults import table
from faults.table import FAULTS, Fault
from faults.watching import FACTOR, RULES, scaled
from openstackoid.gateway.status import TITLES

DOCS = Path(__file__).parents[2] / "docs/operate"
PAGE = DOCS / "faults.md"
CELLS = 5


def rows() -> dict[str, list[str]]:
    """Return the cells of the page's table, by the fault."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    lines = re.findall(r"^\| (.+) \|$", text, flags=re.MULTILINE)
    return {cells[0]: cells for cells in (line.split(" | ") for line in lines[2:])}


def test_the_rows_are_the_faults() -> None:
    assert list(rows()) == [fault.row for fault in FAULTS]
    assert {len(cells) for cells in rows().values()} == {CELLS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.row)
def test_the_row_says_what_the_test_waits_for(fault: Fault) -> None:
    _, named, said, alert, todo = rows()[fault.row]
    assert named == f"{TITLES[fault.of]} ({fault.name})"
    assert f"`{fault.says}`" in said
    assert alert == f"[{fault.alert}](alerts.md#{fault.alert.lower()})"
    assert plain(todo) == plain(fault.todo)


def plain(text: str) -> str:
    """Return a text in one line of lower case, without marks of code and targets of links."""
    return " ".join(re.sub(r"\]\([^)]*\)|[`'\[]", "", text).lower().split())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.row)
def test_the_runbook_of_the_alert_has_the_remedy(fault: Fault) -> None:
    sections = dict(
        re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", (DOCS / "alerts.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
    assert plain(fault.todo) in plain(sections[fault.alert])


def test_each_fault_is_injected_on_the_lab_and_clears() -> None:
    tests = (Path(table.__file__).with_name("test_lab.py")).read_text(encoding="utf-8")
    faults = {name: fault for name, fault in vars(table).items() if isinstance(fault, Fault)}
    steps = re.findall(r"^ +night\.(named|cleared)\(table\.([A-Z_]+)\)$", tests, flags=re.MULTILINE)
    assert len(faults) == len(FAULTS)
    for name, fault in faults.items():
        assert [step for step, of in steps if of == name] == (["named", "cleared"] if fault.clears else ["named"]), name


def test_durations_alone_are_scaled() -> None:
    rules = RULES.read_text(encoding="utf-8")
    assert f"divided by {FACTOR}" in PAGE.read_text(encoding="utf-8")
    assert (
        scaled("        for: 15m\n  expr: rate(x[30m]) + rate(x[6h])") == "        for: 15s\n  expr: rate(x[30s]) + rate(x[360s])"
    )
    durations = re.compile(r"(?<=for: )\w+|(?<=interval: )\w+|(?<=\[)\w+(?=\])")
    assert durations.sub("", scaled(rules)) == durations.sub("", rules)
