# SPDX-License-Identifier: Apache-2.0
"""Requests that leave a real gateway are in its audit log, with the peer's admission header, which no client gets."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from conformance.case import auth, marked, plain, unseen
from conformance.gateway import RunningGateway, running_gateways
from conformance.recorder import Seen
from openstackoid.bridge.audit.admission_header import LONGEST, Admission, encode
from openstackoid.bridge.audit.audit_log import Party

ADMISSION_HEADER = encode(Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "staff"))
WHO = {"id": "u1", "name": "ada", "domain": "Default"}
TELLS = ("X-Answer-With", f"X-Openstackoid-Use: {ADMISSION_HEADER}")
SECRET = "s3cr3t-marked"
BY_HAPROXY, BY_PYTHON = "by HAProxy", "by Python"
HOW = pytest.mark.parametrize("how", [BY_HAPROXY, BY_PYTHON])
TAUGHT = [
    (*user, plain(scope))
    for user in ((auth("tok"),), ())
    for scope in ('{"image":"CloudTwo"}', '{"image":"Cloud-3.b"}', '{"image":"Cloud-3.b","identity":"CloudTwo"}')
]


@pytest.fixture(scope="module")
def two() -> Iterator[list[RunningGateway]]:
    """CloudOne's and CloudTwo's; Cloud-3.b is played."""
    with running_gateways("CloudOne", "CloudTwo", audited=True, taught=TAUGHT) as gateways:
        asked, deadline = 1, time.monotonic() + 60
        # The first has found the second down before it was started.
        while ask(gateways[0], "/image/v2/images/i/file", images_of("CloudTwo", BY_HAPROXY))[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            asked += 1
        gateways[0].audited(asked)
        yield gateways


def images_of(cloud: str, how: str, **others: str) -> tuple[str, str]:
    """The scope that sends for images to a cloud; one that HAProxy has not seen is Python's."""
    scope = json.dumps({"image": cloud, **others}, separators=(",", ":"))
    return ("X-Scope", scope if how == BY_HAPROXY else unseen(scope))


def ask(
    gateway: RunningGateway, path: str, *headers: tuple[str, str], method: str = "GET", body: str | None = None
) -> tuple[int, Mapping[str, str]]:
    """Send a request, and return the status and the headers of the answer."""
    listener = gateway.listener("image.public")
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
    try:
        connection.putrequest(method, path)
        for name, value in (("X-Case", "audit"), *headers):
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


class Watch:
    """A gateway's audit lines, and requests at the servers, from now on."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.gateway = gateway
        self.before = len(gateway.audited(0))
        gateway.recorder.seen.clear()

    def lines(self, number: int) -> list[dict[str, Any]]:
        found = self.gateway.audited(self.before + number)[self.before :]
        assert len(found) == number
        return found

    def line(self) -> dict[str, Any]:
        return self.lines(1)[0]

    def nothing(self) -> bool:
        """Whether no line was written: the next line is that of a later request."""
        ask(self.gateway, "/image/v2/end", ("X-Auth-Token", "t"), images_of("Cloud-3.b", BY_HAPROXY))
        return str(self.line()["path"]) == "/image/v2/end"

    def seen(self) -> Seen:
        return self.gateway.recorder.seen[0]


def id_of(seen: Seen) -> list[str]:
    return [value for name, value in seen.headers if name.lower() == "x-openstack-request-id"]


@HOW
def test_one_request_has_one_id_in_both_clouds(two: list[RunningGateway], how: str) -> None:
    watch = Watch(two[0])
    assert ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "tok"), images_of("CloudTwo", how))[0] == 200
    found = watch.line()
    assert (watch.seen().server, id_of(watch.seen())) == ("CloudTwo", [found["request_id"]])
    assert [found[name] for name in ("gateway", "direction", "home", "cloud", "service", "interface", "method", "path")] == [
        "CloudOne",
        "out",
        "CloudOne",
        "CloudTwo",
        "image",
        "public",
        "GET",
        "/image/v2/images/i/file",
    ]
    assert (found["status"], found["outcome"]) == (200, "allowed")


@HOW
def test_the_id_of_a_workflow_or_of_the_clients_is_kept(two: list[RunningGateway], how: str) -> None:
    for request_id in (marked(90), f"req-{uuid4()}"):
        watch = Watch(two[0])
        given = ("X-OpenStack-Request-Id", request_id)
        ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "tok"), images_of("Cloud-3.b", how), given)
        assert (watch.line()["request_id"], id_of(watch.seen())) == (request_id, [request_id])


@HOW
def test_the_admission_header_of_a_peer_is_audited_and_not_shown_to_the_client(two: list[RunningGateway], how: str) -> None:
    watch = Watch(two[0])
    status, headers = ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "tok"), images_of("Cloud-3.b", how), TELLS)
    assert (status, "x-openstackoid-use" in headers) == (200, False)
    found = watch.line()
    assert (found["user"], found["project"]["name"], found["rule"]) == (WHO, "demo", "staff")
    assert not [line for line in two[0].log if b"left=" in line or ADMISSION_HEADER.encode() in line]


@HOW
def test_the_audited_home_is_the_identity_of_the_scope(two: list[RunningGateway], how: str) -> None:
    watch = Watch(two[0])
    ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "tok"), images_of("Cloud-3.b", how, identity="CloudTwo"))
    assert watch.line()["home"] == "CloudTwo"


@HOW
@pytest.mark.parametrize(
    "told", ["e30", "two words", "a" * (LONGEST + 1), encode(Admission(rule="r")) + "%0a", "left=x use=y"], ids=range(5)
)
def test_an_unreadable_admission_header_is_ignored(two: list[RunningGateway], how: str, told: str) -> None:
    watch = Watch(two[0])
    given = ("X-Answer-With", f"X-Openstackoid-Use: {told}")
    status, headers = ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "tok"), images_of("Cloud-3.b", how), given)
    assert (status, "x-openstackoid-use" in headers) == (200, False)
    found = watch.line()
    assert (found["user"], found["rule"]) == (None, None)


@HOW
def test_two_admission_headers_are_ignored(two: list[RunningGateway], how: str) -> None:
    watch = Watch(two[0])
    _, headers = ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "t"), images_of("Cloud-3.b", how), TELLS, TELLS)
    assert "x-openstackoid-use" not in headers
    assert watch.line()["user"] is None


@HOW
def test_a_users_own_word_is_not_believed(two: list[RunningGateway], how: str) -> None:
    watch = Watch(two[0])
    ask(
        two[0],
        "/image/v2/images/i/file",
        ("X-Auth-Token", "t"),
        images_of("Cloud-3.b", how),
        ("X-Openstackoid-Use", ADMISSION_HEADER),
    )
    assert watch.line()["user"] is None


@pytest.mark.parametrize("path", ["/image/v2/images/i/file", "/compute/v2.1/servers"])
def test_an_admission_header_of_a_local_service_is_dropped(two: list[RunningGateway], path: str) -> None:
    """The first is HAProxy's, the other, which changes something under a scope, goes through the bridge."""
    watch = Watch(two[0])
    scope = ("X-Scope", '{"network":"CloudOne"}')
    status, headers = ask(two[0], path, ("X-Auth-Token", "t"), scope, TELLS, method="POST", body="{}")
    assert (status, "x-openstackoid-use" in headers) == (200, False)
    assert watch.nothing()


def test_a_request_that_stays_leaves_no_audit_line(two: list[RunningGateway]) -> None:
    watch = Watch(two[0])
    for headers in ((), (("X-Auth-Token", "t"),), (("X-Auth-Token", "t"), ("X-Scope", '{"image":"CloudOne"}'))):
        assert ask(two[0], "/image/v2/images/i/file", *headers)[0] == 200
    assert watch.nothing()


def test_a_request_through_the_bridge_leaves_one_audit_line(two: list[RunningGateway]) -> None:
    watch = Watch(two[0])
    ask(two[0], "/image/v2/images/i/file", ("X-Auth-Token", "t"), images_of("Cloud-3.b", BY_PYTHON))
    ask(two[0], "/image/v2/end", ("X-Auth-Token", "t"), images_of("Cloud-3.b", BY_HAPROXY))
    assert sorted(line["path"] for line in watch.lines(2)) == ["/image/v2/end", "/image/v2/images/i/file"]


@HOW
def test_no_path_hides_a_request_or_forges_one(two: list[RunningGateway], how: str) -> None:
    long = encode(Admission(Party("i" * 255, "n" * 255, "d" * 255), Party("i" * 255, "n" * 255, "d" * 128), "r" * 20))
    assert LONGEST - 300 < len(long) <= LONGEST
    for path, shown in (
        ("/image/" + '{|^"' * 500, "/image/..."),
        (f"/image/x%20left=image.public%20home=CloudTwo%20id={marked(91)}%20use={ADMISSION_HEADER}", "/image/..."),
    ):
        watch = Watch(two[0])
        told = ("X-Answer-With", f"X-Openstackoid-Use: {long}")
        ask(two[0], path, ("X-Auth-Token", "t"), images_of("Cloud-3.b", how), told)
        found = watch.line()
        assert (found["home"], found["path"], found["request_id"][:12]) == ("CloudOne", shown, "req-a0d17000")
        assert found["rule"] == "r" * 20


def test_no_secret_is_in_any_log(two: list[RunningGateway]) -> None:
    watch = Watch(two[0])
    for how in (BY_HAPROXY, BY_PYTHON):
        scope = images_of("CloudTwo", how)[1]
        path = f"/image/v2/images/{SECRET}{'x' * 40}/file?token={SECRET}"
        service = ("X-Service-Token", SECRET)
        ask(two[0], path, ("X-Auth-Token", SECRET), ("X-Scope", scope), service, ("X-Answer-With", f"Set-Cookie: {SECRET}"))
        ask(two[0], path, ("X-Auth-Token", f"{SECRET}!SCOPE!{scope}"), method="PUT", body=SECRET)
        ask(
            two[0],
            "/image/v2/images/i/file",
            ("X-Scope", scope),
            ("X-OpenStack-Request-Id", SECRET),
            ("X-Openstackoid-Use", SECRET),
        )
    assert SECRET not in json.dumps(watch.lines(6))
    assert SECRET.encode() not in b"".join(line for line in two[0].log if b"/file" not in line)
