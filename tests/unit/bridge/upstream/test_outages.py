# SPDX-License-Identifier: Apache-2.0
"""The memory of places that do not answer, and the probes that find out when they are back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from openstackoid.bridge.upstream import outages as module
from openstackoid.bridge.upstream.outages import AT_ONCE, MOST, Outage, Outages
from openstackoid.mesh import Endpoint, Mesh, parse_mesh
from unit.bridge.stage import DESCRIPTION, played

PAUSE = 0.02
REFUSED = Outage(503, "image of CloudTwo cannot be reached", 0.0)
SILENT = Outage(504, "image of CloudTwo does not answer in time", 5.0)


def mesh() -> Mesh:
    return parse_mesh(DESCRIPTION.format(here=1, there=2, dead=3))


def image(among: Mesh) -> Endpoint:
    return next(endpoint for endpoint in among.clouds["CloudTwo"].endpoints if endpoint.service == "image")


IMAGE, PLACE = image(mesh()), "image of CloudTwo"


class Asked:
    """Probes whose answers the test says; ``now`` and ``most`` are those under way at a time."""

    def __init__(self, *, answers: bool = False, seconds: float = 0.0) -> None:
        self.answers = answers
        self.seconds = seconds
        self.count = self.now = self.most = 0

    async def __call__(self) -> bool:
        self.count += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.now -= 1
        return self.answers


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not ready():
            await asyncio.sleep(0.005)


@played
async def test_a_place_that_is_not_reached_is_down_until_a_probe_is_answered() -> None:
    outages, probe = Outages(), Asked()
    assert outages.known(PLACE) is None
    outages.note(IMAGE, REFUSED, probe, pause=PAUSE, certain=True)
    assert outages.known(PLACE) == await outages.settled(PLACE) == REFUSED
    assert outages.known("image of CloudOne") is None
    await until(lambda: probe.count >= 3)
    for _ in range(10):
        found = outages.known(PLACE)
        assert (found and found.text) == REFUSED.text, "no request is the trial"
    probe.answers = True
    await until(lambda: outages.known(PLACE) is None)


@played
async def test_a_failure_that_no_probe_confirms_is_of_one_request_alone() -> None:
    outages, probe = Outages(), Asked(answers=True, seconds=0.05)
    outages.note(IMAGE, SILENT, probe, pause=PAUSE, certain=False)
    assert outages.known(PLACE) is None
    assert await outages.settled(PLACE) is None
    assert probe.count == 1


@played
async def test_a_failure_that_a_probe_confirms_keeps_its_words() -> None:
    outages, probe = Outages(), Asked(seconds=0.05)
    outages.note(IMAGE, SILENT, probe, pause=PAUSE, certain=False)
    found = await outages.settled(PLACE)
    assert found is not None
    assert (found.status, found.text) == (504, SILENT.text)


@played
async def test_the_last_probe_tells_whether_a_place_costs_time() -> None:
    outages, probe = Outages(), Asked(seconds=module.QUICK * 1.2)
    outages.note(IMAGE, REFUSED, probe, pause=PAUSE, certain=True)
    known = outages.known(PLACE)
    assert known is not None
    assert known.is_quick
    await until(lambda: (found := outages.known(PLACE)) is not None and not found.is_quick)
    probe.seconds = 0.0
    await until(lambda: (found := outages.known(PLACE)) is not None and found.is_quick)


@played
async def test_a_request_that_is_answered_ends_the_probes() -> None:
    outages, probe = Outages(), Asked()
    outages.note(IMAGE, REFUSED, probe, pause=PAUSE, certain=True)
    outages.forget(PLACE)
    assert outages.known(PLACE) is None
    await asyncio.sleep(3 * PAUSE)
    assert probe.count == 0
    outages.forget(PLACE)


@played
async def test_a_place_is_probed_before_the_time_of_its_request_is_over() -> None:
    outages, probe = Outages(), Asked()
    with outages.watched(IMAGE, SILENT, probe, pause=PAUSE, seconds=0.05):
        assert probe.count == 0
        await until(lambda: outages.known(PLACE) is not None)
    outages.close()
    with outages.watched(IMAGE, SILENT, probe, pause=PAUSE, seconds=0.05):
        pass
    count = probe.count
    await asyncio.sleep(0.1)
    assert (probe.count, outages.known(PLACE)) == (count, None), "an answer in time needs no probe"


@played
async def test_the_pause_grows_to_a_bound() -> None:
    outages, probe = Outages(), Asked()
    outages.note(IMAGE, REFUSED, probe, pause=0.01, certain=True)
    await asyncio.sleep(0.5)
    outages.close()
    assert 3 <= probe.count <= 15


@played
async def test_probes_are_bounded() -> None:
    outages, probe = Outages(), Asked(seconds=0.01)
    for number in range(MOST + 10):
        outages.note(replace(IMAGE, cloud=f"C{number}"), SILENT, probe, pause=60, certain=False)
    await until(lambda: all(outages.known(f"image of C{number}") for number in range(10, MOST + 10)))
    assert [outages.known(f"image of C{number}") for number in (0, 9)] == [None, None]
    assert probe.most == AT_ONCE
    outages.close()


@played
async def test_a_place_is_probed_once_in_a_pause_for_failures_of_requests() -> None:
    outages, probe = Outages(), Asked(answers=True)
    for _ in range(100):
        outages.note(IMAGE, SILENT, probe, pause=60, certain=False)
        assert await outages.settled(PLACE) is None
    assert probe.count == 1
    probe.answers = False
    await asyncio.sleep(0.2)
    outages.note(IMAGE, SILENT, probe, pause=0.1, certain=False)
    assert await outages.settled(PLACE) is not None
    outages.close()


@played
async def test_a_request_that_is_answered_meanwhile_brings_no_further_probe() -> None:
    outages, probe = Outages(), Asked(seconds=0.05)
    for _ in range(50):
        outages.note(IMAGE, SILENT, probe, pause=60, certain=False)
        await asyncio.sleep(0.002)
        outages.forget(PLACE)
    assert probe.count == 1


@played
async def test_a_probe_that_fails_by_an_error_is_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    outages = Outages()

    async def probe() -> bool:
        raise LookupError("tok")

    outages.note(IMAGE, SILENT, probe, pause=60, certain=False)
    assert (await outages.settled(PLACE)) is not None
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith("the probe of image of CloudTwo ends by a defect: LookupError")
    assert "tok" not in line
    outages.close()


@played
async def test_nothing_is_probed_once_all_is_closed() -> None:
    outages, probe = Outages(), Asked()
    outages.close()
    for certain in (False, True):
        outages.note(IMAGE, REFUSED, probe, pause=PAUSE, certain=certain)
    await asyncio.sleep(3 * PAUSE)
    assert (probe.count, outages.known(PLACE)) == (0, None)


@played
async def test_another_mesh_has_all_places_forgotten_and_noted_anew() -> None:
    outages, probe, before = Outages(), Asked(), mesh()
    for after in (mesh(), replace(before, blocked=frozenset({"CloudOne"}))):
        outages.note(image(before), SILENT, probe, pause=60, certain=False)
        assert await outages.settled(PLACE) is not None
        outages.follow_mesh(after)
        assert outages.known(PLACE) is None
        outages.note(image(before), SILENT, probe, pause=60, certain=False)
        assert await outages.settled(PLACE) is not None
    assert probe.count == 3
    outages.close()


@played
async def test_a_place_that_has_left_the_mesh_is_not_noted() -> None:
    outages, probe, before = Outages(), Asked(), mesh()
    for after in (
        replace(before, blocked=frozenset({"CloudTwo"})),
        replace(before, clouds={"CloudOne": before.clouds["CloudOne"]}),
        parse_mesh(DESCRIPTION.format(here=1, there=4, dead=3)),
    ):
        outages.follow_mesh(after)
        outages.note(image(before), REFUSED, probe, pause=60, certain=True)
        assert outages.known(PLACE) is None
