# SPDX-License-Identifier: Apache-2.0
"""The dashboard's lab, Horizon with the settings of ``openstackoid horizon``, and a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from browser import running_chromium
from examples.session import User, openstackoid
from horizon.dashboard import PATIENCE, Dashboard, Horizon, running
from horizon.environment import is_ready
from lab.raised import HORIZON, raised

_STILL = """
addEventListener("DOMContentLoaded", () => {
  const still = document.createElement("style");
  still.textContent = "*, *::before, *::after { animation: none !important; transition: none !important; }";
  document.head.append(still);
  if (window.jQuery) jQuery.fx.off = true;
});
"""
"""Chromium runs it in each page."""


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Raise the lab of the dashboard; without Horizon, fail before."""
    assert is_ready(), "Horizon from PyPI is not installed; make horizon-test does it"
    with raised(HORIZON, request.config) as status:
        yield status


@pytest.fixture(scope="session")
def horizon(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Horizon]:
    """Horizon with settings that are printed from the lab's mesh description."""
    printed = openstackoid("horizon", "--config", str(Path(lab["state_dir"], "mesh.yaml")), "--cloud", "CloudOne")
    assert printed.code == 0, printed.stderr
    more = f'{printed.stdout}OPENSTACK_SSL_CACERT = "{lab["authority"]}"\n'
    with running(tmp_path_factory.mktemp("horizon"), more) as horizon:
        yield horizon


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, which keeps scripts and style sheets from test to test."""
    with running_chromium() as chromium:
        viewport = {"width": 1400, "height": 1000}
        context = chromium.new_context(viewport=viewport, ignore_https_errors=True, reduced_motion="reduce")
        # Bootstrap's transitions and spinners draw all the time that a page waits; without a graphics card that is work.
        context.add_init_script(_STILL)
        yield context
        context.close()


@pytest.fixture
def dashboard(horizon: Horizon, browser: Any, tmp_path: Path) -> Iterator[Dashboard]:
    """A user in front of the log-in form, without cookies of an earlier session."""
    browser.clear_cookies()
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    yield Dashboard(page, horizon)
    page.screenshot(path=tmp_path / "last.png")
    page.close()


@pytest.fixture(scope="session")
def account(lab: Any) -> dict[str, str]:
    """The entry of an ordinary member of CloudOne in the lab's clouds.yaml: user, password and project."""
    known = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"]
    return dict(known["CloudOne"]["auth"])


@pytest.fixture
def second_project(lab: Any, account: dict[str, str]) -> Iterator[str]:
    """Another project of the member."""
    admin, name = User("CloudOne-admin"), "second"
    made = admin.openstack("project", "create", "--or-show", name, "-f", "value", "-c", "id")
    assert made.code == 0, made.stderr
    added = admin.openstack("role", "add", "--user", account["username"], "--project", name, "member")
    assert added.code == 0, added.stderr
    yield name
    assert admin.openstack("project", "delete", name).code == 0
