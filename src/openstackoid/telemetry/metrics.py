# SPDX-License-Identifier: Apache-2.0
"""Count requests, uses and validations, for Prometheus.

Each process counts for itself. :func:`merged` adds the samples of another process of the gateway. No label comes from a client:
clouds and services are of the mesh, all others have a few values.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
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


class _Durations(Histogram):
    """A histogram that takes many equal values at once."""

    def observe_many(self, amount: float, number: int) -> None:
        """Count ``number`` values of ``amount``."""
        self._sum.inc(amount * number)
        for bound, bucket in zip(self._upper_bounds, self._buckets, strict=True):
            if amount <= bound:
                bucket.inc(number)
                break


_REQUESTS = Counter("openstackoid_requests", "Answered requests", ("route", "service", "peer", "code"), registry=_REGISTRY)
_SECONDS = _Durations(
    "openstackoid_request_duration_seconds",
    "Time from the request's head to the end of the answer",
    ("route", "service", "peer"),
    buckets=_BUCKETS,
    registry=_REGISTRY,
)
_ERRORS = Counter(
    "openstackoid_errors", "Answers from 500 on, by the part at fault", ("by", "service", "peer"), registry=_REGISTRY
)
_REFUSALS = Counter("openstackoid_refusals", "Requests that the gateway has refused", ("reason",), registry=_REGISTRY)
_USES = Counter(
    "openstackoid_uses",
    "Lines of the audit log: uses of one cloud by another",
    ("direction", "peer", "outcome"),
    registry=_REGISTRY,
)
_VALIDATIONS = Counter(
    "openstackoid_token_validations", "Questions to Keystones about tokens", ("home", "result"), registry=_REGISTRY
)
_SPANS = Counter("openstackoid_spans", "Spans of traced workflows for the collector", ("outcome",), registry=_REGISTRY)
_peers: set[str] = set()

# So that a rate is known from the first error on.
for _by in (GATEWAY, SERVICE, PEER):
    _ERRORS.labels(_by, "none", "")


@dataclass(frozen=True, slots=True)
class Served:
    """Requests with equal answers. ``peer``: the cloud at the other end, empty for none; ``status``: 0 if the client has left.

    ``fault``: the part at fault for an error. ``refused``: the answer is the gateway's own.
    """

    route: str
    service: str
    peer: str
    status: int
    seconds: float
    fault: str | None = None
    refused: bool = False
    number: int = 1


def count_request(served: Served) -> None:
    """Count requests."""
    peer, number = _bounded(served.peer), served.number
    code = str(served.status) if served.status in _CODES else "0"
    _REQUESTS.labels(served.route, served.service, peer, code).inc(number)
    _SECONDS.labels(served.route, served.service, peer).observe_many(served.seconds, number)
    if served.refused and (400 <= served.status < 500 or served.status in REASONS):
        _REFUSALS.labels(REASONS.get(served.status, OTHER)).inc(number)
    elif served.status >= 500:
        _ERRORS.labels(served.fault or GATEWAY, served.service, peer).inc(number)


def count_use(direction: str, peer: str, outcome: str, number: int) -> None:
    """Count lines of the audit log."""
    _USES.labels(direction, _bounded(peer), outcome).inc(number)


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
