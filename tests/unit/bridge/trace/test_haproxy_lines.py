# SPDX-License-Identifier: Apache-2.0
"""HAProxy's lines become records, and nothing else that arrives on their socket does."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clouds import three_clouds
from openstackoid.bridge.trace.haproxy_lines import Lines, record_of_line
from openstackoid.bridge.trace.records import Record
from openstackoid.routing.backend_names import bind_ids
from unit.bridge.stage import played

ID = "req-7472ace0-1111-2222-3333-444455556666"
TAIL = f"trace={ID} at=1732450000250000 socket=1 via=token"
LINE = f"127.0.0.1 GET /image/v2/images -> peer Cloud-3.b 200 12 ms ---- {TAIL}\n"
MESH = three_clouds()


def read(line: str) -> Record | None:
    found = record_of_line(line.encode(), MESH, "CloudOne")
    assert found is None or found[0] == ID
    return None if found is None else found[1]


def test_a_line_about_a_peer() -> None:
    assert read(LINE) == Record(
        gateway="CloudOne",
        cloud="Cloud-3.b",
        service="image",
        interface="public",
        method="GET",
        path="/image/v2/images",
        status=200,
        started=1732450000.25,
        seconds=0.012,
        route="remote",
        via="token",
    )


@pytest.mark.parametrize(
    ("backend", "cloud", "route"),
    [
        ("local.image.public -", "CloudOne", "local"),
        ("peer CloudTwo", "CloudTwo", "remote"),
        ("gateway -", "CloudOne", "refuse"),
    ],
)
def test_the_backend_gives_cloud_and_route(backend: str, cloud: str, route: str) -> None:
    record = read(LINE.replace("peer Cloud-3.b", backend))
    assert record is not None
    assert (record.cloud, record.route) == (cloud, route)


@pytest.mark.parametrize("milliseconds", [12, -1])
def test_the_time_of_keystone_is_passed_over(milliseconds: int) -> None:
    assert read(LINE.replace("socket=1", f"socket=1 answered={milliseconds}")) == read(LINE)


def test_an_alias_of_a_service_has_its_official_name() -> None:
    record = read(LINE.replace("/image/v2/images", "/volume/v3/p1/volumes"))
    assert record is not None
    assert record.service == "block-storage"


def test_the_interface_is_that_of_the_socket() -> None:
    internal = next(endpoint for endpoint in MESH.clouds["CloudOne"].endpoints if endpoint.key == "image.internal")
    number = bind_ids(MESH.clouds["CloudOne"])[internal.listener]
    record = read(LINE.replace("/image/v2/images", "/v2/images").replace("socket=1", f"socket={number}"))
    assert record is not None
    assert (record.service, record.interface) == ("image", "internal")


@pytest.mark.parametrize("other", ["/nowhere", "/imagefoo"])
def test_a_path_that_is_no_services(other: str) -> None:
    record = read(LINE.replace("/image/v2/images", other))
    assert record is not None
    assert (record.service, record.interface) == ("none", "none")


@pytest.mark.parametrize("number", ["0", "4", "99999"])
def test_a_socket_that_is_no_more(number: str) -> None:
    record = read(LINE.replace("socket=1", f"socket={number}"))
    assert record is not None
    assert record.service == "none"


def test_a_request_that_was_not_finished() -> None:
    record = read(LINE.replace(" 200 12 ms ----", " -1 +34 ms CD--"))
    assert record is not None
    assert (record.status, record.seconds) == (0, 0.034)


def test_path_segments_that_cannot_be_ids_are_hidden() -> None:
    record = read(LINE.replace("/v2/images", f"/v2/a#20b/%41/{'x' * 37}/ok"))
    assert record is not None
    assert record.path == "/image/v2/.../.../.../ok"


@pytest.mark.parametrize(("via", "told"), [("", "none"), ("recalled", "recalled"), ("-", "none"), ("something", "none")])
def test_how_the_scope_came(via: str, told: str) -> None:
    record = read(LINE.replace("via=token", f"via={via}"))
    assert record is not None
    assert record.via == told


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Server local.image.public/s1 is DOWN, reason: Layer4 connection problem",
        LINE.replace("peer Cloud-3.b", "bridge -"),
        LINE.replace(ID, ID.replace("7472ace0", "11111111")),
        LINE.replace(TAIL, "-"),
        LINE + "more",
        LINE.replace("GET", "GET GET"),
    ],
)
def test_any_other_line_is_none(line: str) -> None:
    assert read(line) is None


@given(st.binary())
def test_no_datagram_is_too_much(line: bytes) -> None:
    assert record_of_line(line, MESH, "CloudOne") is None


@given(st.lists(st.sampled_from(LINE.split()) | st.text(), max_size=14), st.integers(0, len(LINE)))
def test_no_line_is_too_much(words: list[str], cut: int) -> None:
    for line in (" ".join(words), LINE[:cut] + " ".join(words) + LINE[cut:]):
        found = record_of_line(line.encode("utf-8", "surrogatepass"), MESH, "CloudOne")
        assert found is None or (found[1].path.isprintable() and found[1].method.isprintable())


@played
async def test_every_datagram_is_handed_on_until_the_end() -> None:
    receiving, sending = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiving.setblocking(False)
    found: list[bytes] = []
    lines = Lines(receiving, found.append)
    sending.send(b"one\n")
    sending.send(b"two\n")
    await asyncio.sleep(0.05)
    assert found == [b"one\n", b"two\n"]
    lines.close()
    assert receiving.fileno() == -1
    sending.close()
