# SPDX-License-Identifier: Apache-2.0
"""A page of a trace does not wait for slow gateways: it says that they are asked, and has the trace later."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from openstackoid.console import traces
from openstackoid.console.errors import ConsoleError
from openstackoid.console.traces import MOST, Traces
from unit.bridge.stage import played
from unit.console.seen import LOG_IN, Watched, console
from unit.console.test_trace import ID, PAGE


@played
async def test_the_page_says_that_gateways_are_asked_and_has_the_trace_later() -> None:
    ready = asyncio.Event()

    class Slow(Watched):
        async def trace(self, request_id: str) -> Mapping[str, Any]:
            await ready.wait()
            return PAGE

    async with console(Slow()) as client:
        await client.post("/log-in", data=LOG_IN)
        page = await (await client.get(f"/trace?id={ID}")).text()
        assert "The gateways are being asked for their records." in page
        assert f'hx-get="/trace?id={ID}" hx-trigger="every 1s"' in page
        assert f'href="/trace?id={ID}">Look again</a>' in page
        ready.set()
        page = await (await client.get(f"/trace?id={ID}")).text()
        assert page.count('<rect class="hop') == 3
        assert "every 1s" not in page


@played
async def test_a_trace_is_asked_for_once_and_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def ask(request_id: str) -> Mapping[str, Any]:
        asked.append(request_id)
        if request_id == "none":
            raise ConsoleError("there is no record of it")
        return {"id": request_id}

    found = Traces(ask)
    assert [await found.get("a"), await found.get("a"), await found.get("b")] == [{"id": "a"}, {"id": "a"}, {"id": "b"}]
    for _ in range(2):
        with pytest.raises(ConsoleError, match="no record"):
            await found.get("none")
    assert asked == ["a", "b", "none"]
    monkeypatch.setattr(traces, "KEPT", -1.0)
    assert [await found.get("c"), await found.get("c")] == [{"id": "c"}, {"id": "c"}]
    assert asked == ["a", "b", "none", "c", "c"]


@played
async def test_traces_that_are_asked_for_at_one_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "BRIEFLY", 0.0)
    ready = asyncio.Event()

    async def ask(request_id: str) -> Mapping[str, Any]:
        await ready.wait()
        return {}

    found = Traces(ask)
    assert [await found.get(str(number)) for number in range(MOST)] == [None] * MOST
    with pytest.raises(ConsoleError, match="50 traces are asked for"):
        await found.get("one more")
    ready.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await found.get("0") == {}
