# SPDX-License-Identifier: Apache-2.0
"""The lab of the clients, its user, and the page of results."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.account import Account
from clients.page import Trial, page
from clients.resources import flavor_id
from clients.tools import environment, missing_packages
from examples.people import resource_id
from lab.raised import raised

_TRIALS = pytest.StashKey[list[Trial]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --page."""
    parser.addoption("--page", type=Path, metavar="FILE", help="write the table of clients there, if all tests pass")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the list of results."""
    config.stash[_TRIALS] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note each test that passed."""
    report = yield
    if report.when == "call" and report.passed and isinstance(item, pytest.Function):
        item.config.stash[_TRIALS].append(
            Trial(
                item.module.CLIENT,
                item.function.__doc__ or "",
                str(dict(report.user_properties).get("result", "passed")),
                report.duration,
            )
        )
    return report


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Print how long each client took, and write the page."""
    trials = config.stash[_TRIALS]
    seconds: dict[str, float] = {}
    for trial in trials:
        seconds[trial.client.name] = seconds.get(trial.client.name, 0) + trial.seconds
    for name, taken in seconds.items():
        terminalreporter.write_line(f"{taken:6.1f} s  {name}")
    path = config.getoption("--page")
    if path is not None and exitstatus == pytest.ExitCode.OK:
        path.write_text(page(trials), encoding="utf-8")


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Raise the lab of the clients; without the clients, fail before."""
    assert not missing_packages(), f"{missing_packages()} are missing; make clients-test installs them"
    assert environment().is_ready(), "the clients from PyPI are not installed; make clients-test does it"
    with raised("clients", request.config) as status:
        yield status


@pytest.fixture
def account(lab: Any, tmp_path: Path) -> Account:
    """An ordinary member of CloudOne."""
    return Account.of(lab, "CloudOne", tmp_path)


@pytest.fixture
def flavor(lab: Any) -> str:
    """The id of CloudOne's flavor m1.tiny."""
    return flavor_id("m1.tiny", "CloudOne")


@pytest.fixture
def image(lab: Any) -> str:
    """The id of CloudTwo's image."""
    return resource_id("image", "CloudTwo")


@pytest.fixture
def network(lab: Any) -> str:
    """The id of CloudOne's network."""
    return resource_id("network", "CloudOne")
