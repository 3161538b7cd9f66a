# SPDX-License-Identifier: Apache-2.0
"""The compiled HAProxy against the same table: with taught routes, and with the Python service behind it."""

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from conformance.asking import routed, without_chance
from conformance.case import Case, Refused, Sent, auth, marked, plain
from conformance.cases import CASES, IN_NEWER_FORM
from conformance.clouds import rarely_checked
from conformance.gateway import RunningGateway, forgetful, running_gateways

CLOUDS = sorted({case.at for case in CASES})


@pytest.fixture(scope="module")
def taught() -> Iterator[dict[str, RunningGateway]]:
    """Gateways from which the Python service can be taken away."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(running_gateways(cloud, edit=rarely_checked, edit_haproxy=forgetful))[0]
            for cloud in ("CloudOne", "CloudTwo")
        ]
        yield {gateway.at: gateway for gateway in started}


@contextmanager
def gateways() -> Iterator[tuple[RunningGateway, RunningGateway]]:
    """Start one of CloudOne, and one of CloudTwo."""
    with running_gateways("CloudOne", edit=rarely_checked) as (one,), running_gateways("CloudTwo", edit=rarely_checked) as (two,):
        yield one, two


@pytest.fixture(scope="module")
def whole() -> Iterator[dict[str, RunningGateway]]:
    with gateways() as (one, two):
        yield {"CloudOne": one, "CloudTwo": two}


@pytest.fixture(scope="module")
def among_newer() -> Iterator[dict[str, RunningGateway]]:
    """Gateways whose peers have announced the newer wire version, to HAProxy and to the Python service."""
    with gateways() as (one, two):
        for gateway in (one, two):
            gateway.recorder.answers["X-Openstackoid-Wire"] = "3"
            for peer in sorted({"CloudOne", "CloudTwo", "Cloud-3.b"} - {gateway.at}):
                for service in ("image", "image", "glance"):
                    headers = (auth("t"), plain(f'{{"identity":"{gateway.at}","{service}":"{peer}"}}'))
                    ask = Case("prime", Refused(0, ()), "/image/v2/images", headers, at=gateway.at, to="image.public")
                    prefix = next(e for e in gateway.mesh.clouds[gateway.at].endpoints if e.key == ask.to).frontend.prefix
                    assert gateway.send(replace(ask, path=f"{prefix}/v2/images")).status == 200
        yield {"CloudOne": one, "CloudTwo": two}


@pytest.mark.parametrize("case", [*CASES, *IN_NEWER_FORM], ids=lambda case: case.name)
def test_haproxy_alone_repeats_a_taught_answer_or_asks_python(case: Case, taught: dict[str, RunningGateway]) -> None:
    """The answer to the first request, of the Python service, is that to the next, of HAProxy alone."""
    gateway = taught[case.at]
    if case.native:
        answers(case, gateway, newer=False)
    else:
        gateway.send(case)
    gateway.recorder.seen.clear()
    with gateway.without_python():
        answer = gateway.send(case)
    if case.native:
        assert answer.status == 200
        fulfils(case, gateway)
    else:
        assert (answer.status, answer.content_type) == (503, "application/json")
        assert case.method == "HEAD" or "Python service" in answer.message
        assert gateway.recorder.seen == []


@pytest.mark.parametrize("case", [*CASES, *IN_NEWER_FORM], ids=lambda case: case.name)
def test_gateway(case: Case, whole: dict[str, RunningGateway]) -> None:
    answers(case, whole[case.at], newer=False)


@pytest.mark.parametrize(
    "case", [case for case in (*CASES, *IN_NEWER_FORM) if isinstance(case.expect, Sent)], ids=lambda case: case.name
)
def test_gateway_among_newer_gateways(case: Case, among_newer: dict[str, RunningGateway]) -> None:
    """Twice, so that taught routes are used."""
    for _ in range(2 if case.native else 1):
        answers(case, among_newer[case.at], newer=True)


def answers(case: Case, gateway: RunningGateway, *, newer: bool) -> None:
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
        fulfils(case, gateway, newer=newer)


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
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
    connection.request(
        "POST", "/identity/v3/auth/tokens", iter([body]) if chunked else body, {"X-Case": "1"}, encode_chunked=chunked
    )
    assert connection.getresponse().status == 200
    connection.close()
    assert [(seen.server, "SCOPE" in seen.body) for seen in gateway.recorder.seen] == [("CloudTwo", False)]


@pytest.mark.parametrize("name", ["X_Auth_Token", "x-auth_token", "X_Subject-Token", "X_SERVICE_TOKEN"])
def test_a_header_name_that_wsgi_folds_brings_no_scope(name: str, whole: dict[str, RunningGateway]) -> None:
    gateway = whole["CloudOne"]
    gateway.recorder.seen.clear()
    given = ((name, 'tok!SCOPE!{"network":"CloudTwo"}'), ("X-Auth-Token", "tok"), ("X_OpenStack_Request_Id", marked(1)))
    case = Case("underscores", Refused(0, ()), "/compute/v2.1/servers", given, "POST", body="{}")
    assert gateway.send(case).status == 200
    names = [name.lower() for name, _ in gateway.recorder.seen[0].headers]
    assert [name for name in names if "token" in name or "request" in name] == ["x-auth-token"]


def test_a_scope_of_many_spaces_takes_no_time(taught: dict[str, RunningGateway]) -> None:
    """HAProxy stands still while it matches a pattern: there may be one way only to read what is between the names."""
    spaces = " " * 600
    scope = f'{{"image":"CloudTwo"{spaces},"compute":"CloudOne"{spaces},"network":"CloudOne"{spaces}x}}'
    took = []
    for _ in range(5):
        began = time.monotonic()
        taught["CloudOne"].send(Case("spaces", Refused(400, ()), "/image", (("X-Scope", scope),)))
        took.append(time.monotonic() - began)
    assert min(took) < 0.1


def fulfils(case: Case, gateway: RunningGateway, *, newer: bool = False) -> None:
    assert not isinstance(case.expect, Refused)
    expected = case.sent_newer if newer else case.sent
    # A relayed question may need a second one, of the same cloud.
    seen = gateway.recorder.seen[0]
    assert {other.server for other in gateway.recorder.seen} == {case.expect.cloud}
    assert case.expect.relayed or len(gateway.recorder.seen) == 1
    headers = without_chance(expected.headers, routed(seen.headers), [value for _, value in case.headers])
    assert (seen.server, seen.method, seen.path) == (case.expect.cloud, case.method, case.expect.path)
    assert headers == expected.headers
    assert "SCOPE" not in seen.body and "~" not in seen.body
    assert "x-openstackoid-listener" not in {name.lower() for name, _ in seen.headers}
