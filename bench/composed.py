# SPDX-License-Identifier: Apache-2.0
"""Part 9, requests through a gateway: several clouds at once and in turn, beside one of them alone.

Each cloud answers after the time that a real service takes. The clouds are one server with as many sockets, and the
ways take turns request by request.
"""

import json
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.answering_late import ITEM_SECONDS, LIST_SECONDS
from bench.asking import Asking
from bench.compare import Rounds
from bench.errors import BenchError
from bench.gateway import AT, gateway
from bench.headers import AUTH
from bench.load import Request
from bench.meshes import SERVICES
from bench.processes import free_ports, running
from bench.results import Row
from bench.spread import Spread
from openstackoid.haproxy.binary import Haproxy

CLOUDS = 8
SLACK_MS = 2.0
"""What all clouds at once may take besides a part of the slowest one's time, in ms."""

_DEAD = "Dead"
_REQUESTS_A_SECOND = 3
"""Requests of each way in a round, for each second of its time."""


@dataclass(frozen=True)
class _Way:
    key: str
    title: str
    scope: str
    path: str
    baseline: str | None = None
    slack_ms: float = 0.0


_LIST, _ITEM = "/compute/v2.1/servers/detail?limit=20", "/compute/v2.1/servers/1"
_WAYS = (
    _Way("slowest", f"a page of 20 servers of one cloud, which takes {LIST_SECONDS * 1000:g} ms", AT, _LIST),
    *(
        _Way(
            f"at_once_{count}",
            f"the same of {count} clouds at once",
            " & ".join((AT, *(f"Cloud{number}" for number in range(2, count + 1)))),
            _LIST,
            "slowest",
            SLACK_MS,
        )
        for count in (2, CLOUDS)
    ),
    _Way("alone", f"a server of one cloud, which takes {ITEM_SECONDS * 1000:g} ms", AT, _ITEM),
    _Way("first", "the same, of the first of two clouds", f"{AT} | Cloud2", _ITEM, "alone"),
    _Way("otherwise", "the same, of the second, where the first is dead", f"{_DEAD} | {AT}", _ITEM, "alone"),
)


def measure_composed(haproxy: Haproxy, folder: Path, rounds: Rounds) -> list[Row]:
    """Return a row for each way: the time of a request, and its ratio to the time of the one cloud."""
    requests = max(3, round(rounds.seconds * _REQUESTS_A_SECOND))
    with _stage(haproxy, folder, rounds) as port, ExitStack() as stack:
        asking = {way.key: stack.enter_context(_asking(way, port)) for way in _WAYS}
        for way in _WAYS:
            # Twice: the first request by a dead cloud finds out that it is.
            for _ in range(2):
                _ask(way, asking[way.key])
        taken = [_round(asking, requests, number, rounds) for number in range(rounds.count)]
    return [_row(way, taken) for way in _WAYS]


def _row(way: _Way, taken: Sequence[dict[str, float]]) -> Row:
    figures = {"took_ms": Spread.of([one[way.key] for one in taken])}
    if way.baseline is not None:
        ratios = [max(0.0, one[way.key] - way.slack_ms) / one[way.baseline] for one in taken]
        figures["time_ratio"] = Spread.of(ratios)
    return Row(way.key, way.title, figures)


def _round(asking: dict[str, Asking], requests: int, number: int, rounds: Rounds) -> dict[str, float]:
    rounds.say(f"round {number + 1} of {rounds.count}: several clouds")
    taken: dict[str, list[float]] = {way.key: [] for way in _WAYS}
    for turn in range(requests):
        first = turn % len(_WAYS)
        for way in [*_WAYS[first:], *_WAYS[:first]]:
            began = time.perf_counter()
            _ask(way, asking[way.key])
            taken[way.key].append((time.perf_counter() - began) * 1000)
    return {key: statistics.median(values) for key, values in taken.items()}


def _asking(way: _Way, port: int) -> Asking:
    return Asking(Request(f"http://127.0.0.1:{port}{way.path}", (AUTH, f"X-Scope: {json.dumps({'compute': way.scope})}")))


def _ask(way: _Way, asking: Asking) -> None:
    status, _, said = asking.ask()
    if status != 200:
        raise BenchError(f"composition: {way.title}: {status}: {said[:200].decode(errors='replace')}")


@contextmanager
def _stage(haproxy: Haproxy, folder: Path, rounds: Rounds) -> Iterator[int]:
    """Run the gateway of one cloud among others, and yield its port. Nothing listens where one cloud is dead."""
    port, dead, backend, *others = free_ports(CLOUDS + 2)
    peers = {f"Cloud{number}": at for number, at in enumerate(others, start=2)} | {_DEAD: dead}
    argv = [sys.executable, "-m", "bench.answering_late", *map(str, (backend, *others))]
    with (
        running(argv, rounds.cores.load, lambda: accepts(others[-1])),
        gateway(haproxy, folder, description(port, backend, peers), rounds.cores),
    ):
        yield port


def description(port: int, backend: int, peers: Mapping[str, int], prefix: str = "") -> str:
    """Return the mesh of one cloud with a gateway at ``port``, and of peers at theirs, behind a path with this prefix."""
    lines = ["mesh: 1", "clouds:", f"  {AT}:", "    gateway: {limits: {exempt: [127.0.0.1]}}", "    services:"]
    lines += [_service(service, port, backend) for service in SERVICES]
    for cloud, at in peers.items():
        lines += [f"  {cloud}:", "    services:", *(_service(service, at, prefix=prefix) for service in SERVICES)]
    return "\n".join(lines) + "\n"


def _service(service: str, port: int, backend: int | None = None, *, prefix: str = "") -> str:
    served = "" if backend is None else f', backend: "http://127.0.0.1:{backend}/{service}"'
    return f'      {service}: {{frontend: "http://127.0.0.1:{port}{prefix}/{service}"{served}}}'


def accepts(port: int) -> bool:
    """Return whether something listens at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
