# SPDX-License-Identifier: Apache-2.0
"""Part 9, one long list of several clouds through a gateway, HAProxy and the Python service: items a second, and memory.

The clouds are one server with as many sockets. The links of their items are rewritten.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.answering_lists import PATH, PREFIX, SERVICE, root
from bench.compare import Rounds
from bench.composed import accepts, description
from bench.errors import BenchError
from bench.gateway import AT, Gateway, gateway
from bench.headers import AUTH
from bench.processes import cpu, forget_peak, free_ports, peak_mb, resident_mb, running
from bench.results import Row
from bench.spread import Spread
from openstackoid.haproxy.binary import Haproxy

CLOUDS = (2, 8)
_AT_ONCE = 2**20
_PATIENCE = 300.0
_LINKS = 2
"""Links of an item."""


@dataclass(frozen=True)
class _Stage:
    """The gateway of one cloud among ``clouds``, its port and its processes."""

    clouds: int
    port: int
    gateway: Gateway


def measure_composed_list(haproxy: Haproxy, folder: Path, rounds: Rounds, items: int, count: int) -> list[Row]:
    """Return a row for 2 clouds and one for 8: items a second, and what the Python service's memory grows by at the most."""
    rows = []
    for clouds in CLOUDS:
        found = []
        with _stage(haproxy, folder / f"listed-{clouds}", rounds, clouds, items) as stage:
            _read(stage, "?limit=2", 2)
            for number in range(count):
                rounds.say(f"round {number + 1} of {count}: a list of {clouds} clouds through a gateway")
                found.append(_measured(stage, items))
        figures = {name: Spread.of([one[name] for one in found]) for name in ("items_s", "items_rate", "grown_mb")}
        rows.append(Row(f"http_{clouds}", f"{clouds} clouds: ports in one answer through a gateway, links rewritten", figures))
    return rows


def _measured(stage: _Stage, items: int) -> dict[str, float]:
    processes, bridge = (stage.gateway.haproxy, stage.gateway.bridge), stage.gateway.bridge
    forget_peak(bridge)
    idle, before, began = resident_mb(bridge), sum(cpu(pid).used for pid in processes), time.perf_counter()
    _read(stage, "", items)
    spent = time.perf_counter() - began
    used = sum(cpu(pid).used for pid in processes) - before
    return {"items_s": items / spent, "items_rate": items / used, "grown_mb": peak_mb(bridge) - idle}


def _read(stage: _Stage, query: str, items: int) -> None:
    """Read a list. Raises :class:`BenchError` where it has not so many items, or a link that does not lead to the gateway."""
    scope = " & ".join((AT, *(f"Cloud{number}" for number in range(2, stage.clouds + 1))))
    name, _, token = AUTH.partition(": ")
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"/{SERVICE}{PATH}{query}", headers={name: token, "X-Scope": json.dumps({SERVICE: scope})})
        answer = connection.getresponse()
        wanted = [b'"os_scope_cloud":', root(stage.port).encode() + b"/v2.1/x/"]
        counts, rest = [0] * len(wanted), b""
        longest = max(map(len, wanted))
        while piece := answer.read1(_AT_ONCE):
            counts = [count + _ends(rest, piece, mark) for count, mark in zip(counts, wanted, strict=True)]
            rest = (rest + piece)[-longest:]
    except (OSError, http.client.HTTPException) as error:
        raise BenchError(f"composition: the list of {stage.clouds} clouds breaks off: {error or type(error).__name__}") from None
    finally:
        connection.close()
    if (answer.status, *counts) != (200, items, items * _LINKS):
        raise BenchError(
            f"composition: the list of {stage.clouds} clouds: {answer.status}, {counts[0]} items of {items}, {counts[1]} links: "
            f"{rest.decode(errors='replace')}"
        )


def _ends(before: bytes, piece: bytes, mark: bytes) -> int:
    """Return how often a mark ends in a piece that follows these bytes."""
    joint = before[len(before) - len(mark) + 1 :] if len(before) >= len(mark) else before
    return (joint + piece[: len(mark) - 1]).count(mark) + piece.count(mark)


@contextmanager
def _stage(haproxy: Haproxy, folder: Path, rounds: Rounds, clouds: int, items: int) -> Iterator[_Stage]:
    port, backend, *others = free_ports(clouds + 1)
    argv = [sys.executable, "-m", "bench.answering_lists", *map(str, (items, port, backend, *others))]
    peers = {f"Cloud{number}": at for number, at in enumerate(others, start=2)}
    with (
        running(argv, rounds.cores.load, lambda: accepts(others[-1])),
        gateway(haproxy, folder, description(port, backend, peers, PREFIX), rounds.cores) as ours,
    ):
        yield _Stage(clouds, port, ours)
