# SPDX-License-Identifier: Apache-2.0
"""Metrics of the state of a gateway, looked up when they are asked for."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from openstackoid import __version__
from openstackoid.bridge.audit.losses import Loss, Losses
from openstackoid.bridge.audit.maintenance import UP
from openstackoid.mesh import Cloud, Mesh, mesh_digest
from openstackoid.telemetry import MOST_PEERS, SLOW_ANSWER, WINDOW, PeerAnswer, TokenAnswers
from openstackoid.tls import TlsError, end_of, files_in


@dataclass(frozen=True, slots=True)
class GatewayState:
    """The parts of a gateway with a state. ``supervised``: the supervisor's file about the parts, None without a supervisor.

    ``peers``: the last answers of peers. ``audit``: the state of the audit log. ``tokens``: questions about tokens to the
    Keystone here.
    """

    at: str
    mesh: Callable[[], Mesh]
    requests: Callable[[], int]
    workflows: Callable[[], int]
    losses: Losses
    supervised: Path | None = None
    peers: Callable[[], Mapping[str, PeerAnswer]] = dict
    audit: Callable[[], str] = lambda: UP
    tokens: Callable[[], TokenAnswers] = TokenAnswers

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics."""
        mesh = self.mesh()
        yield _gauge("build_info", "The version that runs", {"version": __version__}, 1)
        yield _gauge("mesh_info", "A digest of the clouds, equal where descriptions are", {"hash": mesh_digest(mesh)}, 1)
        yield _gauge("mesh_clouds", "Described clouds", {}, len(mesh.clouds))
        yield _gauge("bridge_requests_in_progress", "Requests in the Python service", {}, self.requests())
        yield _gauge("bridge_requests_limit", "limits.bridge of the description", {}, mesh.clouds[self.at].limits.bridge)
        yield _gauge("workflows", "Workflows in memory", {}, self.workflows())
        lost = CounterMetricFamily("openstackoid_audit_lost", "Lines missing in the audit log, by the place", labels=("place",))
        places = {"haproxy": (Loss.HAPROXY,), "audit": (Loss.SERVICE, Loss.READER), "syslog": (Loss.SYSLOG,)}
        for place, parts in places.items():
            lost.add_metric((place,), self.losses.count(*parts))
        yield lost
        yield _gauge(
            "audit_log_ready", "0: it cannot be written, or the disk has no space for its reserve", {}, self.audit() == UP
        )
        tokens = self.tokens()
        yield _gauge("token_questions_recent", f"Questions about tokens to the Keystone here in {WINDOW} s", {}, tokens.asked)
        yield _gauge("token_questions_slow", f"Those of them that took {SLOW_ANSWER:g} s or longer", {}, tokens.slow)
        yield from _of_peers(self.peers())
        yield _certificates(mesh.clouds[self.at])
        yield from self._of_supervisor()

    def _of_supervisor(self) -> Iterator[Metric]:
        told: dict[str, Any] = {}
        if self.supervised is not None:
            with suppress(OSError, ValueError):
                told = json.loads(self.supervised.read_text(encoding="utf-8"))
        if not told:
            return
        restarts = CounterMetricFamily("openstackoid_part_restarts", "Deaths of a part, each with a restart", labels=("part",))
        for part, number in told["restarts"].items():
            restarts.add_metric((part,), number)
        yield restarts
        reload = told["reload"]
        yield _gauge("config_last_reload_successful", "0: the description that runs is an earlier one", {}, reload["successful"])
        yield _gauge("config_last_reload_timestamp_seconds", "When the description was read", {}, reload["time"])


def _of_peers(answers: Mapping[str, PeerAnswer]) -> Iterator[Metric]:
    reached = GaugeMetricFamily("openstackoid_peer_reachable", "0: the peer's gateway does not answer", labels=("peer",))
    same = GaugeMetricFamily("openstackoid_peer_description_same", "0: the peer has another description", labels=("peer",))
    certificate = GaugeMetricFamily("openstackoid_peer_certificate_good", "0: the peer's certificate is wrong", labels=("peer",))
    ahead = GaugeMetricFamily(
        "openstackoid_peer_clock_ahead_seconds", "The clock of the peer less that of this gateway", labels=("peer",)
    )
    # Faults come first, but not among the clocks: most of them tell whether the own one is off.
    for peer, answer in islice(sorted(answers.items(), key=lambda item: item[1].good), MOST_PEERS):
        reached.add_metric((peer,), answer.reached)
        if answer.reached or answer.certificate:
            certificate.add_metric((peer,), answer.reached)
        if answer.same is not None:
            same.add_metric((peer,), answer.same)
    for peer, seconds in islice(((peer, one.ahead) for peer, one in answers.items() if one.ahead is not None), MOST_PEERS):
        ahead.add_metric((peer,), seconds)
    yield from (reached, same, certificate, ahead)


def _gauge(name: str, about: str, labels: dict[str, str], value: float) -> Metric:
    gauge = GaugeMetricFamily(f"openstackoid_{name}", about, labels=tuple(labels))
    gauge.add_metric(tuple(labels.values()), value)
    return gauge


def _certificates(cloud: Cloud) -> Metric:
    """Return the end of each certificate; a broken file is left out, for the gateway goes on with its copy."""
    name, about = "openstackoid_certificate_expiry_timestamp_seconds", "The end of a certificate, or of the list of revoked ones"
    ends = GaugeMetricFamily(name, about, labels=("use", "file"))
    tls = cloud.tls
    if tls is not None:
        used = [("peers", tls.certificate), *([("revoked", tls.revoked)] if tls.revoked else [])]
        with suppress(TlsError):
            used += [("users", path) for path in files_in(tls.users)]
        for use, path in used:
            with suppress(TlsError):
                ends.add_metric((use, path), end_of(path).timestamp())
    return ends
