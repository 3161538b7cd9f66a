# SPDX-License-Identifier: Apache-2.0
"""Sites are lost and come back, ways between them are cut: what the users of others see, and what gateways know of it.

Between two sites, requests arrive as a Poisson process. Whoever asks while the other is lost waits as the gateway makes him
wait; several ways for a gateway to know of a loss are followed side by side, with the same requests and the same losses.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from bench.simulation.assumptions import Assumptions
from bench.simulation.globe import Site, round_trip
from bench.simulation.walk import Met, Walk, World
from bench.simulation.workflows import IMAGES

NOTHING, MEMORY, PROBE, CHECKS = "knows nothing", "remembers", "remembers, and one request tries again", "checks each"
WAYS = (NOTHING, MEMORY, PROBE, CHECKS)
"""Ways for a gateway to know. ``PROBE`` is what it does: after ``check_s``, the first request tries, and the others are told at
once until it has failed or has its answer. ``MEMORY``: all of them try again, until one has failed.
"""
REFUSED_CONNECTION, NO_CONNECTION, NO_ANSWER, TOLD_AT_ONCE, TOLD_TOO_LONG = (
    "the connection is refused",
    "no connection in time",
    "no answer on a kept connection",
    "told at once",
    "told at once, though the peer is back",
)
OUTCOMES = (REFUSED_CONNECTION, NO_CONNECTION, NO_ANSWER, TOLD_AT_ONCE, TOLD_TOO_LONG)


@dataclass(frozen=True, slots=True)
class Loss:
    """When a site, or the way to it, is lost, in seconds. ``silent``: packets vanish, and nobody says that they do."""

    start: float
    end: float
    silent: bool


def losses(between: float, lasting: float, silent: float, until: float, rng: Random) -> list[Loss]:
    """Return the losses up to a time, of something that may be lost already when it begins: it was there for ever.

    ``between`` and ``lasting`` are means, in seconds like ``until``; ``silent`` is a share.
    """
    lost = rng.random() < lasting / (between + lasting)
    found, now = [], 0.0
    while now < until:
        if lost:
            end = now + rng.expovariate(1 / lasting)
            found.append(Loss(now, end, rng.random() < silent))
            now = end
        else:
            now += rng.expovariate(1 / between)
        lost = not lost
    return found


@dataclass
class Seen:
    """What users saw by one way of knowing: the seconds that each failed request took, by what came of it."""

    failed: dict[str, list[float]] = field(default_factory=lambda: {outcome: [] for outcome in OUTCOMES})

    @property
    def waits(self) -> list[float]:
        """The seconds of all requests that failed."""
        return [wait for waits in self.failed.values() for wait in waits]


@dataclass
class Found:
    """What a run found: how many requests are to be expected, and how many were sent while the peer or the way to it was lost."""

    requests: float = 0.0
    lost: int = 0
    seen: dict[str, Seen] = field(default_factory=lambda: {way: Seen() for way in WAYS})


class Knowing:
    """What one gateway knows of one peer, in one way, and the connection to it that it may have kept."""

    def __init__(self, way: str, world: Assumptions, troubles: Sequence[Loss], trip: float, rng: Random) -> None:
        self._way = way
        self._world = world
        self._trip = trip
        self._learnt: deque[float] = deque()
        self._suspected, self._trying = math.inf, 0.0
        self._kept_until = 0.0
        self._checked: list[tuple[float, float]] = []
        for loss in troubles if way == CHECKS else ():
            # Two checks must fail, each after its own patience; then it is looked at four times as often.
            patience = world.connect_s if loss.silent else trip
            found = loss.start + rng.uniform(0, world.check_s) + world.check_s + 2 * patience
            self._checked.append((found, loss.end + rng.uniform(0, world.check_s / 4) + 3 * trip))

    def down(self, now: float) -> bool:
        """Return whether the gateway takes the peer for lost."""
        if self._way == CHECKS:
            return any(start <= now < end for start, end in self._checked)
        while self._learnt and self._learnt[0] + self._world.check_s <= now:
            self._learnt.popleft()
        return now < self._trying or (bool(self._learnt) and self._learnt[0] <= now)

    def answered(self, now: float) -> None:
        """Take note of an answer: the connection that it came by is kept."""
        self._kept_until = now + self._world.idle_s
        self._suspected = math.inf

    def fail(self, now: float, loss: Loss) -> tuple[str, float]:
        """Return what becomes of a request that is sent while the peer is lost, and after how many seconds.

        A loss that ends while a request waits is taken for lasting: whoever tries again later gets his answer later, too.
        """
        # The gateway's request for the peer's health hangs on it, so later ones open another.
        kept = now < min(self._kept_until, loss.start + self._world.health_s) and loss.silent
        self._kept_until = 0.0
        if kept:
            # Nobody tells this apart from a service that thinks: it is not remembered.
            return NO_ANSWER, self._world.server_s
        tries = 1 + self._world.retries
        if loss.silent:
            outcome, wait = NO_CONNECTION, tries * self._world.connect_s
        else:
            outcome, wait = REFUSED_CONNECTION, tries * self._trip + (tries - 1) * self._world.turnaround_s
        if self._way in (MEMORY, PROBE):
            self._learnt.append(now + wait)
        if self._way == PROBE and self._suspected <= now:
            self._trying = now + wait
        self._suspected = min(self._suspected, now + wait)
        return outcome, wait


@dataclass(frozen=True)
class Pair:
    """Two sites by number, and how many requests a second the users of the first send to the second."""

    home: int
    peer: int
    rate: float


def pairs(world: Assumptions, gateways: int, rng: Random) -> Iterator[Pair]:
    """Yield whom the users of so many sites ask, and how often: their n-th partner gets 1/n of what the first gets."""
    numbers, count = range(world.sites), min(world.partners, world.sites - 1)
    total = sum(1 / rank for rank in range(1, count + 1))
    for home in rng.sample(numbers, min(gateways, world.sites)):
        # One more than needed, for it may be the site itself.
        others = [site for site in rng.sample(numbers, count + 1) if site != home][:count]
        yield from (Pair(home, peer, world.requests_s / rank / total) for rank, peer in enumerate(others, start=1))


def follow(world: Assumptions, sites: Sequence[Site], seed: int) -> Found:
    """Return what users of some of the sites see of losses. Of a peer that is not lost, nothing needs to be followed."""
    found = Found()
    rng = Random(f"{seed} requests")
    for pair in pairs(world, world.gateways, Random(f"{seed} pairs")):
        found.requests += pair.rate * world.hours * 3600
        troubles = _troubles(world, pair, seed)
        trip = round_trip(sites[pair.home], sites[pair.peer], world)
        ways = {way: Knowing(way, world, troubles, trip, rng) for way in WAYS}
        for now in _arrivals(world, pair.rate, troubles, rng):
            loss = next((loss for loss in troubles if loss.start <= now < loss.end), None)
            found.lost += loss is not None
            for way, knowing in ways.items():
                _ask(now, loss, knowing, found.seen[way], world.user_ms / 1e3)
    return found


def _troubles(world: Assumptions, pair: Pair, seed: int) -> list[Loss]:
    """Return the losses of the peer, the same for all who ask it, and those of the way to it, in order."""
    until = world.hours * 3600
    one, other = sorted((pair.home, pair.peer))
    site, way = Random(f"{seed} site {pair.peer}"), Random(f"{seed} way {one} {other}")
    found = losses(world.mtbf_h * 3600, world.mttr_h * 3600, world.silent, until, site)
    found += losses(world.cut_mtbf_h * 3600, world.cut_mttr_h * 3600, 1.0, until, way)
    return sorted(found, key=lambda loss: loss.start)


def _arrivals(world: Assumptions, rate: float, troubles: Sequence[Loss], rng: Random) -> Iterator[float]:
    """Yield when requests are sent: from shortly before each loss, for a connection may be kept, until it is forgotten again."""
    until = 0.0
    for loss in troubles:
        now = max(until, loss.start - world.idle_s) + rng.expovariate(rate)
        forgotten = loss.end + world.check_s + (1 + world.retries) * world.connect_s
        until = max(until, min(world.hours * 3600, forgotten))
        while now < until:
            yield now
            now += rng.expovariate(rate)


def _ask(now: float, loss: Loss | None, knowing: Knowing, seen: Seen, at_once: float) -> None:
    if knowing.down(now):
        seen.failed[TOLD_AT_ONCE if loss else TOLD_TOO_LONG].append(at_once)
    elif loss:
        outcome, wait = knowing.fail(now, loss)
        seen.failed[outcome].append(at_once + wait)
    else:
        knowing.answered(now)


def usual(world: World, sites: Sequence[Site], gateways: int, rng: Random, slowly: float = 1.0) -> list[float]:
    """Return what each request of the users of so many sites takes, in seconds, while all peers are there.

    Each finds what earlier ones have left: a connection, and what is known of its user's token. ``slowly``: how much longer the
    peers' services take.
    """
    assumed = world.assumed
    took = []
    for pair in pairs(assumed, gateways, rng):
        guards: dict[int, float] = {}
        services: dict[int, float] = {}
        now, last = rng.expovariate(pair.rate), -assumed.idle_s
        while now < assumed.hours * 3600:
            user = rng.randrange(assumed.users)
            guard = now - guards.get(user, -assumed.believed_s) < assumed.believed_s
            service = now - services.get(user, -assumed.service_cache_s) < assumed.service_cache_s
            met = Met(now - last < assumed.idle_s, guard, service, True)
            if not guard:
                guards[user] = now
            if not service:
                services[user] = now
            took.append(Walk(world, sites[pair.home], [sites[pair.peer]], met, rng, slowly=slowly).run(IMAGES).total)
            last = now
            now += rng.expovariate(pair.rate)
    return took
