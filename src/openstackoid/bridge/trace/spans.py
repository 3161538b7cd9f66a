# SPDX-License-Identifier: Apache-2.0
"""Records as spans of OpenTelemetry, in the form of OTLP. The UUID of the request id is the trace id at each gateway."""

import os
from collections.abc import Iterable, Iterator, Sequence

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from openstackoid import __version__
from openstackoid.bridge.trace.records import Record

SERVICE_NAME = "openstackoid-gateway"

Told = tuple[str, Sequence[Record]]
"""A request id, and the records of a request: its own one is the last, after those of its legs."""

_NANOSECONDS = 1_000_000_000


def encoded(at: str, told: Iterable[Told]) -> bytes:
    """Return the spans of the gateway of the cloud ``at``, as the body of a request to a collector."""
    resource = {"service.name": SERVICE_NAME, "service.version": __version__, "service.instance.id": at}
    spans = ScopeSpans(scope=InstrumentationScope(name="openstackoid", version=__version__), spans=_spans(told))
    request = ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=Resource(attributes=_attributes(resource)), scope_spans=[spans])]
    )
    content: bytes = request.SerializeToString()
    return content


def _spans(told: Iterable[Told]) -> Iterator[Span]:
    for request_id, records in told:
        trace = bytes.fromhex(request_id.removeprefix("req-").replace("-", ""))
        whole = os.urandom(8)
        for record in records[:-1]:
            yield _span(record, trace, os.urandom(8), whole)
        yield _span(records[-1], trace, whole, b"")


def _span(record: Record, trace: bytes, own: bytes, parent: bytes) -> Span:
    begin = int(record.started * _NANOSECONDS)
    facts: dict[str, str | int] = {
        "http.request.method": record.method,
        "url.path": record.path,
        "openstackoid.gateway": record.gateway,
        "openstackoid.cloud": record.cloud,
        "openstackoid.service": record.service,
        "openstackoid.interface": record.interface,
        "openstackoid.route": record.route,
        "openstackoid.scope": record.via,
    }
    if record.status:
        facts["http.response.status_code"] = record.status
    failed = record.status >= 500 or not record.status
    return Span(
        trace_id=trace,
        span_id=own,
        parent_span_id=parent,
        name=f"{record.method} {record.service}",
        kind=Span.SpanKind.SPAN_KIND_CLIENT if parent else Span.SpanKind.SPAN_KIND_SERVER,
        start_time_unix_nano=begin,
        end_time_unix_nano=begin + int(record.seconds * _NANOSECONDS),
        attributes=_attributes(facts),
        status=Status(code=Status.StatusCode.STATUS_CODE_ERROR if failed else Status.StatusCode.STATUS_CODE_UNSET),
    )


def _attributes(facts: dict[str, str] | dict[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(key=key, value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value))
        for key, value in facts.items()
    ]
