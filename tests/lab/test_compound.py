# SPDX-License-Identifier: Apache-2.0
"""A server whose image is ``CloudOne | CloudTwo``, on real clouds: CloudOne's Glance lacks it, is stopped, frozen, or fails."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests

from examples.coverage import Lab
from examples.session import User, authority, image_downloads
from lab.glances import Cut, Failing, Frozen, Unavailable, free_port, listening, served_at
from lab.meaning import World
from waiting import until

SCOPE = '{"image": "CloudOne | CloudTwo"}'
SERVER = "from-anywhere"


@pytest.fixture(scope="module")
def port(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Have the mesh description say that CloudOne's images are served at this port, where nothing listens."""
    port = free_port()
    with Lab(tmp_path_factory.mktemp("compound")).described(served_at(port)):
        yield port


@pytest.fixture(scope="module")
def booted(lab: Any) -> Iterator[list[str]]:
    """Keep the names of servers, and delete them in the end."""
    names: list[str] = []
    yield names
    User("CloudOne").openstack("server", "delete", "--wait", *names)


@pytest.fixture(scope="module")
def image(lab: Any) -> str:
    return User("CloudTwo").openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip()


def boots(one: User, image: str, name: str, booted: list[str]) -> None:
    """Boot a server from an image that CloudTwo alone has."""
    before = image_downloads("CloudTwo", image)
    booted.append(name)
    boot = ("server", "create", name, "--flavor", "m1.tiny", "--image", image, "--network", "lab", "--wait")
    made = one.openstack(*boot, "-f", "json", scope=SCOPE)
    assert made.code == 0, made.stderr
    assert made.json()["status"] == "ACTIVE"
    assert image_downloads("CloudTwo", image) == before + 1


def test_a_cloud_that_lacks_the_image(one: User, image: str, booted: list[str]) -> None:
    assert one.openstack("image", "show", image).code != 0
    assert one.openstack("image", "show", image, scope=SCOPE).code == 0
    boots(one, image, f"{SERVER}-lacking", booted)


def test_an_image_is_found_by_its_name_where_it_is(one: User) -> None:
    name, there = "compound-in-two", '{"image": "CloudTwo"}'
    made = one.openstack("image", "create", name, "-f", "value", "-c", "id", scope=there)
    assert made.code == 0, made.stderr
    try:
        found = one.openstack("image", "show", name, "-f", "value", "-c", "id", scope="image=CloudOne|CloudTwo")
        assert (found.code, found.stdout) == (0, made.stdout), found.stderr
        assert one.openstack("image", "show", name).code != 0
    finally:
        assert one.openstack("image", "delete", name, scope=there).code == 0


def test_an_image_that_no_cloud_has_is_not_found(one: User) -> None:
    done = one.openstack("image", "show", "no-such-image", scope=SCOPE)
    assert done.code != 0
    assert "No Image found for no-such-image" in done.stderr


def test_a_cloud_whose_glance_is_stopped(port: int, one: User, image: str, booted: list[str]) -> None:
    boots(one, image, f"{SERVER}-stopped", booted)


def test_an_error_names_both_clouds(port: int, one: User) -> None:
    done = one.openstack("image", "show", "no-such-image", scope=SCOPE)
    assert done.code != 0
    assert "no cloud of CloudOne | CloudTwo has the answer: image of CloudOne cannot be reached" in done.stderr
    assert "image of CloudTwo answers 404" in done.stderr


@pytest.mark.parametrize("handler", [Unavailable, Cut, Frozen])
def test_a_cloud_whose_glance_fails(
    handler: type[Failing], port: int, world: World, one: User, image: str, booted: list[str]
) -> None:
    with listening(port, handler) as server:

        def is_served() -> bool:
            headers = {"X-Auth-Token": world.token("CloudOne"), "X-Scope": '{"image": "CloudOne"}'}
            with suppress(requests.RequestException):
                requests.get(world.url("CloudOne", "image", "/v2/images/x"), headers=headers, timeout=1, verify=authority())
            return bool(server.served)

        # It was down, and the gateways do not know yet that it is there; on a busy machine, a check may fail meanwhile.
        for number in range(3):
            server.fails, server.served = False, 0
            until(is_served)
            server.fails = True
            boots(one, image, f"{SERVER}-{handler.__name__}-{number}".lower(), booted)
            if server.asked:
                break
        assert server.asked > 0
