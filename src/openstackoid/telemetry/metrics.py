# SPDX-License-Identifier: Apache-2.0
"""Count requests, uses and validations, for Prometheus.

Each process counts for itself. :func:`merged` adds the samples of another process of the gateway. No label comes from a client:
clouds and services are of the mesh, all others have a few values.
"""

from bisect import bisect_left
from collections import Counter as Totals
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, chain
from operator import add
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

GATEWAY, SERVICE, PEER = "gateway", "service", "peer"
"""Whose fault an error is: this gateway's, a service's of this cloud, or a peer's."""

OTHER = "other"
"""In place of a value beyond the bounds of a label."""

MOST_PEERS = 500
"""Peers with labels of their own; a scrape of ten thousand would be too large."""

REASONS = {
    400: "malformed",
    401: "token",
    403: "policy",
    404: "not_found",
    405: "method",
    408: "slow",
    409: "conflict",
    413: "size",
    414: "size",
    429: "limit",
    431: "size",
    508: "loop",
}
"""The reason of a refusal, by the status of the gateway's own answer."""

_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_REGISTRY = CollectorRegistry(auto_describe=False)
_CODES = range(100, 600)


_VALIDATIONS = Counter(
    "openstackoid_token_validations", "Questions to Keystones about tokens", ("home", "result"), registry=_REGISTRY
)
_SPANS = Counter("openstackoid_spans", "Spans of traced workflows for the collector", ("outcome",), registry=_REGISTRY)
_peers: set[str] = set()


class Served(NamedTuple):
    """The labels of a request. ``peer``: the cloud at the other end, empty for none; ``status``: 0 if the client has left.

    ``fault``: the part at fault for an error. ``refused``: the answer is the gateway's own. A named tuple, for it is a key.
    """

    route: str
    service: str
    peer: str
    status: int
    fault: str | None = None
    refused: bool = False


Use = tuple[str, str, str]
"""The labels of a line of the audit log: direction, peer and outcome."""


class RequestCount:
    """Requests with equal labels: their number for each bucket of times, the sum of their times, their lines of the audit log.

    Plain numbers: a counter of prometheus_client would take a lock each time. One thread counts, any may read.
    """

    __slots__ = ("lines", "numbers", "seconds")

    def __init__(self) -> None:
        self.numbers = [0] * (len(_BUCKETS) + 1)
        self.seconds = 0.0
        self.lines = 0

    def add(self, seconds: float, number: int = 1) -> None:
        """Count ``number`` requests that took ``seconds`` each."""
        self.numbers[bisect_left(_BUCKETS, seconds)] += number
        self.seconds += seconds * number


_counts: dict[tuple[Served | None, Use | None], RequestCount] = {}


@lru_cache(4096)
def request_count(served: Served | None, use: Use | None = None) -> RequestCount:
    """Return the count of requests with these labels, of whose lines of the audit log each has the labels ``use``.

    ``served``: None for lines of requests that are counted elsewhere.
    """
    if served is not None:
        status = served.status if served.status in _CODES else 0
        served = served._replace(peer=_bounded(served.peer), status=status)
    if use is not None:
        use = use[0], _bounded(use[1]), use[2]
    return _counts.setdefault((served, use), RequestCount())


def count_request(served: Served, seconds: float) -> None:
    """Count a request and its time."""
    request_count(served).add(seconds)


class _PlainCounts(Collector):
    """The metrics of requests and of uses, made of their plain counts."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        answered: Totals[tuple[str, ...]] = Totals()
        # So that a rate is known from the first error on.
        errors: Totals[tuple[str, ...]] = Totals({(by, "none", ""): 0 for by in (GATEWAY, SERVICE, PEER)})
        refusals: Totals[tuple[str, ...]] = Totals()
        uses: Totals[Use] = Totals()
        durations: dict[tuple[str, ...], RequestCount] = {}
        for (served, use), count in list(_counts.items()):
            if use is not None:
                uses[use] += count.lines
            if served is None:
                continue
            route, service, peer, status, fault, refused = served
            numbers, seconds = list(count.numbers), count.seconds
            number = sum(numbers)
            answered[route, service, peer, str(status)] += number
            if refused and (400 <= status < 500 or status in REASONS):
                refusals[REASONS.get(status, OTHER),] += number
            elif status >= 500:
                errors[fault or GATEWAY, service, peer] += number
            total = durations.setdefault((route, service, peer), RequestCount())
            total.numbers = [*map(add, total.numbers, numbers)]
            total.seconds += seconds
        yield _counter("requests", "Answered requests", ("route", "service", "peer", "code"), answered)
        yield _histogram(durations)
        yield _counter("errors", "Answers from 500 on, by the part at fault", ("by", "service", "peer"), errors)
        yield _counter("refusals", "Requests that the gateway has refused", ("reason",), refusals)
        about, labels = "Lines of the audit log: uses of one cloud by another", ("direction", "peer", "outcome")
        yield _counter("uses", about, labels, uses)


def _counter(name: str, about: str, labels: tuple[str, ...], totals: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(f"openstackoid_{name}", about, labels=labels)
    for values, number in totals.items():
        family.add_metric(values, number)
    return family


def _histogram(durations: Mapping[tuple[str, ...], RequestCount]) -> Metric:
    name, about = "openstackoid_request_duration_seconds", "Time from the request's head to the end of the answer"
    family = HistogramMetricFamily(name, about, labels=("route", "service", "peer"))
    bounds = [*map(str, _BUCKETS), "+Inf"]
    for values, count in durations.items():
        family.add_metric(values, list(zip(bounds, accumulate(count.numbers), strict=True)), count.seconds)
    return family


_REGISTRY.register(_PlainCounts())


def count_use(direction: str, peer: str, outcome: str, number: int) -> None:
    """Count lines of the audit log."""
    request_count(None, (direction, peer, outcome)).lines += number


def count_validation(home: str, result: str) -> None:
    """Count a question to the Keystone of the cloud ``home``: ``accepted``, ``refused`` or ``failed``."""
    _VALIDATIONS.labels(_bounded(home), result).inc()


def count_spans(outcome: str, number: int) -> None:
    """Count spans: ``sent`` or ``lost``."""
    _SPANS.labels(outcome).inc(number)


def _bounded(peer: str) -> str:
    if peer and peer not in _peers:
        if len(_peers) >= MOST_PEERS:
            return OTHER
        _peers.add(peer)
    return peer


def samples() -> list[tuple[str, dict[str, str], float]]:
    """Return the samples of this process, for :func:`merged` in another one."""
    return [(one.name, one.labels, one.value) for family in _families() for one in family.samples]


def merged(others: Iterable[tuple[str, Mapping[str, str], float]]) -> Iterator[Metric]:
    """Return the metrics of this process with the samples of another one."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    own = list(_families())
    mine = ((one.name, one.labels, one.value) for family in own for one in family.samples)
    for name, labels, value in chain(mine, others):
        values, key = found.setdefault(name, {}), tuple(labels.items())
        values[key] = values.get(key, 0.0) + value
    for family in own:
        names = [name for name in found if name.startswith(family.name)]
        family.samples = [Sample(name, dict(key), value) for name in names for key, value in found[name].items()]
        yield family


def _families() -> Iterator[Metric]:
    for family in _REGISTRY.collect():
        # The time of the first value of each label: one more series each, which nothing reads.
        family.samples = [one for one in family.samples if not one.name.endswith("_created")]
        yield family
