# SPDX-License-Identifier: Apache-2.0
"""Records become spans whose trace is the request id."""

from dataclasses import replace

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from openstackoid.bridge.trace.records import LEG, Record
from openstackoid.bridge.trace.spans import encoded

REQUEST_ID = "req-7472ace0-7d80-47ef-a75f-58b7abfafe38"
RECORD = Record("CloudOne", "CloudTwo", "image", "public", "GET", "/image/v2/images", 200, 1000.5, 0.25, "remote", "header")


def spans(*told: tuple[str, tuple[Record, ...]]) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(encoded("CloudOne", told))
    (resource,) = request.resource_spans
    facts = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (facts["service.name"], facts["service.instance.id"]) == ("openstackoid-gateway", "CloudOne")
    (scope,) = resource.scope_spans
    return list(scope.spans)


def test_the_request_id_is_the_trace() -> None:
    (span,) = spans((REQUEST_ID, (RECORD,)))
    assert span.trace_id.hex() == "7472ace07d8047efa75f58b7abfafe38"
    assert (len(span.span_id), span.parent_span_id) == (8, b"")
    assert (span.name, span.kind) == ("GET image", Span.SpanKind.SPAN_KIND_SERVER)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1_000_500_000_000, 1_000_750_000_000)
    facts = {one.key: one.value.int_value or one.value.string_value for one in span.attributes}
    assert facts == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.path": "/image/v2/images",
        "openstackoid.gateway": "CloudOne",
        "openstackoid.cloud": "CloudTwo",
        "openstackoid.service": "image",
        "openstackoid.interface": "public",
        "openstackoid.route": "remote",
        "openstackoid.scope": "header",
    }
    assert span.status.code == Status.StatusCode.STATUS_CODE_UNSET


def test_requests_to_several_clouds_are_children() -> None:
    legs = [replace(RECORD, cloud=cloud, route=LEG, status=status) for cloud, status in (("CloudTwo", 0), ("CloudThree", 200))]
    first, second, whole = sorted(spans((REQUEST_ID, (*legs, RECORD))), key=lambda span: span.kind, reverse=True)
    assert first.parent_span_id == second.parent_span_id == whole.span_id != b""
    assert len({first.span_id, second.span_id, whole.span_id}) == 3
    assert first.kind == second.kind == Span.SpanKind.SPAN_KIND_CLIENT
    failed = {span.status.code == Status.StatusCode.STATUS_CODE_ERROR for span in (first, second)}
    assert failed == {True, False}
