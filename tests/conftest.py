# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: the environment, and how ``pytest -n auto`` shares tests out among processes."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import environment
from lab.raised import raised
from leftovers import Run

# Before any test is imported, or starts a program.
environment.clean(os.environ)
# How fast examples come depends on what else runs on the machine.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

LAB = ("tests/lab/", "tests/tools/test_bench_lab.py")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Give each process whole files, in the order of collection. All tests of the lab go to one process: there is one lab."""

    def _split_scope(self, nodeid: str) -> str:
        return "the lab" if nodeid.startswith(LAB) else nodeid.partition("::")[0]


_RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    """Have the leftovers of the run ended, however it ends."""
    if not hasattr(config, "workerinput"):
        config.stash[_RUN] = Run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the leftovers now."""
    if _RUN in config.stash:
        config.stash[_RUN].end()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Share the tests out by file."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """Start a process for each processor."""
    return len(os.sched_getaffinity(0))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first test of the lab the time that the lab takes to come up, which is minutes the first time on a machine."""
    of_the_lab = (item for item in items if "lab" in getattr(item, "fixturenames", ()))
    if first := next(of_the_lab, None):
        first.add_marker(pytest.mark.timeout(1200), append=False)


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Raise the lab of the tests for all of them."""
    with raised("test", request.config) as status:
        yield status
