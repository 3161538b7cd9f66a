# SPDX-License-Identifier: Apache-2.0
"""The questions that the simulation answers, a table for each."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random

from bench.simulation.assumptions import Assumptions
from bench.simulation.costs import VISITOR, Cost
from bench.simulation.failures import MEMORY, OUTCOMES, PROBE, TOLD_AT_ONCE, TOLD_TOO_LONG, WAYS, Seen, follow, usual
from bench.simulation.globe import Site, round_trip, scatter
from bench.simulation.queueing import sojourns
from bench.simulation.report import Table
from bench.simulation.walk import STATES, Walk, World
from bench.simulation.workflows import MANY, WORKFLOWS

_POINTS = (0.5, 0.9, 0.99)
_AFFORDED = 0.05
"""Of a core: what somebody might give for checks."""


def tables(assumed: Assumptions, costs: Mapping[str, Cost], seed: int) -> Iterator[Table]:
    """Yield the tables, as soon as each is there."""
    sites = scatter(assumed, Random(f"{seed} sites"))
    world = World(assumed, costs, seed)
    yield assumptions_table(assumed)
    yield _costs(costs)
    yield distances(assumed, sites, seed)
    yield _workflows(world, sites, seed)
    yield _seen(world, sites, seed)
    yield _memory(assumed, sites, seed)
    yield checks(assumed)
    yield _guests(assumed, costs[VISITOR], seed)


def assumptions_table(assumed: Assumptions) -> Table:
    """Return everything that is taken for granted."""
    return Table("assumptions", "What is assumed", ("name", "value", "why"), (None, None, None), assumed.rows())


def distances(assumed: Assumptions, sites: Sequence[Site], seed: int, count: int = 20_000) -> Table:
    """Return how far sites are from each other."""
    rng = Random(f"{seed} distances")
    trips = [round_trip(rng.choice(sites), rng.choice(sites), assumed) * 1e3 for _ in range(count)]
    return Table(
        "distances",
        "Between two sites: a round trip",
        ("p10, ms", "p50, ms", "p90, ms", "p99, ms"),
        (0, 0, 0, 0),
        [_quantiles(trips, (0.1, *_POINTS))],
    )


def checks(assumed: Assumptions) -> Table:
    """Return what it would take if each gateway checked each."""
    lines = []
    for clouds in (2, 100, 1_000, 10_000):
        # Each is checked as often as it checks.
        both = 2 * (clouds - 1) * assumed.sockets
        rate, core = both / assumed.check_s, assumed.tls_us / 1e6
        lines.append([clouds, rate, rate * assumed.check_packets, rate * core, both * core / _AFFORDED])
    return Table(
        "checks",
        f"If each gateway checked each every {assumed.check_s:g} s: at each of them",
        ("clouds", "checks/s", "packets/s", "cores for TLS", f"s between checks, for {_AFFORDED:g} of a core"),
        (0, 0, 0, 3, 1),
        lines,
        ["Those that it sends and those that it answers. A loss is known after two that fail."],
    )


def _costs(costs: Mapping[str, Cost]) -> Table:
    headings = ("request", "HAProxy, µs of CPU", "Python, µs of CPU", "from")
    lines = [[cost.title, cost.haproxy_us, cost.python_us or None, cost.source] for cost in costs.values()]
    return Table("costs", "What requests take of a gateway", headings, (None, 1, 1, None), lines)


def _workflows(world: World, sites: Sequence[Site], seed: int) -> Table:
    lines: list[list[str | float]] = []
    for workflow in WORKFLOWS:
        rng = Random(f"{seed} {workflow.title}")
        for state, met in STATES.items():
            took = []
            for _ in range(world.assumed.runs):
                home, *peers = rng.sample(sites, 1 + workflow.peers)
                took.append(Walk(world, home, peers, met, rng).run(workflow.steps, workflow.scoped))
            mean = [
                statistics.fmean(getattr(one, name) for one in took) for name in ("wan", "image", "services", "gateways", "trips")
            ]
            points = _quantiles([one.total * 1e3 for one in took], _POINTS)
            lines.append([workflow.title, state, *points, *(value * 1e3 for value in mean[:-1]), mean[-1]])
    return Table(
        "workflows",
        "Workflows while all is well, in ms",
        ("workflow", "asked", "p50", "p90", "p99", "round trips", "image", "in a cloud", "gateways", "round trips, number"),
        (None, None, 0, 0, 0, 0, 0, 0, 1, 1),
        lines,
        [
            "From 'round trips' on: means of what the total is made of. Round trips are those between clouds.",
            "The hypervisor's time to start the server is not counted.",
        ],
    )


def _seen(world: World, sites: Sequence[Site], seed: int) -> Table:
    assumed = world.assumed
    found = follow(assumed, sites, seed)
    lost = found.lost / found.requests
    lines: list[list[str | float | None]] = []
    for title, slowly, share in (("is well", 1.0, 1 - lost - assumed.slow), ("is slow", assumed.slow_factor, assumed.slow)):
        took = usual(world, sites, 10, Random(f"{seed} usual"), slowly)
        lines.append([title, share * 100, 0.0, statistics.fmean(took), *_quantiles(took, _POINTS)])
    for way in WAYS:
        waits = found.seen[way].waits
        lines.append([f"is lost; the gateway {way}", lost * 100, 100.0, statistics.fmean(waits), *_quantiles(waits, _POINTS)])
    for outcome in OUTCOMES:
        waits = found.seen[PROBE].failed[outcome]
        points = [statistics.fmean(waits), *_quantiles(waits, _POINTS)] if waits else [None] * 4
        lines.append([f"of these: {outcome}", len(waits) / found.requests * 100, 100.0, *points])
    return Table(
        "seen",
        "GET images of a peer: what users see, in seconds until the answer",
        ("the peer", "of all requests, %", "of them fail, %", "mean", "p50", "p90", "p99"),
        (None, 4, 0, 2, 2, 2, 2),
        lines,
        [
            f"Of {found.requests:,.0f} requests, {found.lost:,} were sent while the peer, or the way to it, was lost.",
            f"'Of these' is for a gateway that {PROBE}, as gateways do.",
            f"Of requests that need {MANY} peers at once, {(1 - (1 - lost) ** MANY) * 100:.2f} % meet a lost one.",
        ],
    )


def _memory(assumed: Assumptions, sites: Sequence[Site], seed: int) -> Table:
    said = ("told at once, %", "mean wait, s", "told too long, %")
    lines = []
    for rate in (0.1, 1.0, 10.0):
        for seconds in (assumed.check_s, 10.0, 60.0):
            found = follow(replace(assumed, requests_s=rate, check_s=seconds), sites, seed)
            told = [_told(found.seen[way], found.lost) for way in (MEMORY, PROBE)]
            lines.append([rate, seconds, *told[0], *told[1]])
    return Table(
        "memory",
        "What remembering a lost peer does, by how much is asked and for how long it is remembered",
        ("a site's requests/s", "remembered, s", *said, *(f"{heading}; one tries again" for heading in said)),
        (1, 0, 1, 2, 2, 1, 2, 2),
        lines,
        [
            "In % of the requests to lost peers. Told too long: 503 at once, although the peer is back.",
            "One tries again: when the time is over, the first request tries, and others are told at once until it has failed.",
        ],
    )


def _told(seen: Seen, lost: int) -> list[float]:
    at_once, too_long = len(seen.failed[TOLD_AT_ONCE]), len(seen.failed[TOLD_TOO_LONG])
    return [at_once / lost * 100, statistics.fmean(seen.waits), too_long / lost * 100]


def _guests(assumed: Assumptions, cost: Cost, seed: int) -> Table:
    lines: list[list[str | float | None]] = []
    for rate in (10, 100, 500, 1_000, 2_000):
        loads = [rate * cost.haproxy_us / 1e6, rate * cost.python_us / 1e6]
        points: list[float | None] = [None, None]
        if max(loads) < 1:
            rng = Random(f"{seed} guests {rate}")
            both = zip(*(sojourns(load / rate, load, 50_000, rng) for load in loads if load), strict=True)
            points = list(_quantiles([sum(one) * 1e3 for one in both], (0.5, 0.99)))
        lines.append([rate, rate / (assumed.requests_s * assumed.sites) * 100, *loads, *points])
    return Table(
        "guests",
        "A site that many ask: what guests take of its gateway",
        ("guests' requests/s", "of what all sites send, %", "HAProxy, cores", "Python, cores", "p50, ms", "p99, ms"),
        (0, 0, 2, 2, 2, 2),
        lines,
        ["Their tokens are known. Where no time stands, one Python process cannot answer that many."],
    )


def _quantiles(values: Sequence[float], points: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(point * len(ordered)))] for point in points]
