# SPDX-License-Identifier: Apache-2.0
import asyncio
import signal

from openstackoid.gateway.child import Child
from openstackoid.gateway.decisions import Part
from openstackoid.gateway.restarter import Restarter


class Process:
    """The keeper's view of a child."""

    alive = True

    def __init__(self) -> None:
        self.told: list[signal.Signals] = []

    def send(self, number: signal.Signals) -> None:
        self.told.append(number)


async def _told_while_it_starts() -> list[signal.Signals]:
    process, begun, goes_on = Process(), asyncio.Event(), asyncio.Event()

    async def start(_: Child | None) -> Child:
        begun.set()
        await goes_on.wait()
        return process  # type: ignore[return-value]

    keeper = Restarter(Part.BRIDGE, "One", start)
    starting = asyncio.create_task(keeper.replace())
    await begun.wait()
    telling = asyncio.create_task(keeper.tell(signal.SIGHUP))
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.gather(starting, telling)
    return process.told


def test_a_process_that_is_being_started_is_told_when_it_is_there() -> None:
    """It may have read the mesh description just before that was replaced."""
    assert asyncio.run(_told_while_it_starts()) == [signal.SIGHUP]
