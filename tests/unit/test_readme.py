# SPDX-License-Identifier: Apache-2.0
"""The README's commands are those of the demo and of make; its pictures are there."""

import re
import shlex
from pathlib import Path

import pytest

from console import pictures as pictures_of_the_console
from examples import demo
from openstackoid.console.pages import VIEWS

ROOT = Path(demo.__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_at_the_top_is_the_demos() -> None:
    line = next(line for line in README.splitlines() if line.startswith("    openstack server create"))
    assert shlex.split(line) == ["openstack", *demo.SERVER, "--os-scope", demo.BOOT]


def test_the_pictures_are_there_and_have_words() -> None:
    """tests/unit/examples/test_record.py holds the recorded session to the tutorial, and a lab test plays that."""
    drawn = {path: words for words, path in re.findall(r"!\[([^]]*)\]\((docs/images/[^)]+)\)", README)}
    assert set(drawn) == {"docs/images/overview.svg", "docs/images/session.svg"}
    taken = re.findall(
        r'<picture><source media="\(prefers-color-scheme: dark\)" srcset="docs/images/(console-\w+-dark.png)">'
        r'<img alt="([^"]+)" src="docs/images/(console-\w+-light.png)"></picture>',
        README,
    )
    assert {file for dark, _, light in taken for file in (dark, light)} == set(pictures_of_the_console.FILES)
    assert all(dark.replace("-dark.", "-light.") == light for dark, _, light in taken)
    assert all((ROOT / path).is_file() for path in drawn)
    assert all(len(words) > 100 for words in (*drawn.values(), *(words for _, words, _ in taken)))


def test_the_pictures_of_the_console_are_those_of_its_command_and_of_its_views() -> None:
    """`make console-test` takes each of them as `make screenshots` does, of played clouds."""
    assert {path.name for path in (ROOT / "docs/images").glob("*.png")} == set(pictures_of_the_console.FILES)
    paths = pictures_of_the_console.views("")
    assert {path.partition("?")[0] for path in paths.values()} == set(VIEWS)
    assert {view for view, _ in pictures_of_the_console.FILES.values()} == set(paths)


def test_each_picture_of_the_console_is_shown_in_light_and_dark() -> None:
    pages = "".join((ROOT / page).read_text(encoding="utf-8") for page in ("docs/operate/console.md", "docs/use/choose.md"))
    shown = re.findall(
        r'<picture>\n  <source media="\(prefers-color-scheme: dark\)" srcset="../images/console-(\w+)-dark.png">\n'
        r'  <img alt="[^"]+" src="../images/console-(\w+)-light.png">\n</picture>',
        pages,
    )
    assert set(shown) == {(view, view) for view in pictures_of_the_console.views("")}


def test_each_file_of_the_folder_of_pictures_is_shown() -> None:
    text = README + "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    assert [path.name for path in (ROOT / "docs/images").iterdir() if f"images/{path.name}" not in text] == []


def test_the_first_paragraph_is_three_sentences() -> None:
    paragraph = README.split("\n\n")[1]
    assert len(re.findall(r"[.!?](?=\s|$)", paragraph)) == 3


OPERATORS = ["deploy-test", "kolla-test", "pair-test", "observe-test", "console-test", "horizon-test", "faults-test"]


@pytest.mark.parametrize("suite", OPERATORS)
def test_the_time_of_an_operators_suite_stands_once_and_is_of_a_run_that_passed(suite: str) -> None:
    (result,) = re.findall(rf"^\| `make {suite}` \| Debian 12 \| (.*) \|$", README, re.MULTILINE)
    assert re.fullmatch(r"\d+ passed(, \d+ skipped,)? in \d+ min \d+ s(, beside (another|other) suites?)?", result)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (help_line,) = re.findall(rf"^\t@echo \"make {suite} .*$", makefile, re.MULTILINE)
    assert "minutes" not in help_line


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"`?make ([a-z-]+)`?(?=[ `\n]+(?:#|`|,|\n))", page.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"
