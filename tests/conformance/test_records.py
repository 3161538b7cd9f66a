# SPDX-License-Identifier: Apache-2.0
"""The gateways' own pages: the trace of a workflow through two of them, and the health of the mesh."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from conformance.case import Case, auth, plain, sent, subject, unseen
from conformance.gateway import RunningGateway, running_gateway, running_gateways

SECRET = "gAAAA-secret"
SCOPE = '{"image":"CloudTwo"}'


def new_id() -> str:
    return f"req-7472ace0-{str(uuid4()).partition('-')[2]}"


def traced(request_id: str) -> tuple[str, str]:
    return ("X-OpenStack-Request-Id", request_id)


def asks(path: str, *headers: tuple[str, str], method: str = "GET", to: str = "identity.public") -> Case:
    return Case("a traced request", sent("nobody", path), path, headers, method=method, to=to)


def page(gateway: RunningGateway, path: str, method: str = "GET", to: str = "identity.public") -> tuple[int, Any]:
    listener = gateway.listener(to)
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body else None
    finally:
        connection.close()


def trace(gateway: RunningGateway, request_id: str, query: str = "") -> tuple[int, Any]:
    return page(gateway, f"/.openstackoid/trace/{request_id}{query}")


def health(gateway: RunningGateway) -> dict[str, str]:
    return {cloud["name"]: cloud["health"] for cloud in page(gateway, "/.openstackoid/mesh")[1]["clouds"]}


@pytest.fixture(scope="module")
def two() -> Iterator[list[RunningGateway]]:
    with running_gateways("CloudOne", "CloudTwo", down=("Cloud-3.b",)) as gateways:
        deadline = time.monotonic() + 60
        # The first has found the second down before it was started.
        while health(gateways[0]) != {"CloudOne": "up", "CloudTwo": "up", "Cloud-3.b": "down"}:
            assert time.monotonic() < deadline, health(gateways[0])
            time.sleep(0.2)
        yield gateways


def test_a_workflow_through_two_gateways_is_told_by_the_first(two: list[RunningGateway]) -> None:
    request_id, before = new_id(), time.time()
    assert two[0].send(asks("/image/v2/images/i/file", auth("tok"), plain(SCOPE), traced(request_id))).status == 200
    assert two[0].send(asks("/compute/v2.1/servers", auth("tok"), traced(request_id), method="POST")).status == 200
    status, found = trace(two[0], request_id)
    assert (status, found["id"], found["missing"]) == (200, request_id, [])
    hops = [
        tuple(hop[name] for name in ("gateway", "cloud", "service", "interface", "method", "path", "status", "route", "via"))
        for hop in found["hops"]
    ]
    assert hops == [
        ("CloudOne", "CloudTwo", "image", "public", "GET", "/image/v2/images/i/file", 200, "remote", "header"),
        ("CloudTwo", "CloudTwo", "image", "public", "GET", "/v2/images/i/file", 200, "local", "token"),
        # CloudTwo's gateway asks about the user before it lets the request in.
        ("CloudOne", "CloudOne", "identity", "public", "GET", "/identity/v3/auth/tokens", 200, "local", "none"),
        ("CloudOne", "CloudOne", "compute", "public", "POST", "/compute/v2.1/servers", 200, "local", "none"),
    ]
    for hop in found["hops"]:
        assert before <= hop["started"] <= time.time()
        assert 0 <= hop["seconds"] < 5


def test_each_gateway_tells_its_own_records_when_asked_for_them_only(two: list[RunningGateway]) -> None:
    request_id = new_id()
    two[0].send(asks("/image/v2/images/i/file", auth("tok"), plain(SCOPE), traced(request_id)))
    for gateway in two:
        status, found = page(gateway, f"/.openstackoid/trace/{request_id}?only=here", to="image.public")
        assert (status, {hop["gateway"] for hop in found["hops"]}) == (200, {gateway.at})


def test_a_request_through_the_bridge_has_one_record_with_its_details(two: list[RunningGateway]) -> None:
    request_id = new_id()
    # HAProxy has no route of this spelling, so it is one for Python; the other request is refused there.
    two[0].send(asks("/image/v2/images/i/file", auth("tok"), plain(unseen('{"image":"CloudTwo"}')), traced(request_id)))
    two[0].send(asks("/image/v2/images/i/file", auth(f"tok!SCOPE!{SCOPE}"), plain('{"image":"CloudTen"}'), traced(request_id)))
    hops = trace(two[0], request_id)[1]["hops"]
    assert [(hop["gateway"], hop["cloud"], hop["status"], hop["route"], hop["via"]) for hop in hops] == [
        ("CloudOne", "CloudTwo", 200, "remote", "header"),
        ("CloudTwo", "CloudTwo", 200, "local", "token"),
        ("CloudOne", "CloudOne", 400, "refuse", "token"),
    ]


def test_a_peer_that_cannot_be_asked_is_missing_with_the_reason(two: list[RunningGateway]) -> None:
    request_id = new_id()
    assert (
        two[0].send(asks("/image/v2/images/i/file", auth("tok"), plain('{"image":"Cloud-3.b"}'), traced(request_id))).status
        == 503
    )
    found = trace(two[0], request_id)[1]
    assert [(hop["cloud"], hop["status"], hop["route"]) for hop in found["hops"]] == [("Cloud-3.b", 503, "remote")]
    (missing,) = found["missing"]
    assert missing["cloud"] == "Cloud-3.b"
    assert "cannot be reached" in missing["reason"]


def test_an_untraced_request_leaves_no_record(two: list[RunningGateway]) -> None:
    ordinary, twice = f"req-{uuid4()}", new_id()
    two[0].send(asks("/image/v2/images/i/file", auth("tok"), traced(ordinary)))
    two[0].send(asks("/image/v2/images/i/file", auth("tok"), traced(twice), traced(twice)))
    assert trace(two[0], ordinary)[0] == 400
    status, body = trace(two[0], twice)
    assert (status, body["error"]["code"]) == (404, 404)
    assert "there is no record" in body["error"]["message"]


def test_no_token_scope_or_query_is_in_a_trace(two: list[RunningGateway]) -> None:
    request_id = new_id()
    scoped = f"{SECRET}!SCOPE!{SCOPE}"
    for path, headers in (
        (f"/image/v2/images?token={SECRET}", [auth(scoped)]),
        (f"/image/v2/images?token={SECRET}", [auth(SECRET), plain(unseen('{"image":"CloudTwo"}'))]),
        (f"/identity/v3/auth/tokens?{SECRET}", [auth(SECRET), subject(scoped)]),
        (f"/image/v2/{SECRET}-{'s' * 40}", [auth(SECRET)]),
    ):
        two[0].send(asks(path, *headers, traced(request_id)))
    found = trace(two[0], request_id)[1]
    assert {hop["gateway"] for hop in found["hops"]} == {"CloudOne", "CloudTwo"}
    assert len(found["hops"]) >= 6
    assert SECRET not in json.dumps(found)
    assert "SCOPE" not in json.dumps(found)


def test_the_mesh_page_shows_peers_that_are_down(two: list[RunningGateway]) -> None:
    status, found = page(two[0], "/.openstackoid/mesh")
    clouds = {cloud["name"]: cloud for cloud in found["clouds"]}
    assert (status, found["gateway"]) == (200, "CloudOne")
    assert [(cloud["name"], cloud["home"]) for cloud in found["clouds"]] == [
        ("CloudOne", True),
        ("Cloud-3.b", False),
        ("CloudTwo", False),
    ]
    assert clouds["CloudOne"]["services"] == [
        {"type": kind, "health": "up"} for kind in sorted(two[0].mesh.clouds["CloudOne"].services)
    ]
    assert {service["health"] for service in clouds["Cloud-3.b"]["services"]} == {"down"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_pages_are_for_reading(two: list[RunningGateway], method: str) -> None:
    two[0].recorder.seen.clear()
    status, body = page(two[0], "/.openstackoid/mesh", method)
    assert (status, body["error"]["code"]) == (405, 405)
    assert two[0].recorder.seen == []


@pytest.mark.parametrize("path", ["/.openstackoid/", "/.openstackoid/mesh/", "/.openstackoid/../image", "/.openstackoid/trace"])
def test_no_service_is_reached_through_the_pages(two: list[RunningGateway], path: str) -> None:
    """On CloudTwo's socket for images the service has the root: every other path is its own."""
    two[1].recorder.seen.clear()
    answer = two[1].send(asks(path, auth("tok"), plain('{"image":"CloudOne"}'), to="image.public"))
    assert answer.status == 404
    assert "/.openstackoid/mesh" in answer.message
    assert two[1].recorder.seen == []


@contextmanager
def records_of(gateway: RunningGateway) -> Iterator[socket.socket]:
    """Receive HAProxy's lines in the bridge's place."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind(gateway.runtime.records_socket)
        receiving.settimeout(5)
        try:
            yield receiving
        finally:
            Path(gateway.runtime.records_socket).unlink()


@pytest.fixture(scope="module")
def alone() -> Iterator[RunningGateway]:
    with running_gateway("CloudOne", with_bridge=False, taught=[(auth(f"{SECRET}!SCOPE!{SCOPE}"),)]) as gateway:
        yield gateway


def test_a_line_cannot_be_forged_and_holds_no_secret(alone: RunningGateway) -> None:
    request_id, other = new_id(), new_id()
    forged = f"/image/v2/images/x%20-%3E{{}}|'^`<>-trace={other}/file"
    with records_of(alone) as receiving:
        alone.send(asks("/image/untraced", auth(SECRET)))
        alone.send(asks(f"{forged}?token={SECRET}", auth(f"{SECRET}!SCOPE!{SCOPE}"), traced(request_id)))
        line = receiving.recv(8192).decode("ascii")
    words = line.removesuffix("\n").split(" ")
    assert words[:2] == ["127.0.0.1", "GET"]
    assert words[3] == "->"
    assert words[4:6] == ["peer", "CloudTwo"]
    assert [word.partition("=")[0] for word in words[10:]] == ["trace", "at", "socket", "via", "left", "home", "id", "use"]
    assert words[10] == f"trace={request_id}"
    assert "\n" not in line.removesuffix("\n")
    assert SECRET not in line
    assert "SCOPE" not in line


def test_a_client_that_does_not_wait_is_recorded(alone: RunningGateway) -> None:
    request_id = new_id()
    listener = alone.listener("image.public")
    with records_of(alone) as receiving:
        with socket.create_connection((listener.host, listener.port)) as client:
            head = f"PUT /image/v2/images/1/file HTTP/1.1\r\nHost: h\r\nX-OpenStack-Request-Id: {request_id}\r\n"
            client.sendall(f"{head}Content-Length: 1000\r\n\r\npart".encode())
            time.sleep(0.2)
        words = receiving.recv(8192).decode("ascii").split(" ")
    assert (words[1], words[2], words[10]) == ("PUT", "/image/v2/images/1/file", f"trace={request_id}")


def test_requests_do_not_wait_for_their_records(alone: RunningGateway) -> None:
    """Neither without the socket, as in the other tests, nor with a full one that no process reads."""
    with records_of(alone):
        began = time.monotonic()
        for _ in range(40):
            assert alone.send(asks("/image/v2/images/i/file", traced(new_id()))).status == 200
        assert time.monotonic() - began < 5
    assert alone.send(asks("/image/v2/images/i/file", traced(new_id()))).status == 200


@pytest.mark.parametrize(
    ("scope", "route", "legs"),
    [
        ("image=CloudOne & CloudTwo", "all", {("CloudOne", 200), ("CloudTwo", 200)}),
        ("image=CloudOne & CloudTwo | CloudOne", "otherwise", {("CloudOne", 200), ("CloudTwo", 200)}),
        ("image=CloudTwo | CloudOne", "otherwise", {("CloudTwo", 200)}),
    ],
)
def test_each_leg_of_a_request_to_several_clouds_has_a_record(
    scope: str, route: str, legs: set[tuple[str, int]], two: list[RunningGateway]
) -> None:
    request_id = new_id()
    two[0].send(asks("/image/v2/images", auth("tok"), plain(scope), traced(request_id)))
    status, found = trace(two[0], request_id)
    assert (status, found["missing"]) == (200, [])
    (whole,) = [hop for hop in found["hops"] if hop["route"] == route]
    told = [hop for hop in found["hops"] if hop["route"] == "leg"]
    assert {(hop["cloud"], hop["status"]) for hop in told} == legs
    for hop in told:
        assert (hop["gateway"], hop["service"], hop["path"]) == ("CloudOne", "image", "/image/v2/images")
        assert whole["started"] - 0.01 <= hop["started"]
        assert hop["seconds"] <= whole["seconds"] + 0.01
    assert ("CloudTwo", "CloudTwo", "image") in {(hop["gateway"], hop["cloud"], hop["service"]) for hop in found["hops"]}
