# SPDX-License-Identifier: Apache-2.0
"""Installing the distribution's packages: with a stand-in for apt-get, on a folder of our own instead of /usr/sbin."""

from pathlib import Path

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import packages
from openstackoid.lab.packages import Environment, check_before, install_packages, run_apt

_APT = """#!/bin/sh
echo "apt-get $*" >> "{calls}"
echo "policy $(cat "{policy}" 2>&1 | tail -n 1)" >> "{calls}"
exit {code}
"""
_PLAIN = """#!/bin/sh
echo "${{0##*/}} $*" >> "{calls}"
exit {code}
"""


_WITHOUT_LISTS = """#!/bin/sh
echo "apt-get $* in $PWD" >> "{calls}"
case "$*" in
*update) touch "{calls}.lists" ;;
*) test -e "{calls}.lists" || exit 100 ;;
esac
exit {code}
"""


class Machine:
    """Programs of the distribution that write down how they were called, and a place for the policy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.policy = folder / "policy-rc.d"
        self.log = folder / "logs" / "apt.log"

    def program(self, name: str, text: str = _PLAIN, code: int = 0) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(calls=self.calls, policy=self.policy, code=code))
        path.chmod(0o700)

    def said(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    for name in ("systemctl", "update-rc.d"):
        machine.program(name)
    machine.program("apt-get", _APT)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(packages, "_POLICY", machine.policy)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return machine


def test_installing_packages_starts_and_removes_no_service(machine: Machine) -> None:
    install_packages(["rabbitmq-server"], machine.log)
    install, policy, *quiet = machine.said()
    assert "--no-remove" in install
    assert install.endswith(" rabbitmq-server")
    assert policy == "policy exit 101"
    assert quiet == ["systemctl disable rabbitmq-server.service", "update-rc.d rabbitmq-server disable"]
    assert not machine.policy.exists()


def test_services_of_packages_that_were_there_are_left_alone(machine: Machine) -> None:
    install_packages(["mariadb-server-core"], machine.log)
    assert not [call for call in machine.said() if call.startswith(("systemctl", "update-rc.d"))]


def test_the_machines_own_policy_is_put_back(machine: Machine) -> None:
    machine.policy.write_text("the machine's own")
    install_packages(["erlang-base"], machine.log)
    assert "policy exit 101" in machine.said()
    assert machine.policy.read_text() == "the machine's own"


def test_a_policy_that_a_killed_run_left_is_not_taken_for_the_machines(machine: Machine) -> None:
    left = Path(f"{machine.policy}.openstackoid-kept")
    left.write_text("the machine's own")
    machine.policy.write_text(packages._POLICY_TEXT)
    install_packages(["erlang-base"], machine.log)
    assert machine.policy.read_text() == "the machine's own"
    machine.policy.write_text(packages._POLICY_TEXT)
    install_packages(["erlang-base"], machine.log)
    assert not machine.policy.exists()


def test_a_failure_is_an_answer_and_leaves_no_policy(machine: Machine) -> None:
    machine.program("apt-get", _APT, code=100)
    with pytest.raises(OpenstackoidError, match=r"could not install .* \(exit code 100\); the end of .*apt.log"):
        install_packages(["erlang-base"], machine.log)
    assert not machine.policy.exists()


def test_a_missing_list_of_packages_is_fetched(machine: Machine) -> None:
    machine.program("apt-get", _WITHOUT_LISTS)
    install_packages(["erlang-base"], machine.log)
    assert [
        next(word for word in call.split() if word in ("install", "update")) for call in machine.said() if "apt-get" in call
    ] == [
        "install",
        "update",
        "install",
    ]


def test_a_download_into_a_folder_fetches_a_missing_list_as_root(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    machine.program("apt-get", _WITHOUT_LISTS)
    machine.program("sudo", '#!/bin/sh\necho "sudo" >> "{calls}"\nexec "$@"\n')
    folder = machine.folder / "downloads"
    folder.mkdir()
    run_apt(["apt-get", "download", "prometheus"], machine.log, folder)
    download = f"apt-get download prometheus in {folder}"
    first, *update, last = machine.said()
    assert (first, last) == (download, download)
    assert (update[0], update[1].startswith("apt-get -q update in ")) == ("sudo", True)


def test_a_refusing_sudo_is_an_error_before_the_installation(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(packages, "missing_packages", lambda: ["erlang-base"])
    machine.program("sudo", code=1)
    with pytest.raises(OpenstackoidError, match="sudo does not let this user"):
        check_before(Environment(machine.folder / "venv"), machine.folder)
    assert machine.said() == ["sudo true"]


def test_a_new_swift_keeps_the_databases_and_a_new_nova_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = tmp_path / "constraints.txt"
    monkeypatch.setattr(packages, "CONSTRAINTS", pins)
    keys = []
    for text in ("nova==1\nswift==1\n", "nova==1\nswift==2\n", "nova==2\nswift==2\n"):
        pins.write_text(text)
        keys.append((Environment.of(tmp_path).directory, Environment.of(tmp_path).schema_key))
    assert keys[0][0] != keys[1][0]
    assert keys[0][1] == keys[1][1] != keys[2][1]


def test_an_environment_of_other_packages_is_another_folder_and_changes_with_its_pins(tmp_path: Path) -> None:
    pins = tmp_path / "pins.txt"
    folders = [Environment.of(tmp_path).directory]
    for text in ("swiftclient==1\n", "swiftclient==2\n"):
        pins.write_text(text)
        environment = Environment.of(tmp_path, "clients", ("swiftclient",), pins)
        assert (environment.requirements, environment.constraints) == (("swiftclient",), pins)
        folders.append(environment.directory)
    assert [folder.name.split("-")[0] for folder in folders] == ["openstack", "clients", "clients"]
    assert len(set(folders)) == 3
