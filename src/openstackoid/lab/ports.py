# SPDX-License-Identifier: Apache-2.0
"""The ports of the lab: chosen once for an instance, and the same at every start.

An instance takes a block that starts at a *base*, 8800 unless that block is in use, then 9800, 10800 and so on:

========================  =========================================================
``base + n``              gateway of the n-th cloud, n from 1 (layout ``prefix``)
``base + 90 ... + 93``    MariaDB, RabbitMQ, epmd, Erlang's distribution
``base + 100 + 20 n``     frontends of the n-th cloud's services (layout ``ports``)
``base + 110 + 20 n``     backends of the n-th cloud's services
``base + 117 + 20 n``     its Swift's account, container and object server
========================  =========================================================
"""

import socket
from collections.abc import Callable, Iterable

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.catalog import APIS, HOST

FIRST_BASE, LAST_BASE, STEP = 8800, 27800, 1000
MOST_CLOUDS = 40
SHARED = ("mariadb", "rabbitmq", "epmd", "erlang")
STORAGE = ("account", "container", "object")


def shared_ports(base: int) -> dict[str, int]:
    """Return the ports of the processes that all clouds of the instance use."""
    return {name: base + 90 + offset for offset, name in enumerate(SHARED)}


def cloud_ports(base: int, number: int) -> dict[str, int]:
    """Return the ports of the instance's cloud of this number, from 1.

    Raises :class:`OpenstackoidError` if the block has no room.
    """
    if not 1 <= number <= MOST_CLOUDS:
        raise OpenstackoidError(f"a lab has ports for {MOST_CLOUDS} clouds, not for a cloud number {number}")
    ports = {"gateway": base + number}
    for offset, api in enumerate(APIS):
        ports[f"frontend.{api.type}"] = base + 100 + 20 * number + offset
        ports[f"backend.{api.type}"] = base + 110 + 20 * number + offset
    for offset, server in enumerate(STORAGE):
        ports[f"storage.{server}"] = base + 117 + 20 * number + offset
    return ports


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that lingers from the last run does not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_base(clouds: int, reserved: Iterable[int], free: Callable[[int], bool]) -> int:
    """Return the first base whose block is neither another instance's (``reserved``) nor in use.

    Raises :class:`OpenstackoidError` if there is none.
    """
    taken = set(reserved)
    for base in range(FIRST_BASE, LAST_BASE + 1, STEP):
        needed = [*shared_ports(base).values()]
        for number in range(1, clouds + 1):
            needed += cloud_ports(base, number).values()
        if base not in taken and all(free(port) for port in needed):
            return base
    raise OpenstackoidError(
        f"no block of ports is free between {FIRST_BASE} and {LAST_BASE + STEP}",
        hint="stop the programs that listen there (`ss -ltnp` lists them), or remove labs that you no longer use "
        "(`openstackoid lab down --purge --lab NAME`)",
    )
