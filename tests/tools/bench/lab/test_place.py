# SPDX-License-Identifier: Apache-2.0
"""The lab is started if it is down, and then stopped again; running clouds go on."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from bench.errors import BenchError
from bench.lab import place
from bench.lab.place import marked, standing
from bench.lab.processes import Processes
from examples.session import Outcome


class Command:
    """The ``openstackoid`` command, which notes what it was told."""

    def __init__(self, states: dict[str, str], up: int = 0) -> None:
        self.told: list[tuple[str, ...]] = []
        self._states, self._up = states, up

    def __call__(self, *arguments: str, quiet: bool = True) -> Outcome:
        if arguments[:2] == ("lab", "status"):
            clouds = [{"name": name, "state": state} for name, state in self._states.items()]
            return Outcome(0, json.dumps({"clouds": clouds}), "")
        self.told.append(arguments)
        return Outcome(self._up if "up" in arguments else 0, "", "")


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: dict[str, Any] = {"clouds": []}
    monkeypatch.setattr(place, "lab_with", lambda *_: nothing)


def told(monkeypatch: pytest.MonkeyPatch, command: Command) -> list[tuple[str, ...]]:
    monkeypatch.setattr(place, "openstackoid", command)
    console = Console(file=io.StringIO(), width=200)
    with standing(console) as found:
        assert found.processes == Processes((), (), {})
    return command.told


@pytest.mark.parametrize(
    ("states", "down"),
    [
        ({}, [("lab", "down")]),
        ({"CloudOne": "down", "CloudTwo": "down"}, [("lab", "down")]),
        ({"CloudOne": "up", "CloudTwo": "down"}, [("lab", "down", "CloudTwo")]),
        ({"CloudOne": "down", "CloudTwo": "down", "Three": "up"}, [("lab", "down", "CloudOne", "CloudTwo")]),
        ({"CloudOne": "degraded", "CloudTwo": "up"}, []),
    ],
)
def test_clouds_that_were_down_are_started_and_stopped_again(
    states: dict[str, str], down: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(monkeypatch, Command(states)) == [("lab", "up"), *down]


def test_a_lab_that_is_up_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, Command({"CloudOne": "up", "CloudTwo": "up"})) == []


def test_a_lab_that_does_not_start_is_an_error_and_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command({}, up=1)
    with pytest.raises(BenchError, match="the lab did not start"):
        told(monkeypatch, command)
    assert command.told == [("lab", "up"), ("lab", "down")]


def test_a_lab_that_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "openstackoid", lambda *_: Outcome(1, "", "openstackoid: 'a/b' cannot name a lab: ...\n"))
    with pytest.raises(BenchError, match=r"^'a/b' cannot name a lab: \.\.\.$"), standing(Console(file=io.StringIO())):
        pass


def test_a_token_as_it_is_handed_on() -> None:
    assert marked("t", '{"compute":"CloudTwo"}') == "t~eyIqIjoiQ2xvdWRPbmUiLCJjb21wdXRlIjoiQ2xvdWRUd28ifQ"
