# SPDX-License-Identifier: Apache-2.0
"""``around(CloudOne, 10ms)`` on real clouds: a server boots by it, with measured times and with written ones."""

import re
from typing import Any

import pytest

from examples.coverage import Lab
from examples.session import User, image_downloads

AROUND = "around(CloudOne, 10ms)"
SERVER = "from-near"
BOOT = ("server", "create", SERVER, "--flavor", "m1.tiny", "--network", "lab", "--wait", "-f", "json")


@pytest.fixture(scope="module")
def clouds(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("near"))


@pytest.fixture
def image(two: User) -> str:
    return two.openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip()


def far(mesh: dict[str, Any]) -> None:
    """Have CloudOne's operator write that CloudTwo is far away."""
    mesh["round_trips"] = [{"clouds": ["CloudOne", "CloudTwo"], "milliseconds": 38.5}]


def test_a_server_boots_with_an_image_of_a_cloud_that_is_near(one: User, image: str) -> None:
    before = image_downloads("CloudTwo", image)
    try:
        made = one.openstack(*BOOT, "--image", image, scope=f"image={AROUND}")
        assert made.code == 0, made.stderr
        assert made.json()["status"] == "ACTIVE"
    finally:
        one.openstack("server", "delete", "--wait", SERVER)
    assert image_downloads("CloudTwo", image) == before + 1


def test_a_server_boots_in_the_cloud_itself_with_all_services_of_those_near(one: User) -> None:
    try:
        made = one.openstack(*BOOT, "--image", "cirros", scope=AROUND)
        assert made.code == 0, made.stderr
        assert made.json()["status"] == "ACTIVE"
        assert one.openstack("server", "show", SERVER, "-f", "value", "-c", "name").stdout.strip() == SERVER
        listed = one.openstack("server", "list", "-f", "json", "-c", "Name", "-c", "Cloud", scope=f"compute=all({AROUND})")
        assert listed.code == 0, listed.stderr
        assert {"Name": SERVER, "Cloud": "CloudOne"} in listed.json()
    finally:
        one.openstack("server", "delete", "--wait", SERVER)


def test_a_cloud_that_is_far_is_not_asked_and_the_user_sees_why(clouds: Lab, one: User, image: str) -> None:
    shown = one.openstack("scope", "show", "-c", "near", scope=f"image={AROUND}")
    assert shown.code == 0, shown.stderr
    assert re.search(r"CloudOne 0 ms, CloudTwo [0-9](\.[0-9]+)? ms", shown.stdout), shown.stdout
    assert one.openstack("image", "show", image, scope=f"image={AROUND}").code == 0
    with clouds.described(far):
        assert one.openstack("image", "show", image, scope=f"image={AROUND}").code != 0
        assert one.openstack("image", "show", image, scope="image=around(CloudOne, 40ms)").code == 0
        shown = one.openstack("scope", "show", "-c", "near", scope=f"image={AROUND}")
        assert "around(CloudOne, 10ms): CloudOne 0 ms" in shown.stdout
        assert "left out: CloudTwo 38.5 ms" in shown.stdout
