# SPDX-License-Identifier: Apache-2.0
"""The compiled HAProxy against the same table: alone where it decides alone, and with the Python service behind it."""

import http.client
import time
from collections.abc import Iterator

import pytest

from conformance.asking import routed, without_chance
from conformance.case import Case, Refused, marked
from conformance.cases import CASES
from conformance.gateway import RunningGateway, running_gateway

CLOUDS = sorted({case.at for case in CASES})


@pytest.fixture(scope="module")
def without_bridge() -> Iterator[dict[str, RunningGateway]]:
    with running_gateway("CloudOne", with_bridge=False) as one, running_gateway("CloudTwo", with_bridge=False) as two:
        yield {"CloudOne": one, "CloudTwo": two}


@pytest.fixture(scope="module")
def whole() -> Iterator[dict[str, RunningGateway]]:
    with running_gateway("CloudOne", with_bridge=True) as one, running_gateway("CloudTwo", with_bridge=True) as two:
        yield {"CloudOne": one, "CloudTwo": two}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_haproxy_decides_alone_or_asks(case: Case, without_bridge: dict[str, RunningGateway]) -> None:
    """Also when it has learnt from the same request where its scope leads."""
    gateway = without_bridge[case.at]
    for _ in range(2 if case.native else 1):
        gateway.recorder.seen.clear()
        answer = gateway.send(case)
        if case.native:
            assert answer.status == 200
            fulfils(case, gateway)
    if not case.native:
        assert (answer.status, answer.content_type) == (503, "application/json")
        assert case.method == "HEAD" or "Python service" in answer.message
        assert gateway.recorder.seen == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gateway(case: Case, whole: dict[str, RunningGateway]) -> None:
    gateway = whole[case.at]
    if case.remembered is not None:
        gateway.prime(case)
    gateway.recorder.seen.clear()
    answer = gateway.send(case)
    if isinstance(case.expect, Refused):
        assert (answer.status, answer.content_type.partition(";")[0]) == (case.expect.status, "application/json")
        for word in case.expect.words:
            assert word in answer.message
        assert gateway.recorder.seen == []
    else:
        assert answer.status == 200, answer.message
        fulfils(case, gateway)


@pytest.mark.parametrize(
    ("encoding", "chunked"), [("utf-8", True), ("utf-16", False), ("utf-16-be", False), ("utf-32-le", False)]
)
def test_a_body_that_haproxy_cannot_look_through_is_the_bridges(
    encoding: str, chunked: bool, whole: dict[str, RunningGateway]
) -> None:
    """Keystone's JSON may be of any UTF, and what comes in chunks may not be here yet."""
    gateway = whole["CloudOne"]
    gateway.recorder.seen.clear()
    listener = gateway.listener("identity.public")
    body = '{"auth": {"identity": {"token": {"id": "tok!SCOPE!{\\"identity\\":\\"CloudTwo\\"}"}}}}'.encode(encoding)
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=10)
    connection.request(
        "POST", "/identity/v3/auth/tokens", iter([body]) if chunked else body, {"X-Case": "1"}, encode_chunked=chunked
    )
    assert connection.getresponse().status == 200
    connection.close()
    assert [(seen.server, "SCOPE" in seen.body) for seen in gateway.recorder.seen] == [("CloudTwo", False)]


@pytest.mark.parametrize("name", ["X_Auth_Token", "x-auth_token", "X_Subject-Token", "X_SERVICE_TOKEN"])
def test_what_a_wsgi_server_would_take_for_another_header_brings_no_scope(name: str, whole: dict[str, RunningGateway]) -> None:
    gateway = whole["CloudOne"]
    gateway.recorder.seen.clear()
    given = ((name, 'tok!SCOPE!{"network":"CloudTwo"}'), ("X-Auth-Token", "tok"), ("X_OpenStack_Request_Id", marked(1)))
    case = Case("underscores", Refused(0, ()), "/compute/v2.1/servers", given, "POST", body="{}")
    assert gateway.send(case).status == 200
    names = [name.lower() for name, _ in gateway.recorder.seen[0].headers]
    assert [name for name in names if "token" in name or "request" in name] == ["x-auth-token"]


def test_a_scope_of_many_spaces_takes_no_time(without_bridge: dict[str, RunningGateway]) -> None:
    """HAProxy stands still while it matches a pattern: there may be one way only to read what is between the names."""
    spaces = " " * 600
    scope = f'{{"image":"CloudTwo"{spaces},"compute":"CloudOne"{spaces},"network":"CloudOne"{spaces}x}}'
    took = []
    for _ in range(5):
        began = time.monotonic()
        without_bridge["CloudOne"].send(Case("spaces", Refused(400, ()), "/image", (("X-Scope", scope),)))
        took.append(time.monotonic() - began)
    assert min(took) < 0.1


def fulfils(case: Case, gateway: RunningGateway) -> None:
    assert not isinstance(case.expect, Refused)
    # A relayed question may need a second one, of the same cloud.
    seen = gateway.recorder.seen[0]
    assert {other.server for other in gateway.recorder.seen} == {case.expect.cloud}
    assert case.expect.relayed or len(gateway.recorder.seen) == 1
    headers = without_chance(case.sent.headers, routed(seen.headers), [value for _, value in case.headers])
    assert (seen.server, seen.method, seen.path) == (case.expect.cloud, case.method, case.expect.path)
    assert headers == case.sent.headers
    assert "!SCOPE!" not in seen.body
    assert "x-openstackoid-listener" not in {name.lower() for name, _ in seen.headers}
