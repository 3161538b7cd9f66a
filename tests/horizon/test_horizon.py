# SPDX-License-Identifier: Apache-2.0
"""Scopes in an unmodified Horizon, by the settings of ``openstackoid horizon`` alone."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.integrity import compare_with_wheels
from examples.people import resource_id
from examples.session import BIN, User
from horizon.dashboard import PATIENCE, Dashboard
from horizon.environment import environment

PAIR = "CloudOne with CloudTwo's images"
SERVER = "from-the-dashboard"
Account = dict[str, str]


@pytest.fixture
def no_server(lab: Any) -> Iterator[None]:
    """Leave no server behind."""
    yield
    User("CloudOne").openstack("server", "delete", "--wait", SERVER)


def booted(name: str) -> tuple[str, str]:
    """Return the state of a server of CloudOne once it has booted, and the id of its image, by Nova's API."""
    deadline = time.monotonic() + PATIENCE
    while True:
        listed = User("CloudOne").openstack("server", "list", "--name", f"^{name}$", "-f", "json", "--no-name-lookup").json()
        state = listed[0]["Status"] if listed else "missing"
        if state in ("ACTIVE", "ERROR") or time.monotonic() > deadline:
            return state, listed[0]["Image"] if listed else ""
        time.sleep(1)


def ids(command: list[str], folder: Path, environment: dict[str, str], typed: str = "") -> list[str]:
    """Return the ids that a command prints."""
    done = subprocess.run(command, check=False, env=environment, cwd=folder, input=typed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_horizon_is_as_it_was_published() -> None:
    compared = compare_with_wheels(environment().directory)
    assert compared.files > 5000
    assert compared.differing == []


def test_a_server_boots_from_the_other_clouds_image_and_a_switch_of_project_keeps_the_scope(
    dashboard: Dashboard, account: Account, second_project: str, no_server: None
) -> None:
    assert dashboard.regions() == ["CloudOne", PAIR]
    dashboard.log_in(account["username"], account["password"], PAIR)
    theirs = resource_id("image", "CloudTwo")
    assert dashboard.images() == {theirs}

    # Horizon logs in at the first of the user's projects.
    dashboard.switch_project(account["project_name"])
    dashboard.boot(SERVER, "cirros", "m1.tiny")
    assert booted(SERVER) == ("ACTIVE", theirs)

    dashboard.switch_project(second_project)
    assert dashboard.images() == {theirs}


def test_the_cloud_alone_has_its_own_images(dashboard: Dashboard, account: Account) -> None:
    dashboard.log_in(account["username"], account["password"], "CloudOne")
    assert dashboard.images() == {resource_id("image", "CloudOne")}


def test_downloads_hold_the_scope(dashboard: Dashboard, account: Account, lab: Any, tmp_path: Path) -> None:
    dashboard.log_in(account["username"], account["password"], PAIR)
    theirs = resource_id("image", "CloudTwo")
    listing = [str(BIN / "openstack"), "image", "list", "-f", "value", "-c", "ID"]
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "OS_CACERT": lab["authority"], "LANG": "C.UTF-8"}

    (tmp_path / "clouds.yaml").write_text(dashboard.download("project/api_access/clouds.yaml/"))
    entry = yaml.safe_load((tmp_path / "clouds.yaml").read_text())["clouds"]["openstack"]
    assert entry["auth"]["auth_url"].endswith("/identity/scope/image=CloudTwo/v3")
    assert (entry["region_name"], "regions" in entry) == ("CloudOne", False)
    entry["auth"]["password"] = account["password"]
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"openstack": entry}}))
    assert ids(listing, tmp_path, plain | {"OS_CLOUD": "openstack"}) == [theirs]

    (tmp_path / "openrc.sh").write_text(dashboard.download("project/api_access/openrc/"))
    sourced = ["bash", "-c", f"source ./openrc.sh >/dev/null && exec {' '.join(listing)}"]
    assert ids(sourced, tmp_path, plain, f"{account['password']}\n") == [theirs]


def test_single_sign_on_at_a_scope_says_what_to_do(dashboard: Dashboard, account: Account) -> None:
    scoped = account["auth_url"].removesuffix("/v3") + "/scope/image=CloudTwo/v3"
    dashboard.page.goto(f"{scoped}/auth/OS-FEDERATION/websso/openid?origin={dashboard.horizon.url}/auth/websso/")
    shown = dashboard.page.locator("body").inner_text()
    assert "in the dashboard, choose a region without a scope, or log in with user name and password" in shown


def test_the_list_in_the_header_leads_to_the_form_with_its_first_region(dashboard: Dashboard, account: Account) -> None:
    dashboard.log_in(account["username"], account["password"], "CloudOne")
    page = dashboard.page
    page.locator(".region-title").click()
    page.locator("#region_list a", has_text=PAIR).click()
    page.locator("#id_region").wait_for()
    assert page.locator("#id_region option:checked").inner_text().strip() == "CloudOne"
    dashboard.fill_in(account["username"], account["password"], PAIR)
    page.locator(".region-title", has_text=PAIR).wait_for()
    assert dashboard.images() == {resource_id("image", "CloudTwo")}
