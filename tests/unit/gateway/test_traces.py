# SPDX-License-Identifier: Apache-2.0
"""Two gateways send the spans of a traced request to a collector: one trace, of both clouds, without a secret."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from unit.gateway.pair import PeerGateway, pair
from unit.gateway.running import free_port, serving

TOKEN = "a-secret-token"  # the value of a header, which no span holds
REQUEST_ID = "req-7472ace0-7d80-47ef-a75f-58b7abfafe38"
TRACED = {"X-Auth-Token": TOKEN, "X-Scope": '{"image": "CloudTwo"}', "X-OpenStack-Request-Id": REQUEST_ID}


class Collector(ThreadingHTTPServer):
    """Receives OTLP over HTTP."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Traces)
        self.content = b""
        self.spans: list[Span] = []


class _Traces(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.content += content
        for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def collecting(port: int) -> Iterator[Collector]:
    collector = Collector(port)
    with serving(collector):
        yield collector


@pytest.fixture(scope="module")
def address() -> int:
    return free_port()


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory, address: int) -> Iterator[tuple[PeerGateway, PeerGateway]]:
    traces = f'traces: "127.0.0.1:{address}"'
    with pair(tmp_path_factory.mktemp("traced"), CloudOne=traces, CloudTwo=traces) as both:
        yield both


def fact(span: Span, key: str) -> str:
    return next(str(one.value.string_value) for one in span.attributes if one.key == key)


def test_both_clouds_spans_are_in_one_trace(gateways: tuple[PeerGateway, PeerGateway], address: int) -> None:
    one, _ = gateways
    with collecting(address) as collector:
        # The first through the Python services, the next by HAProxy alone.
        for _ in range(3):
            assert one.get("/image/v2/images/i/file?name=hidden", TRACED)[0] == 200
        until = time.monotonic() + 60
        while len([span for span in collector.spans if fact(span, "openstackoid.service") == "image"]) < 6:
            assert time.monotonic() < until, collector.spans
            time.sleep(0.1)
    assert {span.trace_id.hex() for span in collector.spans} == {REQUEST_ID.removeprefix("req-").replace("-", "")}
    told = {(fact(span, "openstackoid.gateway"), fact(span, "openstackoid.cloud")) for span in collector.spans}
    assert {("CloudOne", "CloudTwo"), ("CloudTwo", "CloudTwo")} <= told
    assert len({span.span_id for span in collector.spans}) == len(collector.spans)
    for secret in (TOKEN, "hidden", "demo"):
        assert secret.encode() not in collector.content
    one.wait_for_value(3, "openstackoid_spans_total", outcome="sent")


def test_a_collector_that_is_gone_costs_no_request(gateways: tuple[PeerGateway, PeerGateway]) -> None:
    one, _ = gateways
    assert one.get("/image/v2/images/i/file", TRACED)[0] == 200
    one.wait_for_value(1, "openstackoid_spans_total", outcome="lost")
    one.wait_for("spans are lost: the collector at")
    assert TOKEN not in one.said()


def test_an_untraced_request_has_no_span(gateways: tuple[PeerGateway, PeerGateway], address: int) -> None:
    one, _ = gateways
    with collecting(address) as collector:
        assert one.get("/image/v2/images/i/file", {"X-Auth-Token": TOKEN, "X-Scope": '{"image": "CloudTwo"}'})[0] == 200
        assert one.get("/image/v2/images/i/file", TRACED)[0] == 200
        until = time.monotonic() + 60
        while not any(fact(span, "openstackoid.gateway") == "CloudOne" for span in collector.spans):
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(0.5)
    assert len([span for span in collector.spans if fact(span, "openstackoid.gateway") == "CloudOne"]) == 1
