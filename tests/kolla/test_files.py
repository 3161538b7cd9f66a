# SPDX-License-Identifier: Apache-2.0
"""The role kolla alone, on folders of the test: files of an operator are neither overwritten nor deleted."""

import json
import subprocess
from pathlib import Path

import pytest

from kolla.environment import ROOT, environment

HOSTS = ("controller1", "controller2")
OWN = "backend glance_api_back\n  balance source\n"
"""An operator's own configuration."""


class Role:
    """The role on two load balancers that are this machine, with all files below a folder."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config/haproxy-config"
        self.check = folder / "node/keepalived/checks/check_alive_openstackoid.sh"
        self.check.parent.mkdir(parents=True)
        collection = folder / "collections/ansible_collections/openstackoid"
        collection.mkdir(parents=True)
        collection.joinpath("gateway").symlink_to(ROOT / "deploy/collection")
        self._folder = folder
        settings = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": str(environment().script("python")),
            "openstackoid_kolla_custom_config": str(folder / "config"),
            "openstackoid_kolla_node_config": str(folder / "node"),
        }
        # JSON is YAML.
        groups = {"loadbalancer": {"hosts": dict.fromkeys(HOSTS, settings)}}
        (folder / "inventory.json").write_text(json.dumps({"all": {"children": groups}}))

    def play(self, state: str, *words: str) -> tuple[int, str]:
        """Have the role bring its files (``present``) or take them back (``absent``); return the exit code and the output.

        ``words``: further ones for ansible-playbook.
        """
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "ANSIBLE_HOME": str(self._folder),
            "ANSIBLE_REMOTE_TMP": str(self._folder / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(self._folder / "collections"),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_NOCOLOR": "true",
        }
        command = [
            str(environment().script("ansible-playbook")),
            "--inventory",
            "inventory.json",
            *words,
            f"openstackoid.gateway.kolla_{state}",
        ]
        done = subprocess.run(command, env=env, cwd=self._folder, text=True, capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def files(self) -> set[str]:
        """Return the files of the custom configuration."""
        return {str(path.relative_to(self.config)) for path in self.config.rglob("*") if path.is_file()}


@pytest.fixture
def role(tmp_path: Path) -> Role:
    return Role(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("glance-api.cfg", "is not as this role writes it, and would be lost"),
        ("controller2/glance-api.cfg", "comes before a file of this role, and HAProxy on controller2 would keep the ports"),
    ],
)
def test_a_file_of_the_operator_for_the_same_service_is_refused_before_a_change(role: Role, name: str, reason: str) -> None:
    own = role.config / name
    own.parent.mkdir(parents=True)
    own.write_text(OWN)
    code, said = role.play("present")
    assert (
        f"{own} {reason}. Nothing is changed. Move what is named away, or leave its service out of openstackoid_kolla_services."
    ) in said
    assert code != 0
    assert own.read_text() == OWN
    assert role.files() == {name}
    assert not role.check.exists()


def test_files_for_other_services_and_hosts_stay_and_a_file_that_the_operator_has_changed_is_not_deleted(role: Role) -> None:
    others = {"mariadb.cfg", "elsewhere/glance-api.cfg", "controller1/mariadb.cfg"}
    for name in others:
        (role.config / name).parent.mkdir(parents=True, exist_ok=True)
        (role.config / name).write_text(OWN)
    code, said = role.play("present")
    assert code == 0, said
    written = role.files() - others
    assert len(written) > 5
    assert role.check.exists()
    changed = role.config / "glance-api.cfg"
    changed.write_text(changed.read_text() + OWN)
    code, said = role.play("absent")
    assert code == 0, said
    assert role.files() == others | {changed.name}
    assert changed.read_text().endswith(OWN)
    assert not role.check.exists()


def test_the_one_external_frontend_is_left_to_the_gateway_where_the_operator_says_so(role: Role) -> None:
    one = role.config.parent / "haproxy/services.d/external-frontend.cfg"
    single = ("--extra-vars", "openstackoid_kolla_single_external_frontend=true")
    one.parent.mkdir(parents=True)
    one.write_text(OWN)
    code, said = role.play("present", *single)
    assert code != 0
    assert f"{one} is not as this role writes it, and would be lost. Nothing is changed." in said
    one.unlink()
    code, said = role.play("present", *single)
    assert code == 0, said
    assert one.read_text().startswith("# The gateway of OpenStackoid listens in the place of ")
    code, said = role.play("absent")
    assert code == 0, said
    assert (one.exists(), role.files()) == (False, set())
