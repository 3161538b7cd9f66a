# SPDX-License-Identifier: Apache-2.0
"""Ports: distinct, stable, and chosen beside those of others."""

import socket

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import ports


def test_no_port_of_a_block_is_given_twice() -> None:
    given = list(ports.shared_ports(8800).values())
    for number in range(1, ports.MOST_CLOUDS + 1):
        given += ports.cloud_ports(8800, number).values()
    assert len(given) == len(set(given))
    assert min(given) > 8800
    assert max(given) < 8800 + ports.STEP


def test_gateways_have_the_first_ports() -> None:
    assert [ports.cloud_ports(8800, number)["gateway"] for number in (1, 2)] == [8801, 8802]


def test_there_is_an_end_to_the_clouds() -> None:
    with pytest.raises(OpenstackoidError, match="ports for 40 clouds"):
        ports.cloud_ports(8800, 41)


def test_the_first_free_block_is_chosen() -> None:
    assert ports.choose_base(2, [], lambda port: True) == 8800
    assert ports.choose_base(2, [8800], lambda port: True) == 9800
    assert ports.choose_base(2, [8800], lambda port: port != 9801) == 10800


def test_a_port_outside_the_needed_ones_does_not_matter() -> None:
    assert ports.choose_base(1, [], lambda port: port != 8802) == 8800


def test_no_free_block_is_an_answer() -> None:
    with pytest.raises(OpenstackoidError, match="no block of ports is free"):
        ports.choose_base(1, [], lambda port: False)


def test_a_listener_takes_a_port_and_a_closed_one_frees_it() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)
