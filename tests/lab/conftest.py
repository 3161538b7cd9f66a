# SPDX-License-Identifier: Apache-2.0
"""The users of the tests' lab, and their commands."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from examples import session
from examples.people import people
from examples.scopes import play
from examples.session import User
from lab.meaning import World
from lab.roles import examples_for
from preloaded import PreloadedCommand, preloaded


@pytest.fixture(scope="session", autouse=True)
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreloadedCommand]:
    """Run the `openstack` commands of the tests in forks of one process."""
    with preloaded(tmp_path_factory.mktemp("commands")) as command, pytest.MonkeyPatch.context() as module:
        module.setattr(session, "run_openstack", command)
        yield command


@pytest.fixture(scope="session")
def relays() -> Iterator[ExitStack]:
    """Close relays before services at the end of all tests: an HAProxy that was replaced serves its old connections by them."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def examples_of(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Play the examples as a member or an administrator, once in a session, and return their names."""

    @cache
    def examples_of(role: str) -> list[str]:
        return list(play(examples_for(role), people(role, tmp_path_factory.mktemp(role))))

    return examples_of


@pytest.fixture
def one(lab: Any) -> User:
    """An ordinary member of CloudOne."""
    return User("CloudOne")


@pytest.fixture
def two(lab: Any) -> User:
    """An ordinary member of CloudTwo."""
    return User("CloudTwo")


@pytest.fixture(scope="module")
def world(lab: Any) -> World:
    """The lab by plain HTTP."""
    return World(Path(lab["state_dir"]))
