# SPDX-License-Identifier: Apache-2.0
"""Gateways that were asked lately are asked for their health, and all of a small mesh."""

from openstackoid.bridge.upstream.kept_connections import FROM_THE_START, LASTING, KeptConnections
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


@played
async def test_all_gateways_of_a_small_mesh_are_asked_from_the_start() -> None:
    asked: list[str] = []

    async def ask(gateway: str) -> None:
        asked.append(gateway)

    kept = KeptConnections(ask, Clock())
    few = [f"gateway {number}" for number in range(FROM_THE_START)]
    kept.set_peers([*few, *few])
    await kept.ask_all()
    assert sorted(asked) == sorted(few)
    asked.clear()
    kept.note(few[0])
    kept.set_peers(["another"])
    await kept.ask_all()
    assert sorted(asked) == ["another", few[0]]
    asked.clear()
    kept.set_peers([*few, "another"])
    await kept.ask_all()
    assert asked == [few[0]], "each of a large mesh would ask each"
