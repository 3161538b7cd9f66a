# SPDX-License-Identifier: Apache-2.0
"""Times around a cloud: written, told by HAProxy, probed on demand, or told by a peer's gateway; cached and bounded."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from openstackoid.bridge.pages import near_times
from openstackoid.bridge.pages.near_times import NearTimes, read_page
from openstackoid.bridge.upstream import probes
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import Mesh, parse_mesh
from unit.bridge.haproxy import haproxy
from unit.bridge.stage import Visit, played, says, staged


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers may be late on a busy machine."""
    monkeypatch.setattr(near_times, "PATIENCE", 10.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def finding(mesh: Mesh, clock: Clock | None = None) -> AsyncIterator[tuple[NearTimes, Upstream]]:
    with TemporaryDirectory(prefix="oid-") as folder:
        async with haproxy(mesh, Path(folder)) as socket:
            upstream = Upstream("CloudOne", socket)
            if clock is not None:
                upstream.peers.round_trips._clock = clock
            try:
                yield NearTimes(upstream, clock or Clock()), upstream
            finally:
                await upstream.close()


def described(peers: dict[str, int], *written: tuple[str, str, float]) -> Mesh:
    """Return the mesh of CloudOne and peers, by the ports of their gateways."""
    text = "mesh: 1\nround_trips:\n" if written else "mesh: 1\n"
    text += "".join(f"- {{clouds: [{one}, {other}], milliseconds: {time}}}\n" for one, other, time in written)
    text += "clouds:\n  CloudOne:\n    gateway: {timeouts: {connect: 0.5, check: 60}}\n"
    text += "    services: {image: {frontend: 'http://127.0.0.1:8801/image', backend: 'http://127.0.0.1:1'}}\n"
    for number, (name, port) in enumerate(peers.items(), start=1):
        host = f"127.1.0.{number}" if port == 1 else "127.0.0.1"
        text += f"  {name}: {{services: {{image: {{frontend: 'http://{host}:{port}/image'}}}}}}\n"
    return parse_mesh(text)


def port_of(stage: Any) -> int:
    return int(stage.mesh.clouds["CloudTwo"].endpoints[0].frontend.port)


def page_of(rows: object) -> Callable[[Visit], Any]:
    """Return a gateway that tells these times."""
    body = json.dumps({"gateway": "Peer", "from": "Peer", "clouds": rows}).encode()

    async def answer(visit: Visit) -> None:
        await says("200 OK", body=body)(visit)

    return answer


@played
async def test_a_peer_is_probed_once_and_haproxy_tells_the_time() -> None:
    async with staged(there=says("200 OK")) as stage:
        mesh = described({"Peer": port_of(stage)})
        async with finding(mesh, Clock()) as (near, _):
            times = await near.table(mesh, "CloudOne")
            assert times.keys() == {"Peer"}
            assert 0 < times["Peer"] < 100
            assert await near.table(mesh, "CloudOne") == times
        assert {visit.line for visit in stage.there.visits} == {"GET /.openstackoid/health HTTP/1.1"}


@played
async def test_a_written_time_needs_no_probe() -> None:
    async with staged(there=says("200 OK")) as stage:
        mesh = described({"Peer": port_of(stage)}, ("CloudOne", "Peer", 4.5))
        async with finding(mesh) as (near, _):
            assert await near.table(mesh, "CloudOne") == {"Peer": 4.5}
            assert await near.table(mesh, "Peer") == {"CloudOne": 4.5}
        assert [visit.line for visit in stage.there.visits] == ["GET /.openstackoid/round-trips HTTP/1.1"]


@played
async def test_a_peer_that_cannot_be_reached_has_no_time_and_is_not_probed_again_at_once() -> None:
    mesh = described({"Peer": 1})
    async with finding(mesh, clock := Clock()) as (near, upstream):
        assert await near.table(mesh, "CloudOne") == {}
        assert near._probes._failed.keys() == {"Peer"}
        clock.now += probes.FRESH + 1
        upstream.peers.round_trips.note("Peer", 3.0)
        assert await near.table(mesh, "CloudOne") == {"Peer": 3.0}
        clock.now += probes.FRESH + 1
        assert await near.table(mesh, "CloudOne") == {"Peer": 3.0}, "a cloud that is down stays where it is"
        await asyncio.gather(*near._probes._under_way.values())
        clock.now += near_times.KEPT
        assert await near.table(mesh, "CloudOne") == {}


@played
async def test_a_request_does_not_wait_for_a_silent_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_times, "PATIENCE", 0.1)
    released = asyncio.Event()

    async def late(visit: Visit) -> None:
        await released.wait()
        await says("200 OK")(visit)

    async with staged(there=late) as stage:
        mesh = described({"Peer": port_of(stage), "Other": 1}, ("CloudOne", "Other", 2))
        async with finding(mesh, clock := Clock()) as (near, _):
            assert await near.table(mesh, "CloudOne") == {"Other": 2.0}
            released.set()
            monkeypatch.setattr(near_times, "PATIENCE", 10.0)
            clock.now += 0.2
            assert (await near.table(mesh, "CloudOne")).keys() == {"Other", "Peer"}


@played
async def test_of_many_peers_a_bounded_number_is_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "AT_MOST", 4)
    mesh = described({f"Peer{number}": 1 for number in range(10)})
    async with finding(mesh, clock := Clock()) as (near, _):
        for known in (4, 8, 10, 10):
            await near.table(mesh, "CloudOne")
            assert len(near._probes._failed) == known
            clock.now += near_times.PATIENCE


@played
async def test_a_peers_gateway_tells_the_times_around_it_but_for_the_one_to_us() -> None:
    rows = [{"name": "CloudOne", "milliseconds": 50000}, {"name": "Other", "milliseconds": 3}]
    async with staged(there=page_of(rows)) as stage:
        mesh = described({"Peer": port_of(stage), "Other": 1})
        async with finding(mesh, Clock()) as (near, upstream):
            found = await near.table(mesh, "Peer")
            assert found["Other"] == 3.0
            assert 0 < found["CloudOne"] < 1000, "it is measured here"
            assert found["CloudOne"] == upstream.peers.round_trips.times(60)["Peer"]
            assert await near.table(mesh, "Peer") == found
        assert len(stage.there.visits) == 1


@pytest.mark.parametrize(
    "rows",
    [
        "rows",
        None,
        [{"name": "Other", "milliseconds": -1}, {"name": "Nobody", "milliseconds": 1}],
        [{"name": "Other", "milliseconds": float("nan")}, {"name": "Other", "milliseconds": 1e300}],
        [{"name": f"Nobody{number}", "milliseconds": 1} for number in range(1000)] + [{"name": "Other", "milliseconds": 1}],
        [{"name": "Other" * 100_000, "milliseconds": 1}],
    ],
    ids=["no list", "none", "negative", "not a number", "many rows", "long"],
)
@played
async def test_a_peer_that_tells_absurd_times_leaves_its_surroundings_unknown(rows: object) -> None:
    async with staged(there=page_of(rows)) as stage:
        mesh = described({"Peer": port_of(stage), "Other": 1})
        async with finding(mesh, Clock()) as (near, _):
            assert (await near.table(mesh, "Peer")).keys() <= {"CloudOne"}


@pytest.mark.parametrize(
    "answer", [says("404 Not Found"), says("500 No"), says("200 OK", body=b"[" * 30_000), says("200 OK", body=b"{}")]
)
@played
async def test_a_gateway_without_the_page_tells_nothing(answer: Any) -> None:
    async with staged(there=answer) as stage:
        mesh = described({"Peer": port_of(stage)})
        async with finding(mesh, Clock()) as (near, _):
            assert (await near.table(mesh, "Peer")).keys() <= {"CloudOne"}


@played
async def test_a_peer_writes_no_time_of_haproxys() -> None:
    async with staged(there=says("200 OK", "X-Openstackoid-Round-Trip: 59000000")) as stage:
        mesh = described({"Peer": port_of(stage)})
        async with finding(mesh, Clock()) as (near, _):
            assert (await near.table(mesh, "CloudOne"))["Peer"] < 1000


@played
async def test_requests_of_one_workflow_see_one_resolution() -> None:
    mesh = described({"Peer": 1}, ("CloudOne", "Peer", 4.5))
    other = described({"Peer": 1}, ("CloudOne", "Peer", 9))
    async with finding(mesh, Clock()) as (near, _):
        before = await near.around(mesh, ("CloudOne",), "req-1")
        assert await near.around(other, ("CloudOne",), "req-1") == before == {"CloudOne": {"Peer": 4.5}}
        assert await near.around(other, ("CloudOne",), "req-2") == {"CloudOne": {"Peer": 9.0}}
        assert await near.around(other, ("CloudOne",)) == {"CloudOne": {"Peer": 9.0}}


@played
async def test_the_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_times, "MOST_IDS", 3)
    monkeypatch.setattr(near_times, "MOST_CENTERS", 1)
    mesh = described({"Peer": 1}, ("CloudOne", "Peer", 4.5))
    async with finding(mesh, Clock()) as (near, _):
        for number in range(10):
            await near.around(mesh, ("CloudOne", "Peer"), f"req-{number}")
        assert (len(near._of_ids), len(near._tables), len(near._making)) == (3, 1, 0)


@played
async def test_the_page_has_the_nearest_first() -> None:
    mesh = described({"Far": 1, "Near": 1}, ("CloudOne", "Far", 9), ("CloudOne", "Near", 0.25))
    async with finding(mesh) as (near, _):
        page = await near.page(mesh, "CloudOne")
    rows = [{"name": "Near", "milliseconds": 0.25}, {"name": "Far", "milliseconds": 9.0}]
    assert page == {"gateway": "CloudOne", "from": "CloudOne", "clouds": rows}
    assert list(read_page(json.dumps(page).encode())) == ["Near", "Far"]
    assert read_page(None) == read_page(b"\xff") == read_page(b"[]") == {}
