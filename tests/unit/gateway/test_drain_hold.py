# SPDX-License-Identifier: Apache-2.0
"""A drain that holds new connections: the requests under way end whole, and connections wait no longer than these take."""

import socket
import time
from pathlib import Path

import pytest

from openstackoid.gateway.held_connections import may_hold
from unit.gateway.draining import HEALTH, accepts, says_503, started
from unit.gateway.running import PATIENCE, Gateway
from unit.gateway.transfers import HALF, Transfers
from waiting import until

needs_the_right = pytest.mark.skipif(not may_hold(), reason="this kernel lets only CAP_NET_ADMIN hold connections")


@needs_the_right
def test_with_held_connections_health_says_503_once_transfers_have_ended_whole(tmp_path: Path) -> None:
    """`make pair-test` shows that other machines' connections wait; those of the machine itself are accepted."""
    with started(tmp_path, "drain: {hold: 1}") as gateway:
        under_way = Transfers(gateway.port)
        gateway.running.terminate()
        gateway.wait_for("gateway of CloudOne drains: requests finish")
        assert gateway.get(HEALTH)[0] == 200
        assert gateway.get("/image/v2/images") == (200, "ok")
        assert under_way.finish() == [2 * HALF] * 4
        gateway.wait_for("new connections wait until another machine has the address")
        until(lambda: says_503(gateway))
        begun = time.monotonic()
        assert gateway.running.wait(PATIENCE) == 0
        assert time.monotonic() - begun > 3


@needs_the_right
def test_an_idle_gateway_holds_connections_no_longer_than_it_takes_to_replace_haproxy(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {hold: 30}") as gateway:
        begun = time.monotonic()
        assert gateway.stop() == 0
        assert "says 503" in gateway.said()
        assert time.monotonic() - begun < 15


@needs_the_right
def test_transfers_that_begin_during_a_drain_and_take_longer_than_the_hold_end_whole(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {hold: 1}") as gateway:
        before, first = Transfers(gateway.port), gateway.parts()["haproxy"].pid
        gateway.running.terminate()
        gateway.wait_for("gateway of CloudOne drains: requests finish")
        until(lambda: not accepts(first))
        late = Transfers(gateway.port)
        assert before.finish() == [2 * HALF] * 4
        gateway.wait_for("requests take longer than new connections may wait")
        assert gateway.get(HEALTH)[0] == 200
        assert gateway.said().count("new connections wait") == 1
        assert late.finish() == [2 * HALF] * 4
        until(lambda: gateway.said().count("new connections wait") == 2)
        assert gateway.running.wait(PATIENCE) == 0
        assert "503" in gateway.said()


@needs_the_right
def test_connections_wait_only_until_the_requests_under_way_have_finished(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {hold: 30}") as gateway:
        before, first = Transfers(gateway.port), gateway.parts()["haproxy"].pid
        gateway.running.terminate()
        until(lambda: not accepts(first))
        late, idle = Transfers(gateway.port), socket.create_connection(("127.0.0.1", gateway.port))
        before.finish()
        gateway.wait_for("new connections wait until another machine has the address")
        time.sleep(3)
        assert "503" not in gateway.said()
        begun = time.monotonic()
        assert late.finish() == [2 * HALF] * 4
        until(lambda: says_503(gateway))
        assert time.monotonic() - begun < 10
        idle.close()


@needs_the_right
def test_transfers_that_begin_during_a_drain_are_ended_at_the_bound_of_the_operator(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {hold: 1, longest: 6}") as gateway:
        begun = time.monotonic()
        before, first = Transfers(gateway.port), gateway.parts()["haproxy"].pid
        gateway.running.terminate()
        gateway.wait_for("gateway of CloudOne drains: requests finish")
        until(lambda: not accepts(first))
        late = Transfers(gateway.port)
        before.finish()
        assert gateway.running.wait(PATIENCE) == 0
        assert time.monotonic() - begun >= 6
        assert late.uploads[0].recv(1) == b""
        late.close()


class WithoutTheRight(Gateway):
    """A gateway that may not hold connections."""

    @property
    def argv(self) -> list[str]:
        forbid = "from openstackoid.gateway import drain, held_connections as held; drain.may_hold = held.may_hold = bool"
        code = f"{forbid}; import sys; from openstackoid.cli import main; sys.exit(main(sys.argv[1:]))"
        argv = super().argv
        return [argv[0], "-c", code, *argv[argv.index("openstackoid") + 1 :]]


def test_a_gateway_that_may_not_hold_connections_says_so_and_drains(tmp_path: Path) -> None:
    with started(tmp_path, "drain: {hold: 1}", WithoutTheRight) as gateway:
        gateway.wait_for("gateway.drain.hold: here a process needs CAP_NET_ADMIN to hold connections, and a drain holds none")
        under_way = Transfers(gateway.port)
        gateway.running.terminate()
        until(lambda: says_503(gateway))
        assert gateway.get("/image/v2/images") == (200, "ok")
        assert under_way.finish() == [2 * HALF] * 4
        assert gateway.running.wait(PATIENCE) == 0
        assert "new connections wait" not in gateway.said()
