# SPDX-License-Identifier: Apache-2.0
"""Where bytes of images go and come from: the lab's drivers fetch and upload them through Glance, as real ones do."""

import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from examples.session import User


@pytest.fixture
def name() -> str:
    return f"disk-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Steps for the end, in the reverse order."""
    todo: list[Callable[[], object]] = []
    yield todo.append
    for action in reversed(todo):
        action()


def wait_for(user: User, kind: str, name: str, status: str) -> None:
    """Wait until something has a status; some answers of ``openstack`` come before the work is done."""
    deadline = time.monotonic() + 60
    while (seen := user.openstack(kind, "show", name, "-f", "value", "-c", "status").stdout.strip().lower()) != status:
        assert seen != "error", f"{kind} {name} is in error"
        assert time.monotonic() < deadline, f"{kind} {name} is {seen}, not {status}"
        time.sleep(1)


def checksum(user: User, image: str) -> str:
    return user.openstack("image", "show", image, "-f", "value", "-c", "checksum").stdout.strip()


def test_a_snapshot_has_the_bytes_of_the_servers_image(one: User, name: str, later: Callable[..., None]) -> None:
    booted = one.openstack("server", "create", name, "--flavor", "m1.tiny", "--image", "cirros", "--network", "lab", "--wait")
    later(lambda: one.openstack("server", "delete", name, "--wait"))
    assert booted.code == 0, booted.stderr
    taken = one.openstack("server", "image", "create", name, "--name", name, "--wait")
    later(lambda: one.openstack("image", "delete", name))
    assert taken.code == 0, taken.stderr
    assert checksum(one, name) == checksum(one, "cirros")


def test_a_volume_has_the_bytes_of_its_image_and_gives_them_back(one: User, name: str, later: Callable[..., None]) -> None:
    made = one.openstack("volume", "create", "--size", "1", "--image", "cirros", name)
    assert made.code == 0, made.stderr
    later(lambda: one.openstack("volume", "delete", name))
    wait_for(one, "volume", name, "available")
    uploaded = one.openstack("image", "create", "--volume", name, name)
    assert uploaded.code == 0, uploaded.stderr
    later(lambda: one.openstack("image", "delete", name))
    wait_for(one, "image", name, "active")
    wait_for(one, "volume", name, "available")
    assert checksum(one, name) == checksum(one, "cirros")


def test_a_server_is_resized_where_it_is(one: User, name: str, later: Callable[..., None]) -> None:
    booted = one.openstack("server", "create", name, "--flavor", "m1.tiny", "--image", "cirros", "--network", "lab", "--wait")
    later(lambda: one.openstack("server", "delete", name, "--wait"))
    assert booted.code == 0, booted.stderr
    resized = one.openstack("server", "resize", name, "--flavor", "m1.small", "--wait")
    assert resized.code == 0, resized.stderr
    assert one.openstack("server", "resize", "confirm", name).code == 0
    wait_for(one, "server", name, "active")
    assert one.openstack("server", "show", name, "-f", "json").json()["flavor"]["original_name"] == "m1.small"
