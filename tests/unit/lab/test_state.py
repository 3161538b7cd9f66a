# SPDX-License-Identifier: Apache-2.0
"""The lab's folder: owner only, remembered, removed."""

import stat
from pathlib import Path

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import state
from openstackoid.lab.state import Instance


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_and_files_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    assert state.write_private(path, "x")
    assert _mode(path) == 0o600
    assert _mode(path.parent) == _mode(path.parent.parent) == 0o700


def test_writing_tells_whether_something_changed(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    assert state.write_private(path, "x")
    assert not state.write_private(path, b"x")
    assert state.write_private(path, "y")
    assert [file.name for file in tmp_path.iterdir()] == ["c.txt"]


def test_the_instance_is_named_by_option_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state.VARIABLE, "test")
    assert state.instance_name("mine") == "mine"
    assert state.instance_name() == "test"
    monkeypatch.delenv(state.VARIABLE)
    assert state.instance_name() == "default"


@pytest.mark.parametrize("name", ["../x", "a b", "x" * 33, ".hidden"])
def test_a_name_that_is_no_folders_is_refused(name: str) -> None:
    with pytest.raises(OpenstackoidError, match="cannot name a lab"):
        state.instance_name(name)


def test_an_instance_remembers(tmp_path: Path) -> None:
    instance = Instance("one", tmp_path)
    assert not instance.exists()
    assert instance.load() == {}
    instance.save({"base": 8800})
    assert instance.exists()
    assert Instance("one", tmp_path).load() == {"base": 8800}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    instance = Instance("one", tmp_path)
    state.write_private(instance.directory / "lab.json", "{")
    with pytest.raises(OpenstackoidError, match=r"lab\.json is damaged"):
        instance.load()


def test_the_last_purge_removes_shared_files(tmp_path: Path) -> None:
    root = tmp_path / "openstackoid" / "lab"
    one, two = Instance("one", root), Instance("two", root)
    for instance in (one, two):
        instance.save({})
    state.private_dir(one.shared / "openstack-x")
    assert [other.name for other in one.others()] == ["two"]
    one.purge()
    assert one.shared.exists()
    two.purge()
    assert list(tmp_path.iterdir()) == []


def test_a_second_command_waits_for_the_first(tmp_path: Path) -> None:
    first, second = Instance("one", tmp_path), Instance("two", tmp_path)
    told: list[str] = []
    refused = pytest.raises(OpenstackoidError, match="another `openstackoid lab up` or `down` has not ended")
    with first.locked(lambda: None), refused, second.locked(lambda: told.append("x"), seconds=0.3):
        pass
    assert told == ["x"]
    with second.locked(lambda: told.append("y")):
        assert told == ["x"]


def test_commands_on_two_labs_go_on_side_by_side_once_ports_are_chosen(tmp_path: Path) -> None:
    one, same, two = (Instance(name, tmp_path) for name in ("one", "one", "two"))
    refused = pytest.raises(OpenstackoidError, match="has not ended")
    with one.locked(lambda: None) as let_others_go_on:
        let_others_go_on()
        with two.locked(lambda: None, seconds=0.3):
            pass
        with refused, same.locked(lambda: None, seconds=0.3):
            pass


def test_a_path_too_long_for_sockets_is_refused() -> None:
    with pytest.raises(OpenstackoidError, match="too long for unix sockets"):
        Instance("one", Path("/", "x" * 100)).check_path()


@pytest.mark.parametrize("folder", ["my state", "it's", "a;b", "$HOME"])
def test_path_that_scripts_of_the_distribution_do_not_take_is_refused(folder: str) -> None:
    with pytest.raises(OpenstackoidError, match=r"has .*, which scripts of MariaDB do not take: /") as raised:
        Instance("one", Path("/home", folder)).check_path()
    assert str(raised.value.hint).startswith("set XDG_STATE_HOME to a folder whose path has no spaces")
    Instance("one", Path("/home/Zoë/.local/state")).check_path()
