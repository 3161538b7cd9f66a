# SPDX-License-Identifier: Apache-2.0
"""The documents hang together: each link and anchor leads somewhere, and each shelf's index names each of its pages."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SHELVES = ("start", "use", "operate", "understand")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def prose(page: Path) -> str:
    """The page without its code, where brackets and number signs mean something else."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page)))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, by GitHub's rule, as far as the site has the same: it makes one hyphen of several."""
    found: list[str] = []
    for heading in re.findall(r"^#+ +(.+)$", prose(page), flags=re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found.append(slug if slug not in found else f"{slug}_{found.count(slug)}")
    return frozenset(slug for slug in found if slug == re.sub("-+", "-", slug).strip("-"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_documents_link_to_no_file_outside_docs(page: Path) -> None:
    """The site is made of docs/ alone."""
    targets = [link.partition("#")[0] for link in links(page) if not re.match(r"[a-z]+:", link)]
    assert [target for target in targets if not (page.parent / target).resolve().is_relative_to(DOCS)] == []


@pytest.mark.parametrize("shelf", SHELVES)
def test_the_index_of_a_shelf_has_each_of_its_pages_once(shelf: str) -> None:
    folder = DOCS / shelf
    pages = sorted(page.relative_to(folder).as_posix() for page in folder.rglob("*.md") if page != folder / "index.md")
    rows = [line for line in (folder / "index.md").read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    named = [match[1] for row in rows if (match := re.match(r"\| \[[^]]+\]\(([^)]+)\)", row))]
    assert sorted(name for name in named if not name.startswith("../")) == pages


def test_the_first_page_leads_to_each_shelf() -> None:
    assert {f"{shelf}/index.md" for shelf in SHELVES} <= set(links(DOCS / "index.md"))
    assert "../architecture.md" in links(DOCS / "understand" / "index.md")


def test_the_site_has_every_page_and_loads_no_remote_file() -> None:
    """`make docs` builds it; its search works behind any web server, and its fonts are the reader's own."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(re.findall(r"'([^']+\.md)'", str(project["nav"]))) == sorted(
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    )
    assert project["theme"]["font"] is False
    assert "offline" not in project.get("plugins", {}), "it takes a script from another host"
