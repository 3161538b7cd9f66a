# SPDX-License-Identifier: Apache-2.0
"""A run's results for a person: tables on the screen, and the same as Markdown."""

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.goals import Verdict
from bench.results import FIGURES, Part, grid, in_full, in_short

_TITLE = 24
"""Columns that the title of a row has at least, on a narrow screen."""


def show(console: Console, part: Part) -> None:
    """Print one part: a table, what must be known of its rows, and its notes."""
    console.print(part.title, highlight=False, style="bold")
    console.print(table(grid(part, in_short)))
    for note in _notes(part):
        console.print(f"  {note}", highlight=False, style="dim")
    console.print()


def table(lines: Sequence[Sequence[str]]) -> Table:
    """Return a table for the screen; the first line has the headings, and the first of them is empty."""
    first, *rest = lines
    made = Table(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in first:
        made.add_column(heading, justify="right" if heading else "left", min_width=None if heading else _TITLE)
    for line in rest:
        made.add_row(*line)
    return made


def markdown_table(lines: Sequence[Sequence[str]]) -> str:
    """Return the same in Markdown."""
    first, *rest = lines
    return "\n".join([_line(first), _line(["---", *("---:" for _ in first[1:])]), *map(_line, rest)])


def show_verdicts(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Print what the goals say: how many are met, and each that is not."""
    rest = [verdict for verdict in verdicts if not verdict.met]
    console.print(f"{len(verdicts) - len(rest)} of {len(verdicts)} goals are met", style="bold")
    for verdict in sorted(rest, key=lambda verdict: not verdict.passed):
        style = "yellow" if verdict.passed else "red"
        console.print(f"  {verdict.word}: {verdict}", highlight=False, style=style, soft_wrap=True)


def markdown(machine: Mapping[str, str], parts: Sequence[Part], verdicts: Sequence[Verdict]) -> str:
    """Return everything as Markdown, to be put into a document as it is."""
    lines = ["| machine | |", "| --- | --- |", *(f"| {name} | {words} |" for name, words in machine.items()), ""]
    for part in parts:
        lines += [f"### {part.title}", "", markdown_table(grid(part, in_full))]
        lines += ["", *(f"* {note}" for note in _notes(part)), ""]
    lines += ["### Goals", "", "| | figure | goal | found | |", "| --- | --- | --- | ---: | --- |"]
    for verdict in verdicts:
        found = "not measured" if verdict.value is None else f"{verdict.value:.4g}"
        label = FIGURES[verdict.goal.figure].label
        met = verdict.word if verdict.passed else f"**{verdict.word}**"
        lines.append(f"| {verdict.part}: {verdict.row} | {label} | {verdict.goal.limit} | {found} | {met} |")
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _notes(part: Part) -> list[str]:
    return [*(f"{row.title}: {row.note}" for row in part.rows if row.note), *part.notes]
