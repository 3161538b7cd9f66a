# SPDX-License-Identifier: Apache-2.0
"""The report: the screen, and the Markdown for a document."""

import io

from rich.console import Console

from bench.goals import Goal, judge
from bench.report import markdown, show, show_verdicts
from bench.results import Part, Row
from bench.spread import Spread

PART = Part(
    "routing",
    "Routing",
    [Row("none", "no scope", {"rate_ratio": Spread(0.9, 0.8, 1.0, 7)}, "not on this machine")],
    ["No TLS."],
)
VERDICTS = judge([PART], [Goal("routing", "none", "rate_ratio", at_least=0.95), Goal("routing", "none", "rate_ratio", at_most=2)])


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_screen_shows_figures_and_notes() -> None:
    console = Console(file=io.StringIO(), width=100)
    show(console, PART)
    assert "0.900 ±0.100" in printed(console)
    assert "no scope: not on this machine" in printed(console)
    assert "No TLS." in printed(console)


def test_the_screen_names_missed_goals() -> None:
    console = Console(file=io.StringIO(), width=100)
    show_verdicts(console, VERDICTS)
    assert "1 of 2 goals are met" in printed(console)
    assert "missed: routing: none: rate, ratio is 0.9; the goal is >= 0.95" in printed(console)


def test_the_markdown_has_machine_figures_and_goals() -> None:
    lines = markdown({"date": "2026-01-01"}, [PART], VERDICTS).splitlines()
    assert "| date | 2026-01-01 |" in lines
    assert "| no scope | 0.900 (0.800 to 1.000) |" in lines
    assert "* No TLS." in lines
    assert "| routing: none | rate, ratio | >= 0.95 | 0.9 | **missed** |" in lines
    assert "| routing: none | rate, ratio | <= 2 | 0.9 | met |" in lines
