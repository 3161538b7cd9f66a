# SPDX-License-Identifier: Apache-2.0
"""The tutorial and its picture: commands, drawing, and no secret or machine path in them."""

import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from examples import demo
from examples.record import DRAWN, PICTURE, ROOT, TUTORIAL, commands, draw, main, play, shell, steady
from openstackoid.redaction import redacted

PAGE = TUTORIAL.read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def lines(picture: str) -> list[str]:
    """The lines of text in a picture, without its frame."""
    found: dict[str, str] = {}
    for text in ElementTree.fromstring(picture).iter(f"{SVG}text"):
        place = text.get("clip-path", "")
        if "line-" in place:
            found[place] = found.get(place, "") + (text.text or "").replace("\xa0", " ")
    return [line.rstrip() for line in found.values()]


def test_the_picture_is_of_the_tutorial() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert picture == draw(PAGE), "make record, or python -m examples.record --draw"
    shown = "\n".join(lines(picture))
    assert len(commands(shown)) >= 4
    assert set(commands(shown)) <= set(commands(PAGE))


def test_the_boot_is_the_demos() -> None:
    (boot,) = [command for command in commands(PAGE) if "--trace" in command]
    assert boot.startswith(f"openstack {' '.join(demo.SERVER)} ")
    assert "--os-scope compute=CloudOne,image=CloudTwo" in boot
    assert demo.BOOT == '{"compute": "CloudOne", "image": "CloudTwo"}'


@pytest.mark.parametrize("path", [TUTORIAL, *sorted((ROOT / "docs" / "images").glob("*.svg"))], ids=lambda path: path.name)
def test_no_secret_and_no_machine_path_is_shown(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert redacted(text) == text
    assert not re.search(r"/(?:home|root|work|tmp|usr|opt)\b|[Pp]assword *[=:]|gAAAA", text)
    assert str(Path.home()) not in text


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "images").glob("*.svg")), ids=lambda path: path.name)
def test_a_picture_loads_no_other_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' <)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\(([^)]*)\)", text)) == set(re.findall(r"url\((#[^)]*)\)", text))


def test_commands_are_played_in_order_and_their_output_replaced(tmp_path: Path) -> None:
    page = "```console\n$ echo one > file\n```\ntext\n```console\n$ cat \\\n    file\nold\n$ false\n```\n```sh\nexit 1\n```\n"
    run = shell(tmp_path, dict(os.environ))
    assert play(page, run) == page.replace("old", "one")
    assert (tmp_path / "file").read_text() == "one\n"


def test_only_ids_times_and_ports_may_differ() -> None:
    one = "│ f450ce29-7ba2-4883-b59f-17412d40e0ba │ 200, 161 ms https://127.0.0.1:8801/image/v2\n+------+\n"
    two = "│   9cc6ea9a-6c48-4105-bb3c-7cba93e9c84a │ 200, 9 ms https://127.0.0.1:9801/v2\n+--+\n"
    assert steady(one) == steady(two)
    assert steady(one) != steady(two.replace("200", "404"))


def test_only_marked_blocks_are_drawn() -> None:
    picture = draw(f"```console\n$ hidden\n```\n{DRAWN}\n```console\n$ shown <&>\nanswer\n```\n")
    assert lines(picture)[:2] == ["$ shown <&>", "answer"]


def test_without_a_lab_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OPENSTACKOID_LAB", "nobodys")
    assert main([]) == 1
    assert "record: the lab 'nobodys' has no CloudOne" in capsys.readouterr().err
