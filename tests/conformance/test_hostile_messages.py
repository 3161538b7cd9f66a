# SPDX-License-Identifier: Apache-2.0
"""Messages that two servers could read in two ways: HAProxy refuses them, or sends on one request in one form.

After each, an ordinary request is sent on the same connection: it is answered by its own service, or the connection is closed.
"""

import json
from collections.abc import Iterator

import pytest

from conformance.case import ORDINARY
from conformance.hostile import ODD, PLAIN, Answer, Site, hostile_site, read_answers

NEXT = b"GET /compute/next HTTP/1.1\r\nHost: h\r\n\r\n"
HIS = b"compute /compute/next"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
TE_CL, CL_TE = "chunks and a length (TE.CL)", "a length and chunks (CL.TE)"
EVIL = "GET /compute/evil HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with hostile_site() as running:
        yield running


def post(headers: str, body: str = "", path: str = "/image/v2/images/a/file", version: str = "HTTP/1.1") -> bytes:
    return f"POST {path} {version}\r\nHost: h\r\n{headers}\r\n{body}".encode("latin-1")


def get(path: str, headers: str = "", version: str = "HTTP/1.1") -> bytes:
    return f"GET {path} {version}\r\nHost: h\r\n{headers}\r\n".encode("latin-1")


def error(answer: Answer) -> str:
    """Return the message of OpenStack's error body."""
    document = json.loads(answer.body)["error"]
    assert document["code"] == answer.status
    return str(document["message"])


REFUSED = {
    "two codings": post(CHUNKED + "Transfer-Encoding: x\r\n", "0\r\n\r\n"),
    "an unknown coding": post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
    "chunked before another": post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
    "identity and a length": post("Transfer-Encoding: identity\r\nContent-Length: 1\r\n", "x"),
    "a vertical tab before the coding": post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    "two lengths": post("Content-Length: 1\r\nContent-Length: 2\r\n", "x"),
    "two lengths in one": post("Content-Length: 1, 2\r\n", "x"),
    "a length with a plus": post("Content-Length: +1\r\n", "x"),
    "a negative length": post("Content-Length: -1\r\n", "x"),
    "a hexadecimal length": post("Content-Length: 0x1\r\n", "x"),
    "an empty length": post("Content-Length: \r\n", "x"),
    "a length beyond all numbers": post("Content-Length: 99999999999999999999999\r\n", "x"),
    "a space before the colon": post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    "a space before the first name": b"POST /image/v2/images/a/file HTTP/1.1\r\n"
    b" Transfer-Encoding: chunked\r\nHost: h\r\n\r\n0\r\n\r\n",
    "a bare CR": get("/image/v2/images/a/file", "X-A: b\rX-C: d\r\n"),
    "a NUL": get("/image/v2/images/a/file", "X-A: a\0b\r\n"),
    "a NUL in a name": get("/image/v2/images/a/file", "X-\0A: b\r\n"),
    "HTTP/0.9": b"GET /image/v2/images/a/file\r\n",
    "too many headers": get("/image/v2/images/a/file", "".join(f"X-{number}: a\r\n" for number in range(300))),
    "a header that is too large": get("/image/v2/images/a/file", f"X-A: {'a' * 30000}\r\n"),
    "a line that is too large": get(f"/image/{'a' * 30000}"),
    "all headers together too large": get(
        "/image/v2/images/a/file", "".join(f"X-{number}: {'a' * 400}\r\n" for number in range(90))
    ),
    "two hosts": b"GET /image/v2/images/a/file HTTP/1.1\r\nHost: h\r\nHost: evil\r\n\r\n",
    "a host that the URL does not name": get("http://evil/image/v2/images/a/file"),
    "a host that is none": b"GET /image/v2/images/a/file HTTP/1.1\r\nHost: h/compute\r\n\r\n",
    "a path of other than ASCII": get("/image/\xff"),
    "a fragment": get("/image/v2/images/a/file#/../compute"),
    "a space in the path": get("/image/v2/images/a/file b"),
    "CONNECT to a path": b"CONNECT /image/v2/images/a/file HTTP/1.1\r\nHost: h\r\n\r\n",
}
REFUSED_BODY = {
    "a chunk extension that ends in LF alone": post(CHUNKED, "1;a=b\nx\r\n0\r\n\r\n"),
    "a chunk's size that is none": post(CHUNKED, "zz\r\nx\r\n0\r\n\r\n"),
    "a chunk's size beyond all numbers": post(CHUNKED, "fffffffffffffffff\r\nx\r\n0\r\n\r\n"),
    "a chunk longer than its size": post(CHUNKED, "1\r\nxyz\r\n0\r\n\r\n"),
}
ONE = {
    CL_TE: (post(f"Content-Length: 6\r\n{CHUNKED}", "0\r\n\r\nX"), b""),
    TE_CL: (
        post(f"{CHUNKED}Content-Length: 4\r\n", f"{len(EVIL):x}\r\n{EVIL}\r\n0\r\n\r\n"),
        EVIL.encode(),
    ),
    "chunks of an HTTP/1.0 client": (post(CHUNKED, "1\r\nx\r\n0\r\n\r\n", version="HTTP/1.0"), b"x"),
    "a tab before the coding": (post("Transfer-Encoding:\tchunked\r\n", "1\r\nx\r\n0\r\n\r\n"), b"x"),
    "a length twice": (post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), b"x"),
    "a length with a zero": (post("Content-Length: 01\r\n", "x"), b"x"),
    "a folded header": (post("X-A: 1\r\n Content-Length: 5\r\n"), b""),
    "LF alone": (b"GET /image/v2/images/a/file HTTP/1.1\nHost: h\n\n", b""),
    "a chunk extension": (post(CHUNKED, "1;a=b\r\nx\r\n0\r\n\r\n"), b"x"),
    "a trailer": (post(CHUNKED, "1\r\nx\r\n0\r\nX-Auth-Token: t\r\n\r\n"), b"x"),
    "a body of GET": (
        f"GET /image/v2/images/a/file HTTP/1.1\r\nHost: h\r\nContent-Length: {len(EVIL)}\r\n\r\n{EVIL}".encode(),
        EVIL.encode(),
    ),
    "a version of the future": (get("/image/v2/images/a/file", version="HTTP/1.9"), b""),
    "the whole URL": (get("http://h/image/v2/images/a/file"), b""),
    "the whole URL of another scheme": (get("ftp://h/image/v2/images/a/file"), b""),
    "the host twice, the same": (b"GET /image/v2/images/a/file HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_message_reaches_no_service(name: str, site: Site) -> None:
    """By HAProxy before it has a request, with its own page, and the connection is closed."""
    got = site.send(REFUSED[name] + NEXT)
    assert got.ended
    assert got.statuses == [400]
    assert site.arrived == []


@pytest.mark.parametrize("name", REFUSED_BODY)
def test_a_body_that_is_broken_ends_the_connection(name: str, site: Site) -> None:
    """A service may have seen the head of it, and sees that it breaks off."""
    got = site.send(REFUSED_BODY[name] + NEXT)
    assert got.ended
    assert got.statuses in ([400], [])
    assert HIS not in [answer.body for answer in got.answers]
    assert "compute" not in [request.server for request in site.arrived]


@pytest.mark.parametrize("name", ONE)
def test_a_message_that_is_sent_on_is_one_request_in_one_form(name: str, site: Site) -> None:
    data, body = ONE[name]
    got = site.send(data + NEXT, until=HIS)
    assert got.answers[0].body == b"image /image/v2/images/a/file"
    first = next(request for request in site.arrived if request.server == "image")
    assert (first.line.split(" ")[1], first.body) == ("/image/v2/images/a/file", body)
    assert len(first.values("content-length") + first.values("transfer-encoding")) <= 1
    # Whether it was closed or goes on: of the second request nobody sees more or less than itself.
    served = [request for request in site.arrived if request.server != "image"]
    assert [(request.line, request.body) for request in served] == [("GET /compute/next HTTP/1.1", b"")] * (len(got.answers) - 1)
    assert got.ended or got.answers[-1].body == HIS


@pytest.mark.parametrize("headers", [PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["by HAProxy", "by the bridge"])
@pytest.mark.parametrize("name", [CL_TE, TE_CL, "a body of GET", "a folded header"])
def test_so_it_is_on_the_way_to_a_peer(name: str, headers: str, site: Site) -> None:
    data, body = ONE[name]
    first, _, rest = data.partition(b"\r\n")
    got = site.send(first + b"\r\n" + headers.encode() + rest + NEXT, until=HIS)
    assert got.answers[0].body == b"two /image/v2/images/a/file"
    request = next(request for request in site.arrived if request.server == "two")
    assert request.body == body
    assert [line for name, line in site.lines() if name != "two"] in ([], ["GET /compute/next HTTP/1.1"])
    assert not any("evil" in line for _, line in site.lines())


def test_http2_is_not_spoken_without_having_been_agreed_upon(site: Site) -> None:
    got = site.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    assert got.ended
    assert set(got.statuses) == {400}
    assert error(got.answers[0]) == "gateway of CloudOne: the request is not valid HTTP"
    assert site.arrived == []


@pytest.mark.parametrize("headers", ["", PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["at home", "to a peer", "by the bridge"])
@pytest.mark.parametrize("protocol", ["h2c", "TLS/1.0", "foo", "foo, websocket", "websocket\r\nUpgrade: foo"])
def test_no_other_protocol_goes_through(protocol: str, headers: str, site: Site) -> None:
    """A server that agrees to one would be spoken to past the gateway."""
    wants = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n{KEY}"
    got = site.send(get("/image/v2/images/a/file", headers + wants) + NEXT, until=HIS)
    assert got.statuses == [200, 200]
    assert site.arrived[0].values("upgrade") == (["websocket"] if protocol.startswith("websocket") else [])


@pytest.mark.parametrize("headers", ["", PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["at home", "to a peer", "by the bridge"])
@pytest.mark.parametrize(
    "path",
    [
        "/image/../compute/x",
        "/image/%2e%2e/compute",
        "/image/..;/x",
        "/image/v2/images/a/file%2f..%2fb",
        "/image/v2/images/a/file%00",
        "/image/v2/images/a/file\\b",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str, headers: str, site: Site) -> None:
    """In OpenStack's words, and the connection goes on."""
    got = site.send(get(path, headers) + NEXT, until=HIS)
    assert got.statuses == [400, 200]
    assert error(got.answers[0]).startswith("gateway of CloudOne: the path has a")
    assert site.lines() == [("compute", "GET /compute/next HTTP/1.1")]


@pytest.mark.parametrize("path", ["//compute/v2.1/servers", "/%63ompute/v2.1", "/compute%2fv2.1", "/\\compute"])
def test_a_path_that_is_another_services_when_it_is_decoded_is_refused(path: str, site: Site) -> None:
    """On a socket where one service has the root, it would get what looks like another's."""
    answer = site.get(path, port="roots")
    assert answer.status == 400
    assert site.arrived == []
    assert site.get("/AUTH_p/c/a%2Fb//c;d", port="roots").body == b"objects /AUTH_p/c/a%2Fb//c;d"


@pytest.mark.parametrize("headers", ["", PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["at home", "to a peer", "by the bridge"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "CloudTwo", ""])
def test_the_host_decides_nothing(host: str, headers: str, site: Site) -> None:
    got = site.send(f"GET /image/v2/images/a/file HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode() + NEXT, until=HIS)
    assert got.statuses == [200, 200]
    assert got.answers[0].body == (b"two /image/v2/images/a/file" if headers else b"image /image/v2/images/a/file")


@pytest.mark.parametrize("said", ["http://evil.example/image/v2/b", "http://other.example/v2"])
def test_links_name_the_host_that_the_client_named_and_no_other(said: str, site: Site) -> None:
    """A client's own claims come back to it; a service's link to another host is unchanged."""
    reply = f"HTTP/1.1 201 Created\r\nLocation: {said}\r\nContent-Length: 0\r\n\r\n".encode()
    site.plays["image"] = lambda connection, _: connection.sendall(reply)
    got = site.send(b"POST /image/v2 HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n")
    del site.plays["image"]
    assert f"\r\nlocation: {said}\r\n" in got.answers[0].text.lower()


FORGED = "X-Openstackoid-From: CloudThree", "X-Auth-Token: forged", "X-Scope: {}", "X-Late: now"


@pytest.mark.parametrize("body", ["0\r\n", "1\r\nx\r\n0\r\n"], ids=["empty", "of a byte"])
@pytest.mark.parametrize("trailer", FORGED)
@pytest.mark.parametrize("headers", ODD.values(), ids=ODD)
def test_the_trailers_of_a_request_are_no_headers_of_the_next(headers: str, trailer: str, body: str, site: Site) -> None:
    """HAProxy sends requests of many clients to the Python service on one connection, and keeps trailers as they are."""
    headers += f"X-OpenStack-Request-Id: {ORDINARY}\r\n"
    [body_of_next] = [answer.body for answer in site.send(get("/image/v2/images/b/file", headers)).answers]
    expected = site.arrived[0].head
    site.arrived.clear()
    with site.connect() as connection:
        for path, framing, end in [
            ("/image/v2/images/a/file", CHUNKED, f"{body}{trailer}\r\n\r\n"),
            ("/image/v2/images/b/file", "", ""),
        ] * 3:
            connection.sendall(get(path, headers + framing) + end.encode())
            assert read_answers(connection, body_of_next.replace(b"/b/", path[-7:-4].encode())).statuses == [200]
    assert {request.head.lower() for request in site.arrived if b"/b/file " in request.head} == {expected.lower()}


@pytest.mark.parametrize("headers", [PLAIN["CloudThree"], ODD["CloudThree"]], ids=["plain", "oddly"])
def test_a_request_of_a_gateway_goes_to_no_third_cloud(headers: str, site: Site) -> None:
    got = site.send(get("/image/v2/images/a/file", f"{headers}Via: 1.1 CloudTwo (openstackoid)\r\n") + NEXT, until=HIS)
    assert got.statuses == [508, 200]
    assert b"HTTP/1.1 508 Loop Detected\r\n" in got.answers[0].head
    assert error(got.answers[0]).startswith(
        "gateway of CloudOne: the gateway of CloudTwo has sent this request here, and it would go on to CloudThree"
    )
    assert [name for name, _ in site.lines()] == ["compute"]
