# SPDX-License-Identifier: Apache-2.0
"""Part 2: the latency that a gateway adds, at one connection and at half of the load that plain HAProxy can take."""

from collections.abc import Sequence
from dataclasses import replace

from bench.compare import Rounds, Sample, Way, in_turns, total_failed
from bench.results import Part, Row
from bench.routing import ways
from bench.spread import Spread, differences
from bench.stage import Stage

WAYS = ("plain", "none", "stays", "leaves")
HALF = 64
"""Connections at half load. Each pauses between two requests, so that few are on their way at a time."""


def measure_latency(stage: Stage, rounds: Rounds) -> Part:
    """Measure part 2."""
    known = {way.key: way for way in ways(stage)}
    compared = [known[key] for key in WAYS]
    straight = Way("direct", "straight to the backend", known["plain"].request, stage.backends.pid)
    compared.insert(0, replace(straight, request=replace(straight.request, url=stage.url("backend"))))
    full = in_turns([known["plain"]], replace(rounds, count=min(rounds.count, 3)))["plain"]
    half = Spread.of([sample.answers.rate for sample in full]).median / 2
    rows = []
    for load, connections, pause in (("one", 1, None), ("half", HALF, HALF / half * 1000)):
        loaded = [replace(way, connections=connections) for way in compared]
        pauses = {} if pause is None else dict.fromkeys((way.key for way in loaded), pause)
        samples = in_turns(loaded, rounds, pauses)
        title = "one connection" if pause is None else "half load"
        rows += [_row(f"{way.key}_{load}", f"{way.title}, {title}", samples[way.key], samples["plain"]) for way in loaded]
    notes = [
        f"Half load: {half:,.0f} requests/s, half of what plain HAProxy took just before, on {HALF} connections that pause.",
        "The backend is on the load's core, so that what goes straight to it has no change of core on its way.",
        "Percentiles are wrk's, which corrects for requests that a slow answer kept it from sending; added: to plain HAProxy's.",
    ]
    return Part("latency", "Latency of a GET of 1 KB", rows, notes)


def _row(key: str, title: str, mine: Sequence[Sample], plain: Sequence[Sample]) -> Row:
    figures = {
        "rate": Spread.of([sample.answers.rate for sample in mine]),
        "p50_us": Spread.of([sample.answers.p50 for sample in mine]),
        "p99_us": Spread.of([sample.answers.p99 for sample in mine]),
        "p999_us": Spread.of([sample.answers.p999 for sample in mine]),
        "failed": total_failed(mine),
    }
    if mine is not plain:
        figures["added_p50_us"] = differences([s.answers.p50 for s in mine], [s.answers.p50 for s in plain])
        figures["added_p99_us"] = differences([s.answers.p99 for s in mine], [s.answers.p99 for s in plain])
        figures["added_p999_us"] = differences([s.answers.p999 for s in mine], [s.answers.p999 for s in plain])
    return Row(key, title, figures)
