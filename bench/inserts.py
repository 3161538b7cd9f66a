# SPDX-License-Identifier: Apache-2.0
"""The CPU time of HAProxy for a route that it is taught: with room for it, and where it takes the place of another."""

import http.client
from contextlib import ExitStack
from urllib.parse import urlsplit

from bench.errors import BenchError
from bench.gateway import gateway
from bench.meshes import IMAGE_BYTES, TOKEN, two_clouds
from bench.processes import cpu, free_ports
from bench.results import Row
from bench.spread import Spread
from bench.stage import Stage
from openstackoid.haproxy.route_cache import CAPACITY, CAPACITY_BEFORE_2_9

SOURCES = tuple(f"127.0.0.{number}" for number in range(1, 51))
"""Clients: one source may fill a quarter of the places, and send 100 such requests a second."""

_BITS = 16
_PATIENCE = 30.0


def measure_inserts(stage: Stage, batch: int) -> list[Row]:
    """Measure ``batch`` routes with room for them, the same routes known, and as many new ones without room; at most 1,000.

    Each request has a scope that means the same in another text. Raises :class:`BenchError` where one is not answered, or where
    HAProxy has not been taught.
    """
    capacity = CAPACITY if stage.haproxy.version >= (2, 9) else CAPACITY_BEFORE_2_9
    (port,) = free_ports(1)
    description = two_clouds(port, stage.port["two"], stage.port["backend"])
    with gateway(stage.haproxy, stage.folder / "inserts", description, stage.cores) as ours, ExitStack() as stack:
        clients = [stack.enter_context(_Client(f"http://127.0.0.1:{port}{IMAGE_BYTES}", source)) for source in SOURCES]

        def asked(numbers: range) -> Spread:
            before = cpu(ours.haproxy)
            for number in numbers:
                clients[number % len(clients)].ask(_scope(number))
            return Spread.of([(cpu(ours.haproxy) - before).used / len(numbers) * 1e6])

        began = cpu(ours.bridge).used
        room, taught = asked(range(batch)), cpu(ours.bridge).used
        known, ended = asked(range(batch)), cpu(ours.bridge).used
        if ended - taught >= taught - began:
            raise BenchError("inserts: HAProxy has not been taught: the Python service has worked for known routes, too")
        asked(range(batch, filled := batch + capacity * 5 // 4))
        full = asked(range(filled, filled + batch))
        return [
            Row("taught_room", "a route that HAProxy is taught, with room for it", {"cpu_us": room}),
            Row("taught_known", "the same route, known", {"cpu_us": known}),
            Row("taught_full", f"a route that takes the place of another, of {capacity}", {"cpu_us": full}),
        ]


def _scope(number: int) -> str:
    """Return a text of the scope for each number below two to the power of ``_BITS``: its bits are blanks and tabs."""
    return '{"image":' + f"{number:0{_BITS}b}".replace("0", " ").replace("1", "\t") + '"CloudOne"}'


class _Client:
    """A connection from an address of its own."""

    def __init__(self, url: str, source: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_PATIENCE, source_address=(source, 0)
        )

    def __enter__(self) -> "_Client":
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def ask(self, scope: str) -> None:
        self._connection.request("GET", self._path, headers={"X-Auth-Token": TOKEN, "X-Scope": scope})
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise BenchError(f"inserts: a scope is answered {answer.status}: {said[:200].decode(errors='replace')}")
