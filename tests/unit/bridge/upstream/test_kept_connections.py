# SPDX-License-Identifier: Apache-2.0
"""Gateways that were asked lately are asked for their health."""

from openstackoid.bridge.upstream.kept_connections import LASTING, KeptConnections
from unit.bridge.stage import Clock, played


@played
async def test_a_gateway_is_asked_for_three_minutes_after_its_last_request() -> None:
    asked: list[str] = []

    async def ask(gateway: str) -> None:
        asked.append(gateway)

    clock = Clock()
    kept = KeptConnections(ask, clock)
    await kept.ask_all()
    assert asked == []
    kept.note("one")
    clock.now += LASTING / 2
    kept.note("two")
    await kept.ask_all()
    assert sorted(asked) == ["one", "two"]
    clock.now += LASTING / 2
    asked.clear()
    await kept.ask_all()
    assert asked == ["two"]
