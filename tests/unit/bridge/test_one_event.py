# SPDX-License-Identifier: Apache-2.0
"""Audit, metrics and trace read the same line of HAProxy's about a request, and agree on it."""

import json
from pathlib import Path

import pytest

from conformance.clouds import three_clouds
from openstackoid.bridge.audit.admission_header import Admission, encode
from openstackoid.bridge.audit.audit_file import UncountedAudit
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.telemetry.haproxy_lines import LineCounts
from openstackoid.bridge.trace.haproxy_lines import record_of_line
from openstackoid.haproxy.trace import BY_PYTHON, shown_lines
from openstackoid.mesh import Endpoint
from openstackoid.routing.admission import encoded_roles
from openstackoid.routing.backend_names import PEER, guests_backend
from openstackoid.telemetry import samples

MESH = three_clouds()
HERE = MESH.clouds["CloudOne"]
ID = "req-7472ace0-1111-2222-3333-444455556666"
USE = encode(Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "staff"))


def endpoint(service: str) -> Endpoint:
    found = HERE.endpoint(service, "public")
    assert found is not None
    return found


def line(of: Endpoint, backend: str, cloud: str, answer: str, marked: str) -> bytes:
    socket = 1 + list(HERE.listeners).index(of.listener)
    path = next(path for path in PATHS[of.service] if HERE.locate(of.listener, path) == of)
    traced = f"trace={ID} at=1732450000250000 socket={socket} via=header"
    return f"192.0.2.7 GET {path} -> {backend} {cloud} {answer} {traced} {marked}\n".encode()


PATHS = {"image": ["/image/v2/images"], "block-storage": ["/volume/v3/p1/volumes", "/volumev3/v3/p1/volumes"]}


def counted(name: str, **labels: str) -> float:
    return sum(number for known, told, number in samples() if known == name and labels.items() <= told.items())


@pytest.mark.parametrize("service", sorted(PATHS))
@pytest.mark.parametrize(
    ("answer", "use", "outcome"),
    [
        ("200 20 ms ----", USE, "allowed"),
        ("404 20 ms ----", USE, "allowed"),
        ("403 20 ms ----", "", "refused"),
        ("503 20 ms SC--", "", "failed"),
    ],
)
def test_of_a_request_that_left(tmp_path: Path, service: str, answer: str, use: str, outcome: str) -> None:
    of = endpoint(service)
    text = line(of, PEER, "CloudTwo", answer, f"left={of.key} home=CloudOne id={ID} use={use}")
    agree(tmp_path, text, service, "out", "CloudTwo", answer[:3], outcome)


@pytest.mark.parametrize("service", sorted(PATHS))
def test_of_a_guest(tmp_path: Path, service: str) -> None:
    of = endpoint(service)
    marked = f"admitted={of.key} from=CloudTwo id={ID} use={USE}|{encoded_roles(('reader',))}|CloudTwo"
    agree(tmp_path, line(of, guests_backend(of), "-", "200 20 ms ----", marked), service, "in", "CloudOne", "200", "allowed")


def agree(folder: Path, text: bytes, service: str, direction: str, cloud: str, code: str, outcome: str) -> None:
    """Have the three readers read a line, and compare what they say. CloudTwo is the other cloud."""
    requests = {"service": service, "peer": "CloudTwo", "code": code}
    uses = {"direction": direction, "peer": "CloudTwo", "outcome": outcome}
    before = counted("openstackoid_requests_total", **requests), counted("openstackoid_uses_total", **uses)
    counts = LineCounts()
    egress = EgressLines("CloudOne", UncountedAudit(folder / "audit.log"), requests=counts.add_audited)
    counts.add(shown_lines(egress(text))[1], some_audited=True)
    counts.settle()
    (audited,) = map(json.loads, (folder / "audit.log").read_text().splitlines())
    found = record_of_line(text, MESH, "CloudOne")
    assert found is not None
    record = found[1]
    assert (audited["service"], audited["cloud"], audited["status"], audited["outcome"]) == (service, cloud, int(code), outcome)
    assert (record.service, record.cloud, record.status) == (service, cloud, int(code))
    after = counted("openstackoid_requests_total", **requests), counted("openstackoid_uses_total", **uses)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert (audited["method"], audited["path"], audited["request_id"]) == (record.method, record.path, found[0])


@pytest.mark.parametrize(("folder", "written"), [(".", 1), ("missing", 0)])
def test_a_line_that_cannot_be_written_counts_as_a_request_and_as_no_use(tmp_path: Path, folder: str, written: int) -> None:
    of = endpoint("image")
    text = line(of, PEER, "CloudTwo", "200 20 ms ----", f"left={of.key} home=CloudOne id={ID} use={USE}")
    requests = {"service": "image", "peer": "CloudTwo", "code": "200"}
    uses = {"direction": "out", "peer": "CloudTwo", "outcome": "allowed"}
    before = counted("openstackoid_requests_total", **requests), counted("openstackoid_uses_total", **uses)
    egress = EgressLines("CloudOne", UncountedAudit(tmp_path / folder / "audit.log"), requests=LineCounts().add_audited)
    egress(text)
    after = counted("openstackoid_requests_total", **requests), counted("openstackoid_uses_total", **uses)
    assert (after[0] - before[0], after[1] - before[1]) == (1, written)


def test_a_line_of_the_python_service_is_a_use_and_counted_as_a_request_elsewhere(tmp_path: Path) -> None:
    of = endpoint("image")
    text = line(of, PEER, "CloudTwo", f"200 20 ms ----{BY_PYTHON}", f"left={of.key} home=CloudOne id={ID} use={USE}")
    uses = {"direction": "out", "peer": "CloudTwo", "outcome": "allowed"}
    before = counted("openstackoid_requests_total"), counted("openstackoid_uses_total", **uses)
    EgressLines("CloudOne", UncountedAudit(tmp_path / "audit.log"), requests=LineCounts().add_audited)(text)
    after = counted("openstackoid_requests_total"), counted("openstackoid_uses_total", **uses)
    assert (after[0] - before[0], after[1] - before[1]) == (0, 1)
