# SPDX-License-Identifier: Apache-2.0
"""A drain: transfers under way end whole, the health page says 503, and no new request is lost while the gateway serves."""

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from openstackoid.gateway.process_group import STOP_GRACE
from unit.gateway.apart import Apart, apart
from unit.gateway.draining import HEALTH, says_503, started
from unit.gateway.running import PATIENCE, Client, Gateway, free_port, gone, sending, service
from unit.gateway.transfers import BY_PYTHON, HALF, Transfers, transfers
from waiting import until


def drain(gateway: Gateway) -> "subprocess.Popen[str]":
    options = ["--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    command = [sys.executable, "-m", "openstackoid", "gateway", "drain", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_transfers_end_whole_and_health_says_503_until_they_have(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        assert gateway.get(HEALTH)[0] == 200
        under_way = Transfers(gateway.port)
        gateway.running.terminate()
        gateway.wait_for("gateway of CloudOne drains")
        until(lambda: says_503(gateway))
        time.sleep(STOP_GRACE + 1)
        assert "it stops as soon as the requests under way have finished" in gateway.get(HEALTH)[1]
        assert gateway.get("/image/v2/images") == (200, "ok")
        assert gateway.get("/image/v2/images", BY_PYTHON) == (200, "ok")
        assert under_way.finish() == [2 * HALF] * 4
        assert gateway.running.wait(PATIENCE) == 0
        assert gateway.said().rstrip().endswith("gateway of CloudOne has stopped")


def test_the_command_drains_a_supervised_gateway_and_returns_when_it_has_stopped(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        under_way = Transfers(gateway.port)
        command = drain(gateway)
        gateway.wait_for("gateway of CloudOne drains")
        until(lambda: says_503(gateway))
        assert command.poll() is None
        assert under_way.finish() == [2 * HALF] * 4
        assert gateway.running.wait(PATIENCE) == 0
        assert command.communicate(timeout=PATIENCE)[0] == "the gateway of CloudOne has stopped\n"
        assert command.returncode == 0


def test_the_bound_of_the_operator_ends_a_transfer_that_does_not_finish(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {longest: 1}") as gateway:
        under_way = Transfers(gateway.port)
        begun = time.monotonic()
        # It stops within the patience of the test, which is less than the time that requests have by default.
        assert gateway.stop() == 0
        assert time.monotonic() - begun >= 1
        assert under_way.uploads[0].recv(1) == b""
        under_way.close()


def test_an_idle_gateway_says_503_for_the_notice_and_serves_meanwhile(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {notice: 3}") as gateway:
        begun = time.monotonic()
        gateway.running.terminate()
        until(lambda: says_503(gateway))
        assert gateway.get("/image/v2/images") == (200, "ok")
        assert gateway.running.wait(PATIENCE) == 0
        assert time.monotonic() - begun >= 3


def test_an_idle_gateway_without_a_notice_stops_at_once(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        parts = list(gateway.parts().values())
        assert gateway.stop() == 0
        assert "drains" not in gateway.said()
        assert gone(parts)


def test_a_second_signal_ends_the_drain(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        under_way = Transfers(gateway.port)
        gateway.running.terminate()
        until(lambda: says_503(gateway))
        begun = time.monotonic()
        gateway.running.terminate()
        assert gateway.running.wait(PATIENCE) == 0
        assert time.monotonic() - begun < PATIENCE / 2
        under_way.close()


def test_a_haproxy_that_dies_during_the_drain_says_503_when_it_runs_again(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        under_way = Transfers(gateway.port)
        before = gateway.parts()["haproxy"].pid
        gateway.running.terminate()
        until(lambda: says_503(gateway))
        (new,) = [one for one in gateway.haproxies() if one.pid != before]
        new.kill()
        gateway.wait_for("HAProxy of CloudOne runs again")
        assert says_503(gateway)
        assert under_way.finish() == [2 * HALF] * 4
        assert gateway.running.wait(PATIENCE) == 0


def test_no_request_is_lost_while_a_loaded_gateway_drains(tmp_path: Path) -> None:
    """Clients that heed the health page, as load balancers do."""
    with started(tmp_path, "drain: {notice: 2}") as gateway:
        clients = [
            Client(lambda: HTTPConnection("127.0.0.1", gateway.port, timeout=60), keep, 0.002, "ok") for keep in (True, False)
        ]
        with sending(clients):
            time.sleep(0.5)
            gateway.running.terminate()
            until(lambda: says_503(gateway))
        assert gateway.running.wait(PATIENCE) == 0
        assert [client.lost for client in clients] == [[], []]
        assert all(client.answered > 5 for client in clients)


def test_a_drain_without_a_gateway_is_refused_in_words(tmp_path: Path) -> None:
    with service() as backend:
        gateway = Gateway(tmp_path, free_port(), backend)
        command = drain(gateway)
        said, _ = command.communicate(timeout=PATIENCE)
    assert (command.returncode, said.startswith("openstackoid: no gateway of CloudOne runs here: HAProxy does not ")) == (1, True)


@pytest.mark.parametrize("mode", ["-db", "-W"])
def test_the_command_drains_an_haproxy_without_a_supervisor(mode: str) -> None:
    with TemporaryDirectory(prefix="oid-") as folder, transfers() as backend:
        (Path(folder) / "state").mkdir(mode=0o700)
        with apart(Path(folder), backend, mode) as gateway:
            under_way = Transfers(gateway.port)
            command = drain(gateway)
            until(lambda: says_503(gateway))
            time.sleep(1)
            assert gateway.get("/image/v2/images", BY_PYTHON) == (200, "ok")
            assert (command.poll(), gateway.haproxy.poll()) == (None, None)
            assert under_way.finish() == [2 * HALF] * 4
            said, _ = command.communicate(timeout=PATIENCE)
            assert said.splitlines()[-1] == "HAProxy of CloudOne has stopped"
            assert (command.returncode, gateway.haproxy.wait(PATIENCE)) == (0, 0)


def test_a_python_service_without_a_supervisor_lets_requests_finish() -> None:
    with TemporaryDirectory(prefix="oid-") as folder, transfers() as backend:
        (Path(folder) / "state").mkdir(mode=0o700)
        with apart(Path(folder), backend) as gateway:
            under_way = Transfers(gateway.port)
            gateway.bridge.terminate()
            time.sleep(STOP_GRACE)
            assert under_way.finish() == [2 * HALF] * 4
            assert gateway.bridge.wait(PATIENCE) == 0


def test_a_reload_of_an_haproxy_without_a_supervisor_loses_no_request() -> None:
    def connect(gateway: Apart) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", gateway.port, timeout=60)

    with TemporaryDirectory(prefix="oid-") as folder, transfers() as backend:
        (Path(folder) / "state").mkdir(mode=0o700)
        with apart(Path(folder), backend, "-W") as gateway:
            clients = [Client(lambda: connect(gateway), keep, 0.01, "ok") for keep in (True, False)]
            with sending(clients):
                under_way = Transfers(gateway.port)
                for _ in range(3):
                    time.sleep(0.5)
                    os.kill(gateway.haproxy.pid, signal.SIGUSR2)
                    os.kill(gateway.bridge.pid, signal.SIGHUP)
                time.sleep(2)
            assert under_way.finish() == [2 * HALF] * 4
            assert [client.lost for client in clients] == [[], []]
            assert all(client.answered > 5 for client in clients)
