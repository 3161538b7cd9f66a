# SPDX-License-Identifier: Apache-2.0
"""At a whole gateway, only requests that the policy allows come in with a token of another cloud, in any form."""

from collections.abc import Iterator

import pytest

from conformance.case import Case, Refused, auth, plain, service
from conformance.gateway import RunningGateway, running_gateways

ANYBODY = Refused(0, ())
AT_HOME = '{"*":"CloudOne","image":"CloudTwo","compute":"CloudTwo","network":"CloudTwo"}'


def closed(text: str) -> str:
    """Return the description with a policy of CloudTwo that lets users of CloudOne read images only."""
    head, two = text.split("  CloudTwo:", 1)
    policy, after = two.index("    policy:"), two.index("  Cloud-3.b:")
    mine = """    policy:
      peers:
        CloudOne:
          services: {image: [GET /v2/images/**]}
          people: [{name: readers, roles: {member: reader}}]
"""
    return f"{head}  CloudTwo:{two[:policy]}{mine}{two[after:]}"


@pytest.fixture(scope="module")
def two() -> Iterator[RunningGateway]:
    with running_gateways("CloudTwo", edit=closed) as (gateway,):
        yield gateway


def sent(gateway: RunningGateway, to: str, path: str, *headers: tuple[str, str], method: str = "GET") -> tuple[int, str, int]:
    """Return the status, the error's message, and how many requests went through to a backend or a peer."""
    gateway.recorder.seen.clear()
    body = "{}" if method in ("POST", "PUT") else None
    answer = gateway.send(Case("authorization", ANYBODY, path, headers, method, at="CloudTwo", to=to, body=body))
    return answer.status, answer.message if answer.status != 200 else "", len(gateway.recorder.seen)


SAID = {
    "in the token": (auth(f"tok!SCOPE!{AT_HOME}"),),
    "beside it": (auth("tok"), plain(AT_HOME)),
    "by identity": (auth("tok"), plain('{"identity":"CloudOne"}')),
    "by identity, with all else here": (auth("tok"), plain('{"*":"CloudTwo","identity":"CloudOne"}')),
    "with spaces": (auth("tok"), plain('{ "identity" : "CloudOne" }')),
    "with a code": (auth("tok"), plain('{"\\u0069dentity":"CloudOne"}')),
    "by a project's name": (auth("tok"), plain('{"keystone":"CloudOne"}')),
    "with a service token": (auth(f"tok!SCOPE!{AT_HOME}"), service("nova")),
}


@pytest.mark.parametrize("headers", SAID.values(), ids=SAID.keys())
def test_however_it_is_said(headers: tuple[tuple[str, str], ...], two: RunningGateway) -> None:
    assert sent(two, "image.public", "/v2/images", *headers) == (200, "", 1)
    for to, path, method in (
        ("image.public", "/v2/images", "POST"),
        ("image.public", "/v2/tasks", "GET"),
        ("image.public", "/v2/images/../tasks", "GET"),
        ("image.public", "/v2/images/%2e%2e/tasks", "GET"),
        ("image.public", "/v2/x/%2E./images/../tasks", "GET"),
        ("compute.public", "/v2.1/servers", "GET"),
        ("compute.public", "/v2.1/servers", "POST"),
        ("network.public", "/v2.0/ports/1", "PUT"),
    ):
        status, message, through = sent(two, to, path, *headers, method=method)
        assert (status in (400, 403), through) == (True, 0), (to, path, method, status, message)
        assert "gateway of CloudTwo: " in message


def test_a_cloud_that_the_policy_does_not_name(two: RunningGateway) -> None:
    status, message, through = sent(two, "image.public", "/v2/images", auth("tok"), plain('{"identity":"Cloud-3.b"}'))
    assert (status, through) == (403, 0)
    assert message == "gateway of CloudTwo: the policy here does not accept users of Cloud-3.b"


@pytest.mark.parametrize("name", ["X-Storage-Token", "x-storage-token", "X_Storage_Token", "X-Storage_Token"])
def test_another_name_of_the_users_token(name: str, two: RunningGateway) -> None:
    """keystonemiddleware takes it for the user's token where X-Auth-Token is missing or empty."""
    for more in ((), (auth(""),), (auth("own"),)):
        status, _, through = sent(two, "image.public", "/v2/tasks", (name, f"tok!SCOPE!{AT_HOME}"), *more)
        seen = [value for request in two.recorder.seen for _, value in request.headers if "SCOPE" in value]
        assert (status, through) == (400, 0) if "_" not in name else seen == []


@pytest.mark.parametrize("value", [f"Bearer tok!SCOPE!{AT_HOME}", f"tok!SCOPE!{AT_HOME}"])
def test_a_bearer_token_brings_no_scope(value: str, two: RunningGateway) -> None:
    """keystonemiddleware's oauth2_token would take it for the user's."""
    for more in ((), (auth("own"),)):
        status, message, through = sent(two, "image.public", "/v2/tasks", ("Authorization", value), *more)
        assert (status, through) == (400, 0)
        assert "Authorization carries a scope" in message


@pytest.mark.parametrize("user", [(), (auth("junk"),), (auth('own!SCOPE!{"*":"CloudTwo"}'),)])
def test_a_service_token_of_a_cloud_that_the_policy_does_not_name(user: tuple[tuple[str, str], ...], two: RunningGateway) -> None:
    status, message, through = sent(two, "image.public", "/v2/images", *user, service('x!SCOPE!{"*":"Cloud-3.b"}'))
    assert (status, through) == (403, 0)
    assert "X-Service-Token is of Cloud-3.b, and the policy here does not accept users of Cloud-3.b" in message


def test_this_clouds_own_users_need_no_policy(two: RunningGateway) -> None:
    assert sent(two, "image.public", "/v2/tasks", auth("own")) == (200, "", 1)
    assert sent(two, "image.public", "/v2/tasks", auth('own!SCOPE!{"*":"CloudTwo"}')) == (200, "", 1)
    assert sent(two, "image.public", "/v2/tasks") == (200, "", 1)
