# SPDX-License-Identifier: Apache-2.0
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder, write_files, write_private
from openstackoid.gateway.state_folder import default_folder
from unit.gateway.running import gone

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(SLEEPER) as process:
        yield process
        process.kill()


def test_processes_of_an_earlier_run_are_stopped(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    earlier = Folder(tmp_path / "state")
    earlier.open("CloudOne")
    earlier.record([sleeper.pid])
    earlier.draft({"haproxy.cfg": ""})
    assert earlier._lock is not None
    earlier._lock.close()

    left = psutil.Process(sleeper.pid)
    folder = Folder(tmp_path / "state")
    assert folder.open("CloudOne") == [left.pid]
    assert gone([left])
    assert list(folder.path.glob("generation-*")) == []
    folder.close()


def test_a_stranger_with_the_same_id_is_left_alone(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    write_files(tmp_path / "state", {"processes.json": json.dumps([{"pid": sleeper.pid, "created": 1.0}])})
    folder = Folder(tmp_path / "state")
    assert folder.open("CloudOne") == []
    folder.close()
    assert sleeper.poll() is None


def test_only_one_can_hold_it(tmp_path: Path) -> None:
    first, second = Folder(tmp_path / "state"), Folder(tmp_path / "state")
    first.open("CloudOne")
    with pytest.raises(GatewayError, match=rf"the gateway of CloudOne runs already \(process {os.getpid()}, state in {tmp_path}"):
        second.open("CloudOne")
    with pytest.raises(GatewayError, match="the gateway of CloudOne runs already") as refused:
        second.open("CloudTwo")
    assert refused.value.hint == "give each gateway its own --state-dir"
    first.close()
    second.open("CloudTwo")
    second.close()


def test_a_folder_that_others_can_look_into_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o755)
    folder = Folder(state)
    folder.open("CloudOne")
    folder.close()
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    state.chmod(0o755)
    with pytest.raises(GatewayError, match="others can look into it") as refused:
        folder.open("CloudOne")
    assert refused.value.hint == f"chmod 700 {state}"


def test_a_folder_that_cannot_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GatewayError, match="file/state: Not a directory"):
        Folder(tmp_path / "file" / "state").open("CloudOne")
    with pytest.raises(GatewayError, match=f"cannot make the folder {tmp_path}/file: File exists"):
        write_files(tmp_path / "file", {})
    with pytest.raises(GatewayError, match=r"cannot write .*/none/x: No such file"):
        write_private(tmp_path / "none" / "x", "")


@pytest.mark.parametrize("place", [None, "long" * 30])
def test_sockets_have_short_paths_even_where_the_folder_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str | None
) -> None:
    if place is not None:
        (tmp_path / place).mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / place))
    folder = Folder(tmp_path / ("long" * 30))
    folder.open("CloudOne")
    with socket.socket(socket.AF_UNIX) as probe:
        # What HAProxy adds to the name while it creates the socket.
        probe.bind(f"{folder.runtime.stats_socket}.1234567.tmp"[:107])
    rooms = folder.bridge_socket.parent
    folder.close()
    assert not rooms.exists()


def test_haproxy_can_create_each_socket_whatever_the_length_of_the_folder() -> None:
    with TemporaryDirectory(prefix="oid-") as parent:
        for length in range(70, 100):
            folder = Folder(Path(parent, "x" * (length - len(parent))))
            folder.open("CloudOne")
            assert max(len(path) for path in astuple(folder.runtime)) <= 97, length
            folder.close()


def test_files_are_private_and_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "mesh.yaml"
    write_private(path, "old")
    old = path.open()
    write_private(path, "new")
    with old:
        assert old.read() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["mesh.yaml"]


def test_each_cloud_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("openstackoid.gateway.state_folder.UNITS", tmp_path / "units")
    assert default_folder("CloudOne") == tmp_path / "openstackoid" / "gateway" / "CloudOne"
    (tmp_path / "units" / "CloudOne").mkdir(parents=True)
    assert default_folder("CloudOne") == tmp_path / "units" / "CloudOne"
    assert default_folder("CloudTwo") == tmp_path / "openstackoid" / "gateway" / "CloudTwo"
