# SPDX-License-Identifier: Apache-2.0
"""Held connections: `make pair-test` shows them between machines, where packets do not come by the loopback interface."""

import socket

import pytest

from openstackoid.gateway.held_connections import hold, may_hold, release

pytestmark = pytest.mark.skipif(not may_hold(), reason="this kernel lets only CAP_NET_ADMIN hold connections")


def test_a_connection_of_the_machine_itself_is_accepted_while_others_are_held() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hold([listening])
        with socket.create_connection(listening.getsockname(), 5):
            listening.settimeout(5)
            listening.accept()[0].close()


def test_a_socket_is_released_whether_it_holds_or_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        release(listening)
        hold([listening])
        release(listening)
        with socket.create_connection(listening.getsockname(), 5):
            pass
