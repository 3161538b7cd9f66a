# SPDX-License-Identifier: Apache-2.0
"""The pages below docs/, for the tests that hold them to the code."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def read(*pages: str) -> str:
    """Return the text of pages, one after the other."""
    return "\n".join((DOCS / page).read_text(encoding="utf-8") for page in pages)


def table(page: str, corner: str) -> dict[str, dict[str, str]]:
    """Return a table of a page by the first cells of its rows, each by the heads of its columns.

    ``corner``: the head of the first column, which no other table of the page has.
    """
    lines = page[page.index(f"| {corner} |") :].partition("\n\n")[0].splitlines()
    head, _, *rows = ([cell.replace("\\|", "|") for cell in line[2:-2].split(" | ")] for line in lines)
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
