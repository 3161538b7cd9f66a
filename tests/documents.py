# SPDX-License-Identifier: Apache-2.0
"""The pages below docs/, for the tests that hold them to the code."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def read(*pages: str) -> str:
    """Return the text of pages, one after the other."""
    return "\n".join((DOCS / page).read_text(encoding="utf-8") for page in pages)
