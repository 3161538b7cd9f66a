# SPDX-License-Identifier: Apache-2.0
"""An instance of the lab: its files, its state, and the differences between clouds."""

from pathlib import Path

import pytest
import yaml

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import bootstrap, bus, ports
from openstackoid.lab.deploy import is_up_since
from openstackoid.lab.down import down
from openstackoid.lab.lab import Lab
from openstackoid.lab.progress import Progress
from openstackoid.lab.status import overall, status
from openstackoid.mesh import load_mesh, load_readers


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("OPENSTACKOID_LAB_CLOUDS", "CloudOne,CloudTwo")
    monkeypatch.setattr(ports, "is_free", lambda port: True)


def _saved() -> Lab:
    lab = Lab.described("unit")
    lab.save()
    return lab


def test_a_lab_that_was_never_up_has_no_clouds() -> None:
    lab = Lab.load("unit")
    assert lab.clouds == ()
    assert repr(lab) == "<Lab unit: no cloud>"


def test_clouds_keep_their_ports_when_others_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    first = _saved()
    before = first.frontend(first.cloud("CloudTwo"))
    monkeypatch.setenv("OPENSTACKOID_LAB_CLOUDS", "CloudThree,CloudTwo")
    lab = _saved()
    assert lab.frontend(lab.cloud("CloudTwo")) == before
    assert lab.frontend(lab.cloud("CloudThree")) not in (before, first.frontend(first.cloud("CloudOne")))


def test_instances_do_not_share_ports() -> None:
    one = _saved()
    other = Lab.described("other")
    assert one.base != other.base


def test_clients_find_every_cloud_and_know_them_all() -> None:
    lab = _saved()
    entries = yaml.safe_load(lab.clouds_yaml.read_text())["clouds"]
    assert list(entries) == ["CloudOne", "CloudOne-admin", "CloudTwo", "CloudTwo-admin"]
    one = entries["CloudOne"]
    assert one["auth"]["auth_url"] == lab.frontend(lab.cloud("CloudOne")) + "/v3"
    assert one["auth"]["username"] == "demo"
    assert one["region_name"] == "CloudOne"
    assert one["cacert"] == str(lab.authority)
    assert lab.authority.exists()
    assert one["scope_clouds"] == ["CloudOne", "CloudTwo"]
    assert lab.clouds_yaml.stat().st_mode & 0o077 == 0


def test_clouds_share_no_secret_and_keep_theirs() -> None:
    lab = _saved()
    one, two = (set(lab.site(cloud).secrets.values()) for cloud in lab.clouds)
    assert not one & two
    assert set(Lab.load("unit").site(lab.clouds[0]).secrets.values()) == one


def test_each_gateway_gets_the_reader_accounts_of_its_peers() -> None:
    lab = _saved()
    one, two = lab.clouds
    assert lab.readers_yaml(one).stat().st_mode & 0o077 == 0
    mesh = load_mesh(lab.mesh_yaml)
    (account,) = load_readers(mesh, "CloudOne").values()
    assert account.auth_url == f"{lab.frontend(two)}/v3"
    assert account.options["password"] == lab.site(two).secrets["reader"]
    assert list(load_readers(mesh, "CloudTwo")) == ["CloudOne"]


def test_keys_are_drawn_once_and_for_each_cloud() -> None:
    lab = _saved()
    sites = [lab.write_site(cloud) for cloud in lab.clouds]
    keys = [site.conf / "keystone" / "fernet-keys" / "1" for site in sites]
    first = [key.read_bytes() for key in keys]
    assert first[0] != first[1]
    lab.write_site(lab.clouds[0])
    assert keys[0].read_bytes() == first[0]


def test_images_differ_from_cloud_to_cloud_and_not_from_time_to_time() -> None:
    assert bootstrap.image_content("CloudOne") == bootstrap.image_content("CloudOne")
    assert bootstrap.image_content("CloudOne") != bootstrap.image_content("CloudTwo")
    assert len(bootstrap.image_content("CloudOne")) == 1024 * 1024


def test_a_bus_password_is_stored_as_rabbitmq_does() -> None:
    # The example of RabbitMQ's documentation on password hashing: "test12" with the salt 908D C60A.
    assert bus.password_hash("test12", bytes.fromhex("908dc60a")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_definitions_are_the_same_each_time_and_hold_no_password() -> None:
    described = bus.definitions({"cloudone": "secret"})
    assert described == bus.definitions({"cloudone": "secret"})
    assert "secret" not in str(described)


def test_a_stopped_lab_says_so() -> None:
    report = status(_saved())
    assert report["lab"] == "unit"
    assert report["shared"]["state"] == "down"
    assert [(cloud["name"], cloud["state"]) for cloud in report["clouds"]] == [("CloudOne", "down"), ("CloudTwo", "down")]
    names = [service["name"] for service in report["clouds"][0]["services"]]
    assert names == [
        "gateway",
        "keystone",
        "glance",
        "placement",
        "neutron",
        "nova-api",
        "nova-conductor",
        "nova-scheduler",
        "nova-compute",
    ]
    assert report["clouds"][0]["services"][1]["type"] == "identity"
    assert report["clouds"][0]["frontend"] == "https://127.0.0.1:8801"


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        (["up", "up"], "up"),
        (["down", "down"], "down"),
        (["up", "down"], "degraded"),
        (["silent", "down"], "degraded"),
    ],
)
def test_the_whole_is_as_its_parts(states: list[str], whole: str) -> None:
    assert overall([{"state": state} for state in states]) == whole


def test_a_report_from_before_the_start_does_not_count() -> None:
    service = {"state": "up", "updated_at": "2026-01-01T00:00:10.000000"}
    stamp = 1767225610.0
    assert is_up_since(service, stamp)
    assert is_up_since(service, stamp + 0.5)
    assert not is_up_since(service, stamp + 5)
    assert not is_up_since({**service, "state": "down"}, stamp)
    assert is_up_since({"state": "up", "updated_at": None}, stamp)


def test_a_lab_with_a_damaged_file_can_be_removed() -> None:
    lab = Lab.described("broken")
    lab.save()
    (lab.directory / "lab.json").write_text("{")
    Lab.described("another").save()
    with pytest.raises(OpenstackoidError, match="damaged"):
        down("broken", [], False, Progress())
    down("broken", [], True, Progress())
    assert not lab.directory.exists()
