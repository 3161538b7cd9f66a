# SPDX-License-Identifier: Apache-2.0
"""The Ansible collection: its lint, and its roles on a booted Debian, where a second run changes nothing."""

import shutil
from concurrent.futures import Future
from pathlib import Path

import pytest
import yaml

from deploy.debian import Machine, tell
from deploy.playbook import Playbook, ansible, install_collection
from deploy.preparation import ROLES, ROOT

ADDRESS, OWN_ADDRESS = "10.0.1.10", "10.0.1.11/24"
"""The address of the pair, and this machine's."""
MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway: {drain: {hold: 2}}
    services:
      image: {frontend: "http://10.0.1.10:80/image", backend: "http://127.0.0.1:9292/image"}
"""
CHECK = "/etc/kolla/keepalived/checks/check_alive_openstackoid.sh"
HEALTH = ("curl", "--silent", "--fail", "--max-time", "5", f"http://{ADDRESS}/.openstackoid/health")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which the collection is installed."""
    folder = tmp_path_factory.mktemp("ansible")
    install_collection(folder)
    return folder


@pytest.fixture(scope="module")
def bare(bare_begun: "Future[Machine]") -> Machine:
    """A Debian without the gateway, and without a network."""
    return bare_begun.result()


@pytest.fixture(scope="module")
def playbook(collection: Path, bare: Machine, dist: Path) -> Playbook:
    """All roles, with an interface for the address and the folder of Kolla-Ansible's checks."""
    bare.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    for name in ("eth0", "eth1"):
        bare.run("ip", "link", "set", name, "up")
    bare.run("ip", "address", "add", OWN_ADDRESS, "dev", "eth0")
    bare.run("mkdir", "--parents", CHECK.rpartition("/")[0])
    configuration = collection / "configuration"
    configuration.mkdir()
    (configuration / "mesh.yaml").write_text(MESH)
    (wheel,) = dist.glob("*.whl")
    variables = {
        "openstackoid_gateway_cloud": "CloudOne",
        "openstackoid_gateway_configuration": str(configuration),
        "openstackoid_gateway_package": f"/wheels/{wheel.name}",
        "openstackoid_pair_address": f"{ADDRESS}/24",
        "openstackoid_pair_interface": "eth0",
        "openstackoid_pair_check": f"http://{ADDRESS}:80",
        "openstackoid_pair_nonlocal_bind": True,
        # This machine is the deployment host.
        "openstackoid_kolla_custom_config": str(collection / "kolla/config"),
    }
    return Playbook(bare, collection, [f"openstackoid.gateway.{role}" for role in ROLES], variables)


def test_ansible_lint_finds_nothing(collection: Path, tmp_path: Path) -> None:
    # A copy: it writes beside what it reads.
    copy = shutil.copytree(ROOT / "deploy/collection", tmp_path / "collection")
    ansible("ansible-lint", "--offline", "--strict", folder=collection, inside=copy)


def test_the_roles_bring_a_gateway_and_its_address(playbook: Playbook, bare: Machine) -> None:
    tell("the roles pair, gateway and kolla run")
    recap = playbook.play()
    assert recap["changed"] > 10
    for unit in ("openstackoid-gateway@CloudOne", "keepalived"):
        assert bare.systemctl("is-active", unit) == "active"
        assert bare.systemctl("is-enabled", unit) == "enabled"
    bare.run("sh", "-c", f"for _ in $(seq 60); do {' '.join(HEALTH)} && exit; sleep 0.5; done; journalctl --lines 60; exit 1")
    assert f"inet {ADDRESS}/24" in bare.run("ip", "address", "show", "eth0")


def test_a_second_run_changes_nothing(playbook: Playbook, bare: Machine) -> None:
    tell("the roles pair, gateway and kolla run again")
    units = ("openstackoid-gateway@CloudOne.service", "keepalived.service")
    before = [bare.systemctl("show", "--value", "--property=MainPID", unit) for unit in units]
    recap = playbook.play()
    assert (recap["changed"], recap["failed"], recap["unreachable"]) == (0, 0, 0)
    assert [bare.systemctl("show", "--value", "--property=MainPID", unit) for unit in units] == before
    assert "0" not in before


def test_kolla_ansible_leaves_the_frontends_to_the_gateway_and_takes_them_back(
    collection: Path, playbook: Playbook, bare: Machine
) -> None:
    files = collection / "kolla/config/haproxy-config"
    services = yaml.safe_load((ROOT / "deploy/collection/roles/kolla/defaults/main.yml").read_text())[
        "openstackoid_kolla_services"
    ]
    assert sorted(file.name for file in files.iterdir()) == sorted(f"{name}.cfg" for name in services)
    assert bare.run("stat", "--format=%a", CHECK).strip() == "770"
    assert "Host: 127.0.0.1:61314" in bare.run("cat", CHECK)
    for name, changes in (("kolla_present", False), ("kolla_absent", True), ("kolla_absent", False), ("kolla_present", True)):
        recap = playbook.play(f"openstackoid.gateway.{name}")
        assert (recap["changed"] > 0, recap["failed"], recap["unreachable"]) == (changes, 0, 0), name
        present = name == "kolla_present"
        assert bool(list(files.iterdir())) is present
        assert bool(bare.run("find", CHECK.rpartition("/")[0], "-type", "f").strip()) is present


def test_the_gateway_holds_connections_without_root_while_it_drains(playbook: Playbook, bare: Machine) -> None:
    unit = "openstackoid-gateway@CloudOne.service"
    pid = bare.systemctl("show", "--value", "--property=MainPID", unit)
    user = bare.run("id", "--user", "openstackoid").strip()
    assert bare.run("stat", "--format=%u", f"/proc/{pid}").strip() == user != "0"
    said = bare.run("systemd-analyze", "security", "--no-pager", "--threshold=30", unit)
    assert "Overall exposure level" in said
    bare.systemctl("stop", unit)
    journal = bare.run("journalctl", "--no-pager", "--unit", unit)
    assert "new connections wait until another machine has the address" in journal
    assert "needs CAP_NET_ADMIN" not in journal
