# SPDX-License-Identifier: Apache-2.0
"""A third cloud is down, joins the lab, and leaves it, while two others run."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.people import people
from examples.scopes import THIRD, play
from examples.session import User, lab_status, openstackoid

pytestmark = pytest.mark.timeout(600)
THERE = '{"image": "CloudThree"}'


def pids() -> dict[tuple[str, str], int]:
    """Return the processes of CloudOne and CloudTwo."""
    clouds = [cloud for cloud in lab_status()["clouds"] if cloud["name"] != "CloudThree"]
    return {(cloud["name"], service["name"]): service["pid"] for cloud in clouds for service in cloud["services"]}


@pytest.fixture(scope="module")
def before(lab: Any) -> Iterator[dict[tuple[str, str], int]]:
    """Describe a third cloud, which is down, and have it leave in the end; return the processes of the two others before."""
    running = pids()
    with pytest.MonkeyPatch.context() as described:
        described.setenv("OPENSTACKOID_LAB_CLOUDS", f"{os.environ['OPENSTACKOID_LAB_CLOUDS']},CloudThree")
        try:
            assert openstackoid("lab", "up", "CloudOne").code == 0
            yield running
        finally:
            openstackoid("lab", "down", "CloudThree", "--purge")


def test_a_cloud_that_is_down_is_named_and_the_rest_goes_on(before: dict[tuple[str, str], int], one: User) -> None:
    done = one.openstack("image", "list", scope=THERE)
    assert done.code == 1
    assert "503" in done.stderr
    assert "image of CloudThree" in done.stderr
    assert "cannot be reached" in done.stderr
    for scope in (None, '{"image": "CloudTwo"}'):
        assert one.openstack("image", "list", scope=scope).code == 0


def test_a_third_cloud_joins_while_the_others_run(before: dict[tuple[str, str], int], one: User, tmp_path: Path) -> None:
    """The running gateways take it up from the mesh description; no process of the other clouds is restarted."""
    assert openstackoid("lab", "up").code == 0
    assert [cloud["name"] for cloud in lab_status()["clouds"]] == ["CloudOne", "CloudTwo", "CloudThree"]
    assert pids() == before
    theirs = User("CloudThree").openstack("image", "show", "cirros", "-f", "json").json()
    by_scope = one.openstack("image", "show", "cirros", "-f", "json", scope=THERE)
    assert by_scope.code == 0, by_scope.stderr
    assert by_scope.json()["id"] == theirs["id"]
    assert list(play(THIRD, people("member", tmp_path))) == [example.name for example in THIRD]


def test_a_cloud_that_leaves_is_unknown(lab: Any, one: User) -> None:
    assert openstackoid("lab", "up").code == 0
    refused = one.openstack("image", "list", scope='{"image": "CloudThree"}')
    assert refused.code == 2
    assert "unknown cloud 'CloudThree'; known: CloudOne, CloudTwo" in refused.stderr
