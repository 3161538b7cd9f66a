# SPDX-License-Identifier: Apache-2.0
"""Counted events become samples with bounded labels, and samples of two processes are added."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from openstackoid.telemetry import (
    GATEWAY,
    OTHER,
    PEER,
    Served,
    count_request,
    count_use,
    count_validation,
    merged,
    request_count,
    samples,
)
from openstackoid.telemetry.metrics import MOST_PEERS


def value(name: str, **labels: str) -> float:
    """Return the value of a sample of this process."""
    return sum(number for known, told, number in samples() if known == name and labels.items() <= told.items())


def test_a_request_is_counted_with_its_time() -> None:
    count = request_count(Served("remote", "dns", "CloudSeven", 200))
    count.add(0.02, 2)
    for seconds in (0.025, 0.0251, 120.0):
        count.add(seconds)
    labels = {"route": "remote", "service": "dns", "peer": "CloudSeven"}
    assert value("openstackoid_requests_total", code="200", **labels) == 5
    assert value("openstackoid_request_duration_seconds_count", **labels) == 5
    buckets = {"0.005": 0, "0.025": 3, "0.1": 4, "60.0": 4, "+Inf": 5}
    assert {le: value("openstackoid_request_duration_seconds_bucket", le=le, **labels) for le in buckets} == buckets
    assert abs(value("openstackoid_request_duration_seconds_sum", **labels) - 120.0901) < 1e-9
    count_request(Served("remote", "dns", "CloudSeven", 200), 0.02)
    assert value("openstackoid_requests_total", code="200", **labels) == 6


def test_an_error_has_a_part_at_fault_and_a_refusal_a_reason() -> None:
    count_request(Served("remote", "dns", "CloudSix", 503, PEER), 1.0)
    count_request(Served("local", "dns", "", 503, refused=True), 1.0)
    before = value("openstackoid_errors_total"), value("openstackoid_refusals_total")
    assert value("openstackoid_errors_total", by=PEER, service="dns", peer="CloudSix") == 1
    assert value("openstackoid_errors_total", by=GATEWAY, service="dns") == 1
    for status in (403, 508, 418):
        count_request(Served("refuse", "dns", "", status, refused=True), 0.0)
    assert [value("openstackoid_refusals_total", reason=reason) >= 1 for reason in ("policy", "loop", OTHER)] == [True] * 3
    # A client that has left is neither, and a loop is no error of this gateway.
    count_request(Served("refuse", "dns", "", 0, refused=True), 0.0)
    assert (value("openstackoid_errors_total"), value("openstackoid_refusals_total")) == (before[0], before[1] + 3)


def test_peers_beyond_the_most_are_one() -> None:
    for number in range(MOST_PEERS + 2):
        count_use("in", f"Cloud{number}", "refused", 1)
        count_validation(f"Cloud{number}", "accepted")
    peers = {labels["peer"] for _, labels, _ in samples() if "peer" in labels}
    assert OTHER in peers
    assert len(peers) <= MOST_PEERS + 2


class One(Collector):
    def __init__(self, others: list[tuple[str, dict[str, str], float]]) -> None:
        self.others = others

    def collect(self) -> object:  # type: ignore[override]
        return merged(self.others)


def test_samples_of_another_process_are_added() -> None:
    count_request(Served("local", "backup", "", 200), 0.02)
    labels = {"route": "local", "service": "backup", "peer": ""}
    others = [
        ("openstackoid_requests_total", {**labels, "code": "200"}, 4.0),
        ("openstackoid_requests_total", {**labels, "code": "404"}, 2.0),
    ]
    found: list[Sample] = [one for family in merged(others) for one in family.samples if one.labels.get("service") == "backup"]
    counted = {one.labels["code"]: one.value for one in found if one.name == "openstackoid_requests_total"}
    assert counted == {"200": 5.0, "404": 2.0}
    registry = CollectorRegistry(auto_describe=False)
    registry.register(One(others))
    text = generate_latest(registry).decode()
    assert 'openstackoid_requests_total{code="404",peer="",route="local",service="backup"} 2.0' in text
    assert "_created" not in text
