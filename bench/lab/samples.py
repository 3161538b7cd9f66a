# SPDX-License-Identifier: Apache-2.0
"""What was measured of a way in a round, and the figures that follow from all rounds. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.results import Part, Row
from bench.spread import Spread, differences, ratios


@dataclass(frozen=True)
class Sample:
    """One way in one round, for one question, in seconds.

    ``took``: from the question to the last byte; ``connect`` of that for a new connection. CPU time: of the client, of both
    gateways' HAProxy and Python services, and of the service's process. ``accepted``: for a boot, until the request was answered.
    ``slowest``: the slowest cloud's part of a request to several, by its trace; 0 where that was not asked.
    """

    took: float
    connect: float = 0.0
    client: float = 0.0
    haproxy: float = 0.0
    python: float = 0.0
    service: float = 0.0
    accepted: float = 0.0
    slowest: float = 0.0

    @classmethod
    def of(cls, asked: Sequence["Sample"]) -> "Sample":
        """Return what several questions of a round come to: medians of times, means of CPU time, for it is counted in steps."""
        return cls(
            took=statistics.median(one.took for one in asked),
            connect=statistics.median(one.connect for one in asked),
            client=statistics.fmean(one.client for one in asked),
            haproxy=statistics.fmean(one.haproxy for one in asked),
            python=statistics.fmean(one.python for one in asked),
            service=statistics.fmean(one.service for one in asked),
            accepted=statistics.median(one.accepted for one in asked),
            slowest=statistics.median(one.slowest for one in asked),
        )


class Compared(Protocol):
    """A way, as far as its figures need to know it."""

    @property
    def key(self) -> str:
        """Its name in results."""

    @property
    def title(self) -> str:
        """Its name for a reader."""

    @property
    def baseline(self) -> str | None:
        """The key of the way that it is put in relation to, or None."""


PARTS: tuple[tuple[str, str, Callable[[Sample], float]], ...] = (
    ("connect_ms", "connecting", lambda one: one.connect),
    ("client_ms", "CPU of the client", lambda one: one.client),
    ("haproxy_ms", "of HAProxy", lambda one: one.haproxy),
    ("python_ms", "of the Python services", lambda one: one.python),
    ("service_ms", "of the service", lambda one: one.service),
)
"""What a time is made of: its figure, its name for a reader, and where a sample has it."""


def part_of(
    key: str,
    title: str,
    ways: Sequence[Compared],
    samples: Mapping[str, Sequence[Sample]],
    *,
    beside: Sequence[tuple[str, str]] = (),
    spared: float = 0.0,
    notes: Sequence[str] = (),
) -> Part:
    """Return the part of the results: a row for each way, and what the added time is made of, in words.

    ``beside``: pairs of ways' keys, of which the one is put in relation to the other in a row of its own. ``spared``: seconds
    that a way's ratio leaves out, to its baseline, to another way, or to the slowest cloud of the same requests.
    """
    titles = {way.key: way.title for way in ways}
    rows = [Row(way.key, way.title, _figures(way, samples, spared)) for way in ways]
    rows += [
        Row(
            f"{one}_by_{other}",
            f"{titles[one]}, in relation to {titles[other]}",
            _relation(samples[one], samples[other], spared),
        )
        for one, other in beside
    ]
    return Part(key, title, rows, [*(_made_of(way, samples) for way in ways if way.baseline is not None), *notes])


def _figures(way: Compared, samples: Mapping[str, Sequence[Sample]], spared: float) -> dict[str, Spread]:
    mine = samples[way.key]
    figures = {"took_ms": _spread(mine, lambda one: one.took)}
    if any(one.accepted for one in mine):
        figures["accepted_ms"] = _spread(mine, lambda one: one.accepted)
    if way.baseline is not None:
        figures |= _relation(mine, samples[way.baseline], spared)
    if any(one.slowest for one in mine):
        figures["leg_ms"] = _spread(mine, lambda one: one.slowest)
        figures["time_ratio"] = ratios([one.took - spared for one in mine], [one.slowest for one in mine])
    for name, _, of in PARTS:
        if any(of(one) for one in mine):
            figures[name] = _spread(mine, of)
    return figures


def _relation(mine: Sequence[Sample], others: Sequence[Sample], spared: float) -> dict[str, Spread]:
    took, other = [one.took - spared for one in mine], [one.took for one in others]
    return {"time_ratio": ratios(took, other), "added_ms": _more(mine, others, lambda one: one.took)}


def _more(mine: Sequence[Sample], others: Sequence[Sample], of: Callable[[Sample], float]) -> Spread:
    return differences([of(one) * 1e3 for one in mine], [of(one) * 1e3 for one in others])


def _spread(samples: Sequence[Sample], of: Callable[[Sample], float]) -> Spread:
    return Spread.of([of(one) * 1e3 for one in samples])


def _made_of(way: Compared, samples: Mapping[str, Sequence[Sample]]) -> str:
    mine, others = samples[way.key], samples[way.baseline or ""]

    words = [f"{name} {_more(mine, others, of).median:+.2f}" for _, name, of in PARTS if any(of(one) for one in (*mine, *others))]
    took = _more(mine, others, lambda one: one.took).median
    return f"{way.title}, what is added: {took:+.2f} ms; {', '.join(words) or 'of what, was not measured'}"
