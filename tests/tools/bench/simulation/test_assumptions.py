# SPDX-License-Identifier: Apache-2.0
"""Each assumption has a reason, and the gateway's figures are its own."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bench.gateway import runtime_in
from bench.haproxy import instance, plain
from bench.meshes import two_clouds
from bench.processes import free_ports
from bench.simulation.assumptions import Assumptions
from openstackoid.haproxy import compile_gateway
from openstackoid.haproxy.binary import BUNDLED, find_haproxy
from openstackoid.haproxy.process import CONFIGURATION
from openstackoid.mesh import Timeouts, parse_mesh
from openstackoid.policy import Policy


def test_each_has_a_value_and_a_reason() -> None:
    rows = Assumptions().rows()
    assert len({name for name, *_ in rows}) == len(rows) > 20
    assert all(value and len(why) > 10 for _, value, why in rows)


def test_the_value_stands_with_its_unit() -> None:
    assert ["sites", "10,000", "the scale of the issue"] in Assumptions().rows()
    assert next(value for name, value, _ in Assumptions().rows() if name == "fibre_km_s") == "200,000 km/s"


def test_timeouts_of_the_gateway_are_the_defaults() -> None:
    assumed = Assumptions()
    assert (assumed.connect_s, assumed.server_s, assumed.check_s) == (
        Timeouts().connect,
        Timeouts().server,
        Timeouts().check,
    )
    assert assumed.believed_s == Policy().seconds


def test_the_generated_configuration_retries_as_often(tmp_path: Path) -> None:
    files = compile_gateway(parse_mesh(two_clouds(1001, 1002, 1003)), "CloudOne", runtime_in(tmp_path))
    assert f"    retries {Assumptions().retries}\n" in files[CONFIGURATION]


@contextmanager
def silent_port() -> Iterator[int]:
    """Give a port whose queue is full, so that Linux drops who wants to connect, as a network does that is cut."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize("silent", [True, False])
def test_haproxy_waits_as_is_assumed_for_a_server_that_is_lost(tmp_path: Path, silent: bool) -> None:
    assumed, connect = Assumptions(), 1.5
    tries = 1 + assumed.retries
    expected = tries * connect if silent else (tries - 1) * assumed.turnaround_s
    own, refusing = free_ports(2)
    with silent_port() as dropping:
        files = plain(tmp_path, own, ["image"], dropping if silent else refusing, log=False)
        text = files[CONFIGURATION].replace("timeout connect 3s", f"timeout connect {connect * 1000:.0f}ms")
        # Of a server that is checked, it knows soon; of peers nobody checks any.
        unchecked = "\n".join(line for line in text.splitlines() if "check" not in line) + "\n"
        with instance(find_haproxy(BUNDLED), tmp_path, {CONFIGURATION: unchecked}, frozenset({0})):
            began = time.perf_counter()
            with pytest.raises(HTTPError, match="503"):
                urlopen(f"http://127.0.0.1:{own}/image/v2/images", timeout=20)
            assert time.perf_counter() - began == pytest.approx(expected, abs=0.4)
