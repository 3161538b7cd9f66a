# SPDX-License-Identifier: Apache-2.0
"""Held connections: `make pair-test` shows them between machines, where packets do not come by the loopback interface."""

import os
import socket
import subprocess
import sys

import pytest

from openstackoid.gateway.held_connections import hold, may_hold, release

needs_the_right = pytest.mark.skipif(not may_hold(), reason="this kernel lets only CAP_NET_ADMIN hold connections")
WITH_THE_RIGHT = (
    "setpriv",
    "--reuid=65534",
    "--clear-groups",
    "--inh-caps=+net_admin,+dac_read_search",
    "--ambient-caps=+net_admin,+dac_read_search",
)
"""The beginning of a command that runs as systemd's `AmbientCapabilities=CAP_NET_ADMIN` has it.

It may read all files, too: those of a clone that root alone may read.
"""
NET_ADMIN = 1 << 12


@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root to give a right away")
def test_a_gateway_keeps_the_right_to_hold_connections_from_its_programs() -> None:
    program = """
import subprocess
from openstackoid.gateway.held_connections import keep_the_right, may_hold
keep_the_right()
print(may_hold())
print(subprocess.check_output(["grep", "CapEff", "/proc/self/status"], text=True))
"""
    done = subprocess.run([*WITH_THE_RIGHT, sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    may, _, effective = done.stdout.split()
    assert may == "True"
    assert not int(effective, 16) & NET_ADMIN


@needs_the_right
def test_a_connection_of_the_machine_itself_is_accepted_while_others_are_held() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hold([listening])
        with socket.create_connection(listening.getsockname(), 5):
            listening.settimeout(5)
            listening.accept()[0].close()


@needs_the_right
def test_a_socket_is_released_whether_it_holds_or_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        release(listening)
        hold([listening])
        release(listening)
        with socket.create_connection(listening.getsockname(), 5):
            pass
