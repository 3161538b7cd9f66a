# SPDX-License-Identifier: Apache-2.0
"""A collector of spans that is slow, gone or endless costs spans, which are counted, and no request."""

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from openstackoid.bridge.trace import export
from openstackoid.bridge.trace.export import AT_ONCE, QUEUE, SpanExport
from openstackoid.bridge.trace.otel_extra import unable_to_export
from openstackoid.bridge.trace.records import Records
from openstackoid.mesh import parse_mesh
from openstackoid.telemetry import samples
from unit.bridge.trace.test_spans import RECORD, REQUEST_ID

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway: {traces: "127.0.0.1:4318"}
    services: {image: {frontend: "http://127.0.0.1:1/image", backend: "http://127.0.0.1:2"}}
"""


def count(outcome: str) -> float:
    return sum(value for name, labels, value in samples() if name == "openstackoid_spans_total" and labels["outcome"] == outcome)


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(ConnectionError):
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()


async def endless_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)


async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def closing(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await answer(reader, writer)
    finally:
        writer.close()


async def sent_to(answer: Answer | None, number: int = 3) -> tuple[float, float]:
    """Return the numbers of spans that were sent and lost, of ``number``; None: no collector listens."""
    server = None if answer is None else await asyncio.start_server(partial(closing, answer), "127.0.0.1", 0)
    port = 9 if server is None else server.sockets[0].getsockname()[1]
    before = count("sent"), count("lost")
    exporting = SpanExport("CloudOne", lambda: f"127.0.0.1:{port}")
    records = Records(export=exporting.add)
    running = asyncio.create_task(exporting.run())
    try:
        began = time.monotonic()
        for _ in range(number):
            records.add(REQUEST_ID, RECORD)
        # A request does not wait.
        assert time.monotonic() - began < 1
        until = time.monotonic() + 30
        while (told := (count("sent") - before[0], count("lost") - before[1])) and sum(told) < number:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
        return told
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        if server is not None:
            server.close()
        # The connections of the server end.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EACH", 0.01)
    monkeypatch.setattr(export, "PATIENCE", 0.5)


@pytest.mark.parametrize("answer", [None, never, endless_head, refusing, elsewhere])
def test_spans_that_no_collector_takes_are_counted_as_lost(answer: Answer | None) -> None:
    assert asyncio.run(sent_to(answer)) == (0, 3)


def test_an_endless_answer_is_not_read() -> None:
    assert asyncio.run(sent_to(endless_body)) == (3, 0)


def test_a_full_queue_loses_further_spans() -> None:
    before = count("lost")
    exporting = SpanExport("CloudOne", lambda: "127.0.0.1:9")
    for _ in range(QUEUE + 5):
        exporting.add(REQUEST_ID, [RECORD])
    assert count("lost") == before + 5
    assert len(exporting._next()) == AT_ONCE


def test_without_a_collector_nothing_waits() -> None:
    exporting = SpanExport("CloudOne", lambda: None)
    exporting.add(REQUEST_ID, [RECORD])
    assert exporting._next() == []


def test_without_the_package_the_log_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    cloud = parse_mesh(MESH).clouds["CloudOne"]

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (warning,) = unable_to_export(cloud)
    assert warning == "clouds.CloudOne.gateway.traces: spans are lost: pip install opentelemetry-proto"
    assert unable_to_export(replace(cloud, traces=None)) == []
    assert asyncio.run(sent_to(None)) == (0, 3)
    assert "pip install opentelemetry-proto" in caplog.text
