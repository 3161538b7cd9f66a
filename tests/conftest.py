# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: the environment, and how ``pytest -n auto`` shares tests out among processes."""

import gc
import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import environment
from conformance.forked_bridge import end_forks
from lab.raised import WHOLE, lab_of, raised
from leftovers import Run, enter_session
from progress import Progress

# Before any test is imported, or starts a program.
environment.clean(os.environ)
# How fast examples come depends on what else runs on the machine.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

_RUN = pytest.StashKey[Run]()

_LONG = "tests/unit/routing/test_properties.py"
"""A file of more than a minute: begun late, it would be the only one at work in the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Show progress, and have the leftovers of the run ended, however it ends."""
    if hasattr(config, "workerinput"):
        enter_session()
    else:
        config.stash[_RUN] = Run()
        config.pluginmanager.register(Progress(config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the leftovers now."""
    end_forks()
    if _RUN in config.stash:
        config.stash[_RUN].end()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, and spare it all that was collected: it would walk thousands of tests each time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Give each process whole files, in the order of collection. All tests of a lab go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return _lab_in(self.config, nodeid) or nodeid.partition("::")[0]


def _lab_in(config: pytest.Config, nodeid: str) -> str | None:
    """Return the name of the lab of a test; where one process runs all tests, one lab is for all."""
    processes = config.workerinput["workercount"] if hasattr(config, "workerinput") else len(config.option.tx)
    lab = lab_of(nodeid)
    return WHOLE if lab and processes < 2 else lab


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Share the tests out by file."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """Start a process for each processor."""
    return len(os.sched_getaffinity(0))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of labs, which take the longest: so no process gets those of both labs. The longest file comes next.

    The first one of each has the time that the lab takes to come up, which is minutes the first time on a machine.
    """
    items.sort(key=lambda item: (lab_of(item.nodeid) or "~", not item.nodeid.startswith(_LONG)))
    begun = set()
    for item in items:
        lab = lab_of(item.nodeid)
        if "lab" in getattr(item, "fixturenames", ()) and lab not in begun:
            item.add_marker(pytest.mark.timeout(1200), append=False)
            begun.add(lab)


_LAB = pytest.StashKey[str]()
_GIVES_WAY = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Know the lab of this process by its first test that needs one; without a lab, give way to the processes that have one.

    Their tests end last.
    """
    stash = item.config.stash
    if lab := _lab_in(item.config, item.nodeid):
        stash.setdefault(_LAB, lab)
    elif _LAB not in stash and _GIVES_WAY not in stash and hasattr(item.config, "workerinput"):
        stash[_GIVES_WAY] = os.nice(5)


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Raise the lab of this process, for all of its tests."""
    with raised(request.config.stash[_LAB], request.config) as status:
        yield status
