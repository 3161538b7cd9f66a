# SPDX-License-Identifier: Apache-2.0
"""A third cloud is down, joins the lab, and leaves it, while two others run."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass
class Third:
    """A third cloud that the description has, and the processes of the two others before."""

    before: dict[tuple[str, str], int]
    described: pytest.MonkeyPatch
    has_left: bool = False

    def leave(self) -> None:
        """Remove it, unless that was done, and have the others know."""
        if self.has_left:
            return
        self.has_left = True
        self.described.undo()
        openstackoid("lab", "down", "CloudThree", "--purge")
        assert openstackoid("lab", "up").code == 0


@pytest.fixture(scope="module")
def third(lab: Any) -> Iterator[Third]:
    """Describe a third cloud, which is down, and have it leave in the end."""
    found = Third(pids(), pytest.MonkeyPatch())
    found.described.setenv("OPENSTACKOID_LAB_CLOUDS", f"{os.environ['OPENSTACKOID_LAB_CLOUDS']},CloudThree")
    try:
        assert openstackoid("lab", "up", "CloudOne").code == 0
        yield found
    finally:
        found.leave()


def test_a_cloud_that_is_down_is_named_and_the_rest_goes_on(third: Third, one: User) -> None:
    done = one.openstack("image", "list", scope=THERE)
    assert done.code == 1
    assert "503" in done.stderr
    assert "image of CloudThree" in done.stderr
    assert "cannot be reached" in done.stderr
    for scope in (None, '{"image": "CloudTwo"}'):
        assert one.openstack("image", "list", scope=scope).code == 0


def test_a_third_cloud_joins_while_the_others_run(third: Third, one: User, tmp_path: Path) -> None:
    """The running gateways take it up from the mesh description; no process of the other clouds is restarted."""
    assert openstackoid("lab", "up").code == 0
    assert [cloud["name"] for cloud in lab_status()["clouds"]] == ["CloudOne", "CloudTwo", "CloudThree"]
    assert pids() == third.before
    theirs = User("CloudThree").openstack("image", "show", "cirros", "-f", "json").json()
    by_scope = one.openstack("image", "show", "cirros", "-f", "json", scope=THERE)
    assert by_scope.code == 0, by_scope.stderr
    assert by_scope.json()["id"] == theirs["id"]
    assert list(play(THIRD, people("member", tmp_path))) == [example.name for example in THIRD]


def test_a_cloud_that_has_left_is_unknown(third: Third, one: User) -> None:
    third.leave()
    refused = one.openstack("image", "list", scope='{"image": "CloudThree"}')
    assert refused.code == 2
    assert "unknown cloud 'CloudThree'; known: CloudOne, CloudTwo" in refused.stderr
