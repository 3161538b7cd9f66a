# SPDX-License-Identifier: Apache-2.0
"""What a list of two real clouds has shown is used where it is: a volume is attached to a server, and commands say the cloud."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from examples.session import User
from lab.items import IMAGE, SERVER, VOLUME, Clouds, Kind, alone

BOTH = "CloudOne & CloudTwo"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def clouds(lab: Any) -> Clouds:
    return Clouds(Path(lab["state_dir"]))


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"acting-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def server(clouds: Clouds, prefix: str) -> Iterator[str]:
    """A server of CloudTwo."""
    yield from _made(clouds, SERVER, "CloudTwo", prefix)


@pytest.fixture
def to_resize(clouds: Clouds, prefix: str) -> Iterator[str]:
    """A server of CloudTwo, whose flavor a test changes."""
    yield from _made(clouds, SERVER, "CloudTwo", f"{prefix}-resized")


@pytest.fixture(scope="module")
def volume(clouds: Clouds, prefix: str, server: str) -> Iterator[str]:
    """A volume of CloudTwo."""
    yield from _made(clouds, VOLUME, "CloudTwo", prefix)


@pytest.fixture
def volume_here(clouds: Clouds, prefix: str, server: str) -> Iterator[str]:
    """A volume of CloudOne."""
    yield from _made(clouds, VOLUME, "CloudOne", prefix)


def _made(clouds: Clouds, kind: Kind, cloud: str, prefix: str) -> Iterator[str]:
    (id_,) = clouds.make(kind, cloud, f"{prefix}-{kind.command}-{cloud}".lower(), 1)
    try:
        clouds.settle([cloud], {id_})
        yield id_
    finally:
        clouds.delete(kind, cloud, [id_])


def row_of(user: User, kind: Kind, id_: str) -> dict[str, Any]:
    """Return the row of an item in the list of both clouds."""
    listed = user.openstack(kind.command, "list", "-f", "json", scope=BOTH)
    assert listed.code == 0, listed.stderr
    return next(row for row in listed.json() if row["ID"] == id_)


def item(clouds: Clouds, kind: Kind, cloud: str, id_: str) -> dict[str, Any]:
    return next(item for item in clouds.items(kind, cloud) if item["id"] == id_)


def legs(trace: str, method: str, path: str) -> set[tuple[str, str]]:
    """Return the clouds that a request of a command has gone to, with the statuses of their answers."""
    found = re.findall(rf"── (CloudOne(?: -> CloudTwo)?) [a-z-]+: {method} \S*{path} ([0-9]+), [0-9]+ ms$", trace, re.MULTILINE)
    assert found, trace
    return {(cloud, status) for cloud, status in found}


def test_a_volume_is_attached_to_a_server_of_its_cloud_and_detached(clouds: Clouds, server: str, volume: str, one: User) -> None:
    """By names and by ids; Nova and Cinder of CloudTwo say so, and those of CloudOne are asked for nothing."""
    shown, disk = row_of(one, SERVER, server), row_of(one, VOLUME, volume)
    assert (shown["Status"], shown["Cloud"], disk["Status"], disk["Cloud"]) == ("ACTIVE", "CloudTwo", "available", "CloudTwo")

    added = one.openstack("server", "add", "volume", shown["Name"], disk["Name"], "--trace", scope=BOTH)
    assert added.code == 0, added.stderr
    assert legs(added.stderr, "POST", f"{server}/os-volume_attachments") == {("CloudOne -> CloudTwo", "200")}
    clouds.wait(lambda: item(clouds, VOLUME, "CloudTwo", volume)["status"] == "in-use")
    assert [each["server_id"] for each in item(clouds, VOLUME, "CloudTwo", volume)["attachments"]] == [server]
    attached = one.openstack("server", "volume", "list", server, "-f", "json", scope=BOTH)
    assert [(row["Volume ID"], row["Cloud"]) for row in attached.json()] == [(volume, "CloudTwo")], attached.stderr

    removed = one.openstack("server", "remove", "volume", server, volume, "--trace", scope=BOTH)
    assert removed.code == 0, removed.stderr
    assert legs(removed.stderr, "DELETE", f"{server}/os-volume_attachments/{volume}") == {("CloudOne -> CloudTwo", "202")}
    clouds.wait(lambda: item(clouds, VOLUME, "CloudTwo", volume)["status"] == "available")
    assert one.openstack("server", "volume", "list", server, "-f", "json", scope=BOTH).json() == []


def test_a_volume_of_another_cloud_than_the_servers_is_not_attached(
    clouds: Clouds, server: str, volume_here: str, one: User
) -> None:
    assert row_of(one, VOLUME, volume_here)["Cloud"] == "CloudOne"
    refused = one.openstack("server", "add", "volume", server, volume_here, scope=BOTH)
    assert refused.code == 1
    assert volume_here in refused.stderr, refused.stderr
    here = item(clouds, VOLUME, "CloudOne", volume_here)
    assert (here["status"], here["attachments"]) == ("available", [])
    assert one.openstack("server", "volume", "list", server, "-f", "json", scope=BOTH).json() == []


def test_a_server_is_resized_to_the_flavor_of_the_list_in_its_own_cloud(clouds: Clouds, to_resize: str, one: User) -> None:
    """By the id that the flavor has in another cloud, and by its name, of which the list shows one cloud's id."""
    ids = {
        cloud: {each["name"]: each["id"] for each in clouds.call(SERVER, "GET", "/v2.1/flavors", alone(cloud)).json()["flavors"]}
        for cloud in ("CloudOne", "CloudTwo")
    }
    assert ids["CloudOne"]["m1.small"] != ids["CloudTwo"]["m1.small"]
    server = to_resize
    for flavor, size in ((ids["CloudOne"]["m1.small"], "m1.small"), ("m1.tiny", "m1.tiny")):
        resized = one.openstack("server", "resize", server, "--flavor", flavor, scope=BOTH)
        assert resized.code == 0, resized.stderr
        clouds.wait(lambda: item(clouds, SERVER, "CloudTwo", server)["status"] == "VERIFY_RESIZE")
        shown = clouds.call(SERVER, "GET", f"{SERVER.path}/{server}", alone("CloudTwo")).json()["server"]
        assert shown["flavor"]["original_name"] == size
        assert one.openstack("server", "resize", "confirm", server, scope=BOTH).code == 0
        clouds.wait(lambda: item(clouds, SERVER, "CloudTwo", server)["status"] == "ACTIVE")


def test_what_is_below_a_server_says_its_cloud(server: str, one: User) -> None:
    events = one.openstack("server", "event", "list", server, "-f", "json", scope=BOTH)
    assert events.code == 0, events.stderr
    assert {row["Cloud"] for row in events.json()} == {"CloudTwo"}


def test_what_is_below_an_image_says_its_cloud(clouds: Clouds, prefix: str, one: User) -> None:
    for image in _made(clouds, IMAGE, "CloudTwo", prefix):
        shared = one.openstack("image", "add", "project", image, uuid4().hex, "--trace", scope=BOTH)
        assert shared.code == 0, shared.stderr
        assert legs(shared.stderr, "POST", f"{image}/members") == {("CloudOne -> CloudTwo", "200")}
        members = one.openstack("image", "member", "list", image, "-f", "json", scope=BOTH)
        assert [row["Cloud"] for row in members.json()] == ["CloudTwo"], members.stderr


def test_what_both_clouds_have_says_both(one: User) -> None:
    extensions = one.openstack("extension", "list", "-f", "json", scope=BOTH)
    assert extensions.code == 0, extensions.stderr
    assert {row["Cloud"] for row in extensions.json()} == {"CloudOne, CloudTwo"}


def test_a_strict_scope_makes_an_answer_without_a_cloud_an_error(lab: Any) -> None:
    """CloudTwo's policy has no administrator of CloudOne see its hypervisors."""
    administrator = User("CloudOne-admin")
    partial = administrator.openstack("hypervisor", "list", "-f", "json", scope=BOTH)
    assert partial.code == 0, partial.stderr
    assert "not every cloud is in the answer" in partial.stderr
    assert {row["Cloud"] for row in partial.json()} == {"CloudOne"}
    strict = administrator.openstack("hypervisor", "list", "--os-scope-strict", scope=BOTH)
    assert strict.code == 1
    assert "gateway of CloudOne: the scope is strict, and CloudTwo answered 403" in strict.stderr
