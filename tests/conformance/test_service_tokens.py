# SPDX-License-Identifier: Apache-2.0
"""Tokens of services on real gateways: none reaches a cloud that shares no data plane."""

from collections.abc import Iterator

import pytest

from conformance.case import IMAGE_BYTES, TO_TWO, TWO_DONE, WEBSOCKET, Case, Refused, auth, marked, plain, request_id, service
from conformance.gateway import RunningGateway, running_gateways

SECRET = "a-token-of-nova"
TOKEN, SCOPED = auth("tok"), auth(f"tok!SCOPE!{TWO_DONE}")
HOW = pytest.mark.parametrize("user", [TOKEN, SCOPED], ids=["by HAProxy", "by Python"])
"""The user's token beside X-Scope; a request with the scope in both is for Python."""
SCOPE = plain(TO_TWO)
SPELLINGS = ("X-Service-Token", "x-service-token", "X_Service_Token", "X-Service_Token", "x_SERVICE-token", "X_SERVICE_TOKEN")


@pytest.fixture(scope="module")
def one() -> Iterator[RunningGateway]:
    with running_gateways("CloudOne", taught=[(TOKEN, SCOPE), (SCOPE,)]) as (gateway,):
        yield gateway


def sent(gateway: RunningGateway, *headers: tuple[str, str], method: str = "GET", path: str = IMAGE_BYTES) -> str:
    """Return all that CloudTwo got of a request."""
    gateway.recorder.seen.clear()
    body = None if method in ("GET", "HEAD") else "{}"
    assert gateway.send(Case("leaves", Refused(0, ()), path, headers, method, body=body)).status < 300
    (seen,) = gateway.recorder.seen
    assert seen.server == "CloudTwo"
    return str(seen)


@HOW
@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_of_a_service_token_leaves(name: str, user: tuple[str, str], one: RunningGateway) -> None:
    for token in ((user,), ()):
        assert SECRET not in sent(one, *token, SCOPE, (name, SECRET))
        assert SECRET not in sent(one, *token, SCOPE, ("X-Service-Token", SECRET), (name.replace("-", "_"), SECRET))


@HOW
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_a_service_token_leaves_with_no_method(method: str, user: tuple[str, str], one: RunningGateway) -> None:
    assert SECRET not in sent(one, user, SCOPE, service(SECRET), method=method)


@HOW
def test_a_service_token_leaves_with_no_websocket(user: tuple[str, str], one: RunningGateway) -> None:
    assert SECRET not in sent(one, user, SCOPE, service(SECRET), *WEBSOCKET)


@HOW
def test_a_service_token_does_not_leave_where_the_scope_was_seen_before(user: tuple[str, str], one: RunningGateway) -> None:
    for _ in range(3):
        sent(one, user, SCOPE)
        assert SECRET not in sent(one, user, SCOPE, service(SECRET))


@HOW
def test_a_service_token_that_stands_twice_leaves_nowhere(user: tuple[str, str], one: RunningGateway) -> None:
    one.recorder.seen.clear()
    refused = one.send(Case("twice", Refused(0, ()), IMAGE_BYTES, (user, SCOPE, service("s"), service(SECRET))))
    assert (refused.status, "X-Service-Token is sent 2 times" in refused.message) == (400, True)
    assert one.recorder.seen == []


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_hop_with_a_services_own_token_leaves_nowhere(name: str, one: RunningGateway) -> None:
    known, remembered = request_id(marked(70)), '{"*":"CloudOne","network":"CloudTwo"}'
    one.prime(Case("prime", Refused(0, ()), IMAGE_BYTES, (known,), remembered=remembered))
    one.recorder.seen.clear()
    hop = (auth(SECRET), (name, SECRET), known)
    refused = one.send(Case("hop", Refused(0, ()), "/networking/v2.0/ports", hop))
    assert (refused.status, refused.message) == (
        403,
        f"gateway of CloudOne: a service's own request of the workflow {marked(70)} would go to network of CloudTwo; a token of a"
        " service of CloudOne leaves only for a cloud that shares a data plane with it ('shared' in the mesh)",
    )
    assert one.recorder.seen == []
