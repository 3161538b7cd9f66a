# SPDX-License-Identifier: Apache-2.0
"""Without a lab, each command that needs one ends with one line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from examples import coverage, scopes, session
from examples.session import NoLabError, Outcome, lab_with

Command = Callable[[list[str]], int]


@pytest.fixture
def no_lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("OPENSTACKOID_LAB", "nobodys")


@pytest.mark.usefixtures("no_lab")
@pytest.mark.parametrize(
    ("command", "argv", "code", "said"),
    [
        (scopes.main, [], 1, "examples: the lab 'nobodys' has no CloudOne; docs/start/lab.md says how to start one"),
        (scopes.main, ["--third"], 1, "examples: the lab 'nobodys' has no CloudOne; docs/start/lab.md says how to start one"),
        (coverage.main, [], 1, "coverage: the lab 'nobodys' has no CloudOne; docs/start/lab.md says how to start one"),
    ],
)
def test_without_a_lab(command: Command, argv: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(argv) == code
    captured = capsys.readouterr()
    assert (captured.out + captured.err).split("\n") == [said, ""]


@pytest.mark.parametrize(
    ("state", "wanted", "said"),
    [
        ("up", ("CloudOne", "CloudThree"), "the lab 'mine' has no CloudThree"),
        ("down", ("CloudOne",), "CloudOne of the lab 'mine' is down; .venv/bin/openstackoid lab up starts it"),
    ],
)
def test_a_cloud_that_is_not_up(state: str, wanted: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    status = {"lab": "mine", "clouds": [{"name": "CloudOne", "state": state}]}
    monkeypatch.setattr(session, "openstackoid", lambda *_: Outcome(0, json.dumps(status), ""))
    with pytest.raises(NoLabError) as raised:
        lab_with(*wanted)
    assert str(raised.value).startswith(said)


def test_a_lab_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSTACKOID_LAB", "a/b")
    with pytest.raises(NoLabError, match=r"^'a/b' cannot name a lab: "):
        lab_with("CloudOne")


def test_a_lab_without_all_services_makes_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its page would lack the workflows that it cannot run, without a word."""
    services = "services: {image: {frontend: 'http://%s'}}"
    (tmp_path / "mesh.yaml").write_text(
        f"mesh: 1\nclouds:\n  CloudOne: {{{services % 'one'}}}\n  CloudTwo: {{{services % 'two'}}}\n"
    )
    monkeypatch.setattr(coverage, "lab_with", lambda *_: {"state_dir": str(tmp_path)})
    page = tmp_path / "page.md"
    assert coverage.main(["--output", str(page)]) == 1
    assert "the page has workflows with block-storage, object-store, which not every cloud" in capsys.readouterr().out
    assert not page.exists()


def test_a_page_that_cannot_be_written_ends_it_before_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in (tmp_path, tmp_path / "missing" / "page.md"):
        with pytest.raises(SystemExit) as raised:
            coverage.main(["--output", str(place)])
        assert raised.value.code == 2
        assert f"--output: {place} cannot be written" in capsys.readouterr().err
