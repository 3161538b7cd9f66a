# SPDX-License-Identifier: Apache-2.0
"""Images of ``CloudOne | CloudTwo`` by id and by name, on real clouds. :mod:`lab.test_third_cloud` boots servers from them."""

from collections.abc import Iterator
from typing import Any

import pytest

from examples.coverage import Lab
from examples.glance_faults import SCOPE
from examples.session import User
from lab.glances import free_port, served_at


@pytest.fixture(scope="module")
def port(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Have the mesh description say that CloudOne's images are served at this port, where nothing listens."""
    port = free_port()
    with Lab(tmp_path_factory.mktemp("compound")).described(served_at(port)):
        yield port


@pytest.fixture(scope="module")
def image(lab: Any) -> str:
    return User("CloudTwo").openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip()


def test_a_cloud_that_lacks_the_image(one: User, image: str) -> None:
    assert one.openstack("image", "show", image).code != 0
    assert one.openstack("image", "show", image, scope=SCOPE).code == 0


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


def test_an_error_names_both_clouds(port: int, one: User) -> None:
    done = one.openstack("image", "show", "no-such-image", scope=SCOPE)
    assert done.code != 0
    assert "no cloud of CloudOne | CloudTwo has the answer: " in done.stderr
    assert "image of CloudOne cannot be reached: connection refused" in done.stderr
    assert "image of CloudTwo answers 404" in done.stderr
