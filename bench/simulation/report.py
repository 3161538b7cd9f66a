# SPDX-License-Identifier: Apache-2.0
"""The simulation's tables for a person: on the screen, as Markdown, and inside a document that keeps its own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from bench.errors import BenchError

Cell = str | float | None


@dataclass(frozen=True)
class Table:
    """Lines with headings. ``digits``: of the numbers in each column, None where it has words. A cell without a value is None."""

    key: str
    title: str
    headings: Sequence[str]
    digits: Sequence[int | None]
    lines: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the table for a results file, numbers in full."""
        lines = [dict(zip(self.headings, line, strict=True)) for line in self.lines]
        return {"title": self.title, "lines": lines, "notes": list(self.notes)}

    def texts(self) -> list[list[str]]:
        """Return the cells as a reader sees them."""
        return [[_text(cell, digits) for cell, digits in zip(line, self.digits, strict=True)] for line in self.lines]


def _text(cell: Cell, digits: int | None) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else f"{cell:,.{digits or 0}f}"


def show(console: Console, table: Table) -> None:
    """Print a table."""
    console.print(table.title, highlight=False, style="bold")
    rich = RichTable(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading, digits in zip(table.headings, table.digits, strict=True):
        rich.add_column(heading, justify="left" if digits is None else "right")
    for line in table.texts():
        rich.add_row(*line)
    console.print(rich)
    for note in table.notes:
        console.print(f"  {note}", highlight=False, style="dim")
    console.print()


def markdown(table: Table) -> str:
    """Return a table as Markdown, without its title."""
    bars = ["---" if digits is None else "---:" for digits in table.digits]
    lines = [f"| {' | '.join(cells)} |" for cells in (table.headings, bars, *table.texts())]
    return "\n".join([*lines, *([""] if table.notes else []), *(f"* {note}" for note in table.notes)]) + "\n"


def update(document: Path, blocks: dict[str, str]) -> None:
    """Write each block into the document, between the comments that name it. Raises :class:`BenchError` where it cannot."""
    try:
        text = document.read_text(encoding="utf-8")
        for key, block in blocks.items():
            found = _place(key).search(text)
            if found is None:
                raise BenchError(f"--document {document} has no place for '{key}': <!-- {key} --> and <!-- end of {key} -->")
            text = f"{text[: found.end(1)]}\n{block}\n{text[found.start(2) :]}"
        document.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"--document {document} cannot be written: {error.strerror}") from None


def _place(key: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {re.escape(key)} -->\n).*?(<!-- end of {re.escape(key)} -->)", re.DOTALL)
