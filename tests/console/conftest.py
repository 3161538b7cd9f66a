# SPDX-License-Identifier: Apache-2.0
"""The gateways, their console, and a browser with an operator who has logged in."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from browser import running_chromium
from console.world import PASSWORD, World, populate, running

AXE = Path(__file__).with_name("axe-4.14.1.min.js")
AXE_DIGEST = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""SHA-256 of that file, as in the package axe-core of npm."""

_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    rule => `${rule.id}: ${rule.nodes.map(node => node.target.join(" ")).join(", ")}`)"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, metavar="DIR", help="write a picture of each view into this folder")


@dataclass
class Browsing:
    """A browser in front of a console. ``faults``: what its developer's console said: refused scripts and styles."""

    page: Any
    world: World
    faults: list[str]

    def open(self, path: str) -> Any:
        """Open a page, and return Playwright's."""
        answer = self.page.goto(self.world.url + path)
        assert answer is not None
        return self.page

    def log_in(self, user: str = "ops") -> None:
        """Log in by the form."""
        self.open("/log-in")
        self.page.fill("#user", user)
        self.page.fill("#password", PASSWORD)
        self.page.fill("#project", "demo")
        self.page.click("form[aria-label='Log in with a password'] button")
        self.page.wait_for_load_state()

    def violations(self) -> list[str]:
        """Return what axe-core finds on the page."""
        content = AXE.read_bytes()
        assert sha256(content).hexdigest() == AXE_DIGEST
        # By the protocol of its developers' tools: the page itself lets no foreign script in.
        self.page.evaluate(content.decode())
        return list(self.page.evaluate(_RUN))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="session")
def traced(world: World) -> str:
    """The id of a traced request through both gateways."""
    return populate(world)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    with running_chromium() as chromium:
        yield chromium


def browsing(browser: Any, world: World, **options: Any) -> Browsing:
    """Return a new browser profile in front of the console."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}, **options).new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return Browsing(page, world, faults)


@pytest.fixture
def user(browser: Any, world: World) -> Iterator[Browsing]:
    """An operator who has logged in, with a script in each page."""
    found = browsing(browser, world)
    found.log_in()
    yield found
    found.page.context.close()
    assert found.faults == []
