# SPDX-License-Identifier: Apache-2.0
import asyncio
import subprocess
import time
from pathlib import Path

import pytest

from openstackoid.haproxy.binary import Haproxy, HaproxyError, find_haproxy
from openstackoid.haproxy.process import Predecessor, command, complaints, serving_pid, validate

GOOD = "global\n    stats socket '{socket}' mode 600 level admin\ndefaults\n    mode http\n    timeout connect 1s\n"
GOOD += "    timeout client 1s\n    timeout server 1s\nfrontend f\n    bind unix@'{socket}.f'\n    monitor-uri /\n"


@pytest.fixture(scope="module")
def haproxy() -> Haproxy:
    return find_haproxy()


def configure(folder: Path, text: str) -> Path:
    (folder / "haproxy.cfg").write_text(text.format(socket=folder / "s"))
    return folder


def test_a_good_configuration_is_accepted(tmp_path: Path, haproxy: Haproxy) -> None:
    assert asyncio.run(validate(haproxy, configure(tmp_path, GOOD))) == []


def test_its_warnings_are_returned(tmp_path: Path, haproxy: Haproxy) -> None:
    warnings = asyncio.run(validate(haproxy, configure(tmp_path, GOOD.replace("    timeout client 1s\n", ""))))
    assert any("timeout" in warning for warning in warnings)
    assert not any("haproxy version is" in warning for warning in warnings)


def test_its_complaint_is_the_error(tmp_path: Path, haproxy: Haproxy) -> None:
    with pytest.raises(HaproxyError) as refused:
        asyncio.run(validate(haproxy, configure(tmp_path, GOOD + "    default_backend nowhere\n")))
    lines = str(refused.value).splitlines()
    assert lines[0] == "HAProxy refuses the configuration:"
    assert any("'nowhere'" in line for line in lines[1:])
    assert not any("[ALERT]" in line for line in lines)


def test_one_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HaproxyError, match="none cannot be run: No such file or directory"):
        asyncio.run(validate(Haproxy(tmp_path / "none", (2, 8, 0)), tmp_path))


def test_a_successor_is_told_of_its_predecessor(haproxy: Haproxy) -> None:
    assert command(haproxy, Path("/g")) == [str(haproxy.path), "-db", "-f", "/g/haproxy.cfg"]
    takes_over = command(haproxy, Path("/g"), Predecessor(7, Path("/s")))
    assert takes_over[-4:] == ["-x", "/s", "-sf", "7"]


def test_complaints_of_haproxy_are_parsed() -> None:
    said = "[NOTICE]   (1) : haproxy version is 2.8.25\n[ALERT]    (1) : config : bad\n[WARNING]  : plain\nFATAL: bug\n\n"
    assert complaints(said) == [("ALERT", "config : bad"), ("WARNING", "plain"), (None, "FATAL: bug")]


def test_the_process_id_is_known_once_haproxy_serves(tmp_path: Path, haproxy: Haproxy) -> None:
    configure(tmp_path, GOOD)
    assert asyncio.run(serving_pid(tmp_path / "s")) is None
    with subprocess.Popen(command(haproxy, tmp_path), env=haproxy.environment(), stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 20
            while (pid := asyncio.run(serving_pid(tmp_path / "s"))) is None and time.monotonic() < until:
                time.sleep(0.05)
            assert pid == process.pid
        finally:
            process.kill()
