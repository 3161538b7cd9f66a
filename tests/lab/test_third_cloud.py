# SPDX-License-Identifier: Apache-2.0
"""A third cloud is down, joins the lab, and leaves it, while two others run; lists of ``CloudOne & CloudTwo & CloudThree``.

And boots with an image of ``CloudOne | CloudTwo`` while CloudOne's Glance fails.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import yaml

from examples.coverage import Lab
from examples.glance_faults import BOOT, FAULTS, FROZEN, LACKS, SCOPE, STOPPED, Fault
from examples.people import people
from examples.scopes import play
from examples.session import User, image_downloads, lab_status, openstackoid
from examples.third_cloud import THIRD
from lab.glances import accepts, glance_proxy, waiting_less
from lab.items import IMAGE, Clouds, Kind, Made, at_once, per_kind
from waiting import until as wait_until

pytestmark = pytest.mark.timeout(600)
THERE = '{"image": "CloudThree"}'
CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
ALL = " & ".join(CLOUDS)
OF_ALL = at_once(CLOUDS)
PREFIX = "three"
EACH = 9
"""Of each kind in each cloud: more than a page of 25."""
SIZE = 256 * 1024
"""Bytes of an image: more than a gateway holds before it passes them on."""


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
        assert openstackoid("lab", "up", "CloudOne").code == 0


@pytest.fixture(scope="module")
def third(lab: Any) -> Iterator[Third]:
    """Describe a third cloud, which is down, and have it leave in the end."""
    found = Third(pids(), pytest.MonkeyPatch())
    found.described.setenv("OPENSTACKOID_LAB_CLOUDS", f"{os.environ['OPENSTACKOID_LAB_CLOUDS']},CloudThree:cinder")
    try:
        assert openstackoid("lab", "up", "CloudOne").code == 0
        until = time.monotonic() + 60
        # A running gateway reads the description when it has seen the change.
        while "unknown cloud" in User("CloudOne").openstack("image", "list", scope=THERE).stderr:
            assert time.monotonic() < until
            time.sleep(0.5)
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


def test_a_cloud_that_is_down_is_missing_in_a_list_of_all(third: Third, one: User) -> None:
    clouds = Clouds(Path(lab_status()["state_dir"]))
    theirs = {id: cloud for cloud in CLOUDS[:2] for id in clouds.ids(IMAGE, cloud)}
    partial = clouds.call(IMAGE, "GET", "/v2/images?limit=500", OF_ALL)
    assert partial.status_code == 200, partial.text
    assert {item["id"]: item["os_scope_cloud"] for item in partial.json()["images"]} == theirs
    assert partial.headers["X-Scope-Partial"] == "CloudThree=unreachable"
    strict = clouds.call(IMAGE, "GET", "/v2/images", OF_ALL, X_Scope_Strict="true")
    assert strict.status_code == 502, strict.text
    warned = one.openstack("image", "list", "-f", "json", scope=ALL)
    assert {row["ID"]: row["Cloud"] for row in warned.json()} == theirs, warned.stderr
    assert "not every cloud is in the answer of " in warned.stderr
    assert "CloudThree=unreachable" in warned.stderr


@pytest.mark.timeout(1500)
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


@pytest.fixture(scope="module")
def clouds(third: Third) -> Clouds:
    if lab_status()["clouds"][-1]["state"] == "down":
        assert openstackoid("lab", "up").code == 0
    return Clouds(Path(lab_status()["state_dir"]))


@pytest.fixture(scope="module")
def made(clouds: Clouds) -> Iterator[Made]:
    """Some of each kind in each cloud. The last test purges CloudThree."""
    with clouds.filled(CLOUDS, PREFIX, EACH, purged="CloudThree") as made:
        yield made


@pytest.mark.parametrize("limit", [25, 7, 1])
@per_kind
def test_pages_of_all_with_items_deleted_in_the_middle(kind: Kind, limit: int, clouds: Clouds, made: Made) -> None:
    """After the first page, the last of its items is deleted, and every second that is yet to come."""
    mine = {id: cloud for cloud in CLOUDS for id in made[kind.command, cloud]}
    before = {id: cloud for cloud in CLOUDS for id in clouds.ids(kind, cloud)}
    seen: list[tuple[str, str]] = []
    to_come: list[str] = []
    for page in clouds.pages(kind, limit, OF_ALL):
        assert len(page) <= limit
        seen += [(item["id"], item["os_scope_cloud"]) for item in page]
        listed = [id for id, _ in seen if id in mine]
        if not to_come and listed:
            to_come = [id for id in mine if id not in listed][::2]
            for cloud in CLOUDS:
                gone = [id for id in (listed[-1], *to_come) if mine[id] == cloud]
                clouds.delete(kind, cloud, gone)
                made[kind.command, cloud] = [id for id in made[kind.command, cloud] if id not in gone]
    assert to_come
    assert len(seen) == len(dict(seen))
    assert dict(seen) == {id: cloud for id, cloud in before.items() if id not in to_come}


@pytest.fixture(scope="module")
def images(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, str]]:
    """Make an image that CloudOne lacks (False), and one that CloudOne and CloudTwo have under the same id (True)."""
    file, id, user = tmp_path_factory.mktemp("glance") / "bytes", str(uuid4()), User("CloudOne")
    file.write_bytes(os.urandom(SIZE))
    create = ("image", "create", "--disk-format", "raw", "--container-format", "bare", "--file", str(file), "--id", id, id)
    where = [f'{{"image": "{cloud}"}}' for cloud in CLOUDS[:2]]
    try:
        for scope in where:
            made = user.openstack(*create, scope=scope)
            assert made.code == 0, made.stderr
        yield {False: User("CloudTwo").openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip(), True: id}
    finally:
        for scope in where:
            user.openstack("image", "delete", id, scope=scope)


@pytest.fixture(scope="module")
def booted() -> Iterator[list[str]]:
    """Keep the names of servers, and delete them in the end."""
    names: list[str] = []
    yield names
    User("CloudOne").openstack("server", "delete", "--wait", *names)


@contextmanager
def failing(fault: str, described: Lab, image: str, clouds: Clouds) -> Iterator[None]:
    """Have CloudOne's real Glance fail so until the end of the block."""
    glance = pids()["CloudOne", "glance"]
    mesh = yaml.safe_load((clouds.state / "mesh.yaml").read_text(encoding="utf-8"))
    backend = urlsplit(mesh["clouds"]["CloudOne"]["services"]["image"]["backend"]).netloc
    if fault == LACKS:
        yield
    elif fault == STOPPED:
        os.killpg(glance, signal.SIGTERM)
        try:
            wait_until(lambda: not accepts(backend))
            yield
        finally:
            assert openstackoid("lab", "up", "CloudOne", "--only", "services").code == 0
    elif fault == FROZEN:
        with described.described(waiting_less):
            os.killpg(glance, signal.SIGSTOP)
            try:
                yield
            finally:
                os.killpg(glance, signal.SIGCONT)
    else:
        with glance_proxy(backend) as proxy, described.described(proxy.before_glance):
            wait_until(lambda: clouds.call(IMAGE, "GET", f"/v2/images/{image}", '{"image": "CloudOne"}').ok and proxy.served > 0)
            proxy.fault = fault
            yield
            assert proxy.failed > 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.key)
def test_a_boot_while_the_first_clouds_glance_fails(
    fault: Fault, images: dict[bool, str], booted: list[str], clouds: Clouds, one: User, tmp_path: Path
) -> None:
    image, name = images[fault.key != LACKS], f"ex-{fault.key}"
    booted.append(name)
    before = image_downloads("CloudTwo", image)
    with failing(fault.key, Lab(tmp_path), image, clouds):
        done = one.openstack(*BOOT, image, name, "-f", "json", scope=SCOPE)
    is_active = fault.status == "ACTIVE"
    assert done.code == (0 if is_active else 1), done.stderr
    shown = done if is_active else one.openstack("server", "show", name, "-f", "json")
    assert shown.json()["status"] == fault.status
    assert image_downloads("CloudTwo", image) == before + is_active


def test_a_cloud_that_has_left_is_unknown(third: Third, one: User) -> None:
    third.leave()
    refused = one.openstack("image", "list", scope='{"image": "CloudThree"}')
    assert refused.code == 2
    assert "unknown cloud 'CloudThree'; known: CloudOne, CloudTwo" in refused.stderr
