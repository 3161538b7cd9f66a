# SPDX-License-Identifier: Apache-2.0
import asyncio
import signal

from openstackoid.gateway.child import Child
from openstackoid.gateway.decisions import Part
from openstackoid.gateway.restarter import Restarter


class Process:
    """The keeper's view of a child."""

    alive = True
    lived = 1000.0

    def __init__(self) -> None:
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
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


async def _deaths_of_one_that_its_successor_ends() -> list[Part]:
    first, second, died, ready = Process(), Process(), list[Part](), asyncio.Event()
    made = iter([first, second])

    async def start(old: Child | None) -> Child:
        if old is not None:
            first.end.set_result("ended with code 0")
            await ready.wait()
        return next(made)  # type: ignore[return-value]

    keeper = Restarter(Part.HAPROXY, "One", start, died.append)
    await keeper.replace()
    keeping = asyncio.create_task(keeper.keep())
    await asyncio.sleep(0)
    replacing = asyncio.create_task(keeper.replace())
    for _ in range(5):
        await asyncio.sleep(0)
    ready.set()
    await replacing
    for _ in range(5):
        await asyncio.sleep(0)
    keeping.cancel()
    assert keeper.child is second  # type: ignore[comparison-overlap]
    return died


def test_a_process_that_ends_while_its_successor_starts_is_no_death() -> None:
    assert asyncio.run(_deaths_of_one_that_its_successor_ends()) == []
