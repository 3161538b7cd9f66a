# SPDX-License-Identifier: Apache-2.0
"""Ways that are compared: measured in turns, round after round, so that a noisy machine disturbs all alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.asking import Asking
from bench.cores import Cores
from bench.errors import BenchError
from bench.handshakes import handshakes
from bench.load import Answers, NoAnswerError, Request, load
from bench.processes import Cpu, cpu
from bench.results import Row
from bench.spread import Spread, ratios

_LONGER = 5.0
"""Seconds that bring an answer on a busy machine, too."""


@dataclass(frozen=True)
class Way:
    """One way of a request: through which processes it goes, and who is to answer it in the end.

    ``baseline``: the key of the way to which its figures are put in relation, or None. ``bridge``: the process of the Python
    service, where the request goes through it. ``anew``: each request has a connection of its own, with a whole TLS handshake.
    """

    key: str
    title: str
    request: Request
    haproxy: int
    bridge: int | None = None
    served_by: str = "CloudOne"
    baseline: str | None = "plain"
    connections: int = 32
    anew: bool = False


@dataclass(frozen=True)
class Sample:
    """One way in one round: what came back, the CPU time of each process meanwhile, and how long it took, in seconds."""

    answers: Answers
    haproxy: Cpu
    bridge: Cpu
    seconds: float

    @property
    def cost(self) -> float:
        """Seconds of HAProxy's CPU time for each request."""
        return self.haproxy.used / self.answers.requests


@dataclass(frozen=True)
class Rounds:
    """How often and how long each way is measured, and where. ``say`` is told what is being done, for who waits."""

    count: int
    seconds: float
    cores: Cores
    say: Callable[[str], None] = lambda _: None


def in_turns(ways: Sequence[Way], rounds: Rounds, pauses: Mapping[str, float] | None = None) -> dict[str, list[Sample]]:
    """Return the samples of each way by its key; who begins a round changes. ``pauses``: see :func:`bench.load.load`.

    Raises :class:`BenchError` before the first round where a way does not lead to who is to answer.
    """
    for way in ways:
        check(way)
    samples: dict[str, list[Sample]] = {way.key: [] for way in ways}
    for number in range(rounds.count):
        first = number % len(ways)
        for way in [*ways[first:], *ways[:first]]:
            rounds.say(f"round {number + 1} of {rounds.count}: {way.title}")
            samples[way.key].append(measure(way, rounds.seconds, rounds.cores, (pauses or {}).get(way.key)))
    return samples


def measure(way: Way, seconds: float, cores: Cores, pause_ms: float | None) -> Sample:
    """Measure one way once; for longer, where the time was too short for an answer."""
    try:
        return _sample(way, seconds, cores, pause_ms)
    except NoAnswerError:
        return _sample(way, max(_LONGER, 10 * seconds), cores, pause_ms)


def _sample(way: Way, seconds: float, cores: Cores, pause_ms: float | None) -> Sample:
    before, started = _cpu(way), time.perf_counter()
    if way.anew:
        answers = handshakes(way.request, seconds, cores.load)
    else:
        answers = load(way.request, way.connections, seconds, cores.load, pause_ms)
    lasted = time.perf_counter() - started
    haproxy, bridge = (after - earlier for after, earlier in zip(_cpu(way), before, strict=True))
    return Sample(answers, haproxy, bridge, lasted)


def _cpu(way: Way) -> tuple[Cpu, Cpu]:
    return cpu(way.haproxy), Cpu() if way.bridge is None else cpu(way.bridge)


def check(way: Way) -> None:
    """Ask once. Raises :class:`BenchError` where the answer is not 200, or is not of who is to answer."""
    request = way.request
    if request.fresh is not None:
        request = replace(request, headers=(*request.headers, request.fresh % 0))
    try:
        with Asking(request) as asking:
            status, by, said = asking.ask()
            until = time.monotonic() + _LONGER
            while status == 200 and by is None and time.monotonic() < until:
                # What the gateway has just heard of a token, it answers itself for a moment.
                time.sleep(0.2)
                status, by, said = asking.ask()
    except OSError as error:
        raise BenchError(f"{way.key}: {way.request.url} does not answer: {error}") from None
    if status != 200 or by != way.served_by:
        raise BenchError(f"{way.key}: {status}, served by {by}, not {way.served_by}: {said[:200].decode(errors='replace')}")


def rates_and_costs(ways: Sequence[Way], samples: Mapping[str, list[Sample]]) -> list[Row]:
    """Return the row of each way: rate, CPU time for each request, and both in relation to its baseline."""
    return [Row(way.key, way.title, _figures(way, samples)) for way in ways]


def _figures(way: Way, samples: Mapping[str, list[Sample]]) -> dict[str, Spread]:
    mine = samples[way.key]
    figures = {"rate": Spread.of(_rates(mine)), "cpu_us": Spread.of(_costs(mine))}
    if way.bridge is not None:
        figures["bridge_us"] = Spread.of([sample.bridge.used / sample.answers.requests * 1e6 for sample in mine])
    if way.baseline is not None and way.baseline != way.key:
        others = samples[way.baseline]
        figures["rate_ratio"] = ratios(_rates(mine), _rates(others))
        figures["cpu_ratio"] = ratios(_costs(mine), _costs(others))
    figures["busy"] = Spread.of([(sample.haproxy.used + sample.bridge.used) / sample.seconds * 100 for sample in mine])
    figures["waited"] = Spread.of([sample.haproxy.waited / sample.seconds * 100 for sample in mine])
    figures["failed"] = total_failed(mine)
    return figures


def total_failed(samples: Sequence[Sample]) -> Spread:
    """Return the number of all requests that failed."""
    return Spread.of([float(sum(sample.answers.failed for sample in samples))])


def _rates(samples: Sequence[Sample]) -> list[float]:
    return [sample.answers.rate for sample in samples]


def _costs(samples: Sequence[Sample]) -> list[float]:
    return [sample.cost * 1e6 for sample in samples]
