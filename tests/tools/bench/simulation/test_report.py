# SPDX-License-Identifier: Apache-2.0
"""Tables on the screen, in Markdown, and in a document."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from bench.errors import BenchError
from bench.simulation.report import Table, markdown, show, update

TABLE = Table("few", "A few", ("what", "ms"), (None, 1), [["one", 1234.56], ["none", None]], ["A note."])


def test_the_screen_shows_title_figures_and_notes() -> None:
    console = Console(file=io.StringIO(), width=60)
    show(console, TABLE)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "A few" in text and "1,234.6" in text and "A note." in text


def test_markdown_has_the_same() -> None:
    assert markdown(TABLE) == "| what | ms |\n| --- | ---: |\n| one | 1,234.6 |\n| none |  |\n\n* A note.\n"


def test_json_has_the_figures_in_full() -> None:
    assert TABLE.as_json()["lines"] == [{"what": "one", "ms": 1234.56}, {"what": "none", "ms": None}]


def test_a_document_keeps_its_own_words(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- few -->\nold\n\nolder\n<!-- end of few -->\nAfter.\n")
    update(page, {"few": r"new \1"})
    assert page.read_text() == "Before.\n<!-- few -->\n\nnew \\1\n<!-- end of few -->\nAfter.\n"
    update(page, {"few": "newer"})
    assert "newer" in page.read_text() and "new \\1" not in page.read_text()


def test_a_document_without_the_place_stays_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- few -->\n<!-- end of few -->\n")
    with pytest.raises(BenchError, match=r"has no place for 'many'"):
        update(page, {"few": "new", "many": "new"})
    assert "new" not in page.read_text()
    with pytest.raises(BenchError, match=r"cannot be written: No such file"):
        update(tmp_path / "none.md", {})
