# SPDX-License-Identifier: Apache-2.0
"""Part 8: the latency of ordinary scoped writes while another address abuses the gateway, beside that without abuse.

A known user writes all the time. 2,000 slow clients, and then one client for each kind of made-up request, as fast as a core
sends them, come from other addresses of loopback. In each round every kind has its turn, and so has no abuse: a ratio is made
within a round.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty
from uuid import uuid4

from bench import haproxy as configurations
from bench.compare import Rounds
from bench.cores import Cores, on
from bench.errors import BenchError
from bench.gateway import gateway
from bench.haproxy import REVOKED, instance
from bench.meshes import TOKEN, token_document, two_clouds
from bench.processes import cpu, free_ports
from bench.results import Part, Row
from bench.spread import Spread, ratios
from openstackoid.haproxy.binary import Haproxy
from openstackoid.routing import marked_id
from openstackoid.scope import join_token

NORMAL = "127.0.0.1"
SECONDS = 2
"""The rounds' time, so many times, is that of each row in a round."""
ALONE = "alone"
BEFORE = 1.0
"""Seconds by which the abuse begins before."""
ABUSE_ALONE = 1.0
"""Seconds by which the abuse goes on alone: what it costs the Python service is measured then."""
SLOW = 2000

_MADE_UP = [f"made-up-{number:05}" for number in range(20_000)]
_SCOPE = 'X-Scope: {"image": "CloudTwo"}\r\n'
_LIKE_NAMES = "CloudTwwo" * 6
"""Nearly a cloud's name, six times: with a number behind it, each is looked up and compared anew."""
_GUEST = '{"*":"CloudTwo","compute":"CloudOne"}'

NO_ANSWER = 0
"""Stands for the status of a request that had no answer."""

_FORK = multiprocessing.get_context("fork")

Make = Callable[[int], bytes]
"""Returns the request of a number."""


@dataclass(frozen=True)
class Pace:
    """How many connections send, and the seconds for which each pauses between two requests."""

    connections: int
    pause: float


@dataclass
class Heard:
    """The answers to one process's requests: how long each took, and its status."""

    took: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


Abusing = Callable[[float], Heard]
"""Abuses the gateway for so many seconds."""


def measure_abuse(haproxy: Haproxy, folder: Path, rounds: Rounds) -> Part:
    """Measure part 8."""
    one, two, backend = free_ports(3)
    description = two_clouds(one, two, backend)
    clouds = {"CloudOne": [f"127.0.0.1:{backend}"], "CloudTwo": [f"127.0.0.1:{two}"]}
    answering = configurations.backends(folder / "backends", clouds, token_document(description))
    answering[REVOKED] = "\n".join([*_MADE_UP, *(join_token(token, _GUEST) for token in _MADE_UP)]) + "\n"
    with (
        instance(haproxy, folder / "backends", answering, rounds.cores.load),
        gateway(haproxy, folder / "ours", description, rounds.cores) as ours,
    ):
        site = _Site(one, ours.bridge, rounds.cores, rounds.seconds * SECONDS)
        kinds = _kinds(one)
        turns = [_turn(site, kinds, number) for number in range(rounds.count)]
    rows = [_row(key, title, [turn[key] for turn in turns], [turn[ALONE] for turn in turns]) for key, title, _ in kinds]
    notes = [
        "HAProxy, the Python service and its store share one core; the abuse has the other, with the backends and the known user,"
        " whose work goes before it (nice 10)."
    ]
    return Part("abuse", "Scoped writes of a known user, while another address abuses the gateway", rows, notes)


@dataclass(frozen=True)
class _Site:
    """The gateway's port, the process id of its Python service, and for how many seconds each row is measured."""

    port: int
    bridge: int
    cores: Cores
    seconds: float


def _kinds(port: int) -> list[tuple[str, str, Abusing | None]]:
    addresses = (f"127.0.0.{number}" for number in count(2))

    def flood(make: Make) -> Abusing:
        address = next(addresses)
        return lambda seconds: _flood(port, address, make, seconds, _ABUSING)

    def token(number: int) -> str:
        return _MADE_UP[number % len(_MADE_UP)]

    return [
        (ALONE, "no abuse", None),
        ("slow", f"{SLOW:,} bodies of a byte a second", lambda seconds: asyncio.run(_slow(port, seconds))),
        ("tokens", "writes with made-up tokens", flood(lambda number: _write(token(number), _SCOPE))),
        ("reads", "reads with made-up tokens", flood(lambda number: _read(token(number)))),
        ("guests", "made-up tokens of another cloud", flood(lambda number: _write(join_token(token(number), _GUEST), ""))),
        (
            "scopes",
            "scopes that are spelt like names",
            flood(lambda number: _write(token(number), f'X-Scope: {{"image": "{_LIKE_NAMES}{number % 100_000:05}"}}\r\n')),
        ),
        (
            "ids",
            "workflows that no gateway knows",
            flood(lambda number: _write(token(number), f"X-OpenStack-Request-Id: {marked_id(uuid4())}\r\n")),
        ),
    ]


@dataclass(frozen=True)
class _Sample:
    """One kind in one round: the answers to the known user in so many seconds, and how many of the abuse were 429.

    ``spent``: seconds of CPU of the Python service while the abuse was alone.
    """

    normal: Heard
    seconds: float
    refused: int
    spent: float

    def percentile(self, of_a_hundred: int) -> float:
        took = sorted(self.normal.took)
        return took[len(took) * of_a_hundred // 100] * 1e6


def _turn(site: _Site, kinds: Sequence[tuple[str, str, Abusing | None]], number: int) -> dict[str, _Sample]:
    """Measure each kind once; another one begins in each round."""
    first = number % len(kinds)
    return {key: _sample(site, abusing) for key, _, abusing in (*kinds[first:], *kinds[:first])}


def _sample(site: _Site, abusing: Abusing | None) -> _Sample:
    with _beside(abusing, site) as heard:
        normal = _in_process(lambda: _flood(site.port, NORMAL, lambda _: _write(TOKEN, _SCOPE), site.seconds, _WRITING), site)
        before = cpu(site.bridge).used
        if abusing is not None:
            time.sleep(ABUSE_ALONE)
        spent = cpu(site.bridge).used - before
    if not normal.took:
        raise BenchError("no write was answered")
    refused = sum(each.statuses.count(429) for each in heard)
    return _Sample(normal, site.seconds, refused, spent)


def _row(key: str, title: str, mine: Sequence[_Sample], alone: Sequence[_Sample]) -> Row:
    p99 = [sample.percentile(99) for sample in mine]
    figures = {
        "rate": Spread.of([len(sample.normal.took) / sample.seconds for sample in mine]),
        "p50_us": Spread.of([sample.percentile(50) for sample in mine]),
        "p99_us": Spread.of(p99),
        "failed": Spread.of([float(sum(status != 200 for sample in mine for status in sample.normal.statuses))]),
    }
    if key != ALONE:
        figures["abuse_ms"] = Spread.of([sample.spent / ABUSE_ALONE * 1e3 for sample in mine])
        figures["p99_ratio"] = ratios(p99, [sample.percentile(99) for sample in alone])
    refused = sum(sample.refused for sample in mine)
    if refused:
        figures["refused_rate"] = Spread.of([sample.refused / (sample.seconds + BEFORE + ABUSE_ALONE) for sample in mine])
    return Row(key, title, figures)


@contextmanager
def _beside(abusing: Abusing | None, site: _Site) -> Iterator[list[Heard]]:
    """Run the abuse in a process of its own, begun a moment before; the list has its answers once it has ended."""
    heard: list[Heard] = []
    if abusing is None:
        yield heard
        return
    queue: multiprocessing.Queue[Heard] = multiprocessing.Queue()
    with on(site.cores.load):
        process = _FORK.Process(target=lambda: queue.put(_behind(abusing, site.seconds + BEFORE + ABUSE_ALONE)), daemon=True)
        process.start()
    time.sleep(BEFORE)
    try:
        yield heard
    finally:
        with suppress(Empty):
            heard.append(queue.get(timeout=60))
        process.join(10)
        process.kill()


def _behind(abusing: Abusing, seconds: float) -> Heard:
    """Abuse with the time that the known user and the backends leave of their core.

    An abuser has a machine of its own. Here the backends and the writers share its core: without a lower priority it would take
    their time, and the p99 would tell of them, not of the gateway, which has the other core. So it sends as fast as the rest of
    one core.
    """
    os.nice(10)
    return abusing(seconds)


def _in_process(work: Callable[[], Heard], site: _Site) -> Heard:
    queue: multiprocessing.Queue[Heard] = multiprocessing.Queue()
    with on(site.cores.load):
        process = _FORK.Process(target=lambda: queue.put(work()), daemon=True)
        process.start()
    found = queue.get(timeout=site.seconds + 60)
    process.join(10)
    return found


def _write(token: str, more: str) -> bytes:
    head = f"POST /compute/v2.1/os-keypairs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Auth-Token: {token}\r\n{more}"
    return f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode()


def _read(token: str) -> bytes:
    twice = f"X-Auth-Token: {join_token(token, _SCOPE[9:-2])}\r\n{_SCOPE}"
    return f"GET /image/v2/images HTTP/1.1\r\nHost: 127.0.0.1\r\n{twice}\r\n".encode()


_WRITING, _ABUSING = Pace(4, 0.02), Pace(64, 0)
"""Four writers, whose pauses leave the gateway's core some time, and as many abusers as take all that a core has."""


def _flood(port: int, address: str, make: Make, seconds: float, pace: Pace) -> Heard:
    return asyncio.run(_many(port, address, make, seconds, pace))


async def _many(port: int, address: str, make: Make, seconds: float, pace: Pace) -> Heard:
    heard, until = Heard(), time.monotonic() + seconds

    async def converse(numbers: Iterator[int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        try:
            while time.monotonic() < until:
                began = time.monotonic()
                writer.write(make(next(numbers)))
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
                await reader.readexactly(int(length or b"0"))
                heard.took.append(time.monotonic() - began)
                heard.statuses.append(int(head[9:12]))
                await asyncio.sleep(pace.pause)
        finally:
            writer.close()

    async def send(number: int) -> None:
        numbers = count(number, pace.connections)
        while time.monotonic() < until:
            try:
                await converse(numbers)
            except (OSError, asyncio.IncompleteReadError):
                heard.statuses.append(NO_ANSWER)

    await asyncio.gather(*(send(number) for number in range(pace.connections)))
    return heard


async def _slow(port: int, seconds: float) -> Heard:
    """Begin many uploads from twenty addresses, and send a byte of each a second."""
    begun = _write("made-up", _SCOPE).replace(b"Content-Length: 2", b"Content-Length: 100000")
    until = time.monotonic() + seconds

    async def drip(number: int) -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.1.{number % 20 + 1}", 0))
            writer.write(begun)
            while time.monotonic() < until:
                await asyncio.sleep(1)
                writer.write(b"x")
            writer.close()

    await asyncio.gather(*(drip(number) for number in range(SLOW)))
    return Heard()
