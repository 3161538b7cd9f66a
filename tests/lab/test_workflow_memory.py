# SPDX-License-Identifier: Apache-2.0
"""On real Keystones: writes under a scope leave, and are stored, once the user's token is accepted."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from examples.session import User
from lab.logins import AT, Logins
from lab.meaning import World
from lab.plain_http import ask, frontend
from lab.tokens import expired_token, keystone, service_token, token_of
from openstackoid.routing.workflows import marked_id

SCOPE = '{"network":"CloudOne","image":"CloudTwo"}'


@pytest.fixture
def network(world: World) -> Iterator[Callable[..., tuple[int, str]]]:
    """Make networks in CloudOne under a scope: each returns the status and the id of its workflow."""
    made: list[str] = []

    def make(token: str, **headers: str) -> tuple[int, str]:
        known = marked_id(uuid4())
        sent = {"X_Auth_Token": token, "X_Scope": SCOPE, "X_OpenStack_Request_Id": known, **headers}
        answer = world.ask("POST", AT, "network", "/v2.0/networks", {"network": {"name": "remembered"}}, **sent)
        if answer.ok:
            made.append(answer.json()["network"]["id"])
        return answer.status_code, known

    yield make
    for each in made:
        world.ask("DELETE", AT, "network", f"/v2.0/networks/{each}", X_Auth_Token=world.token(f"{AT}-admin"))


def remembered(lab: Any, known: str) -> bool:
    """Return whether CloudOne's gateway knows the scope of a workflow, when a service's own request continues it."""
    nova = service_token(lab, AT)
    url = f"{frontend(lab, AT)}/networking/v2.0/networks"
    status, answer = ask(url, X_Auth_Token=nova, X_OpenStack_Request_Id=known)
    assert status == 200 or (status == 503 and "has no record of workflow" in answer), answer
    return status == 200


@pytest.mark.parametrize(("method", "service"), [("POST", "compute"), ("PUT", "compute"), ("DELETE", "network")])
def test_a_made_up_token_is_refused_and_not_remembered(method: str, service: str, lab: Any, world: World) -> None:
    known = marked_id(uuid4())
    sent = {"X_Auth_Token": "gAAAAABforged", "X_Scope": SCOPE, "X_OpenStack_Request_Id": known}
    answer = world.ask(method, AT, service, "/", **sent)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "gateway of CloudOne: identity of CloudOne does not accept the token"
    assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{keystone(lab, AT).removesuffix("/v3")}"'
    assert not remembered(lab, known)


def test_the_token_of_a_user_is_accepted_and_the_workflow_remembered(
    lab: Any, one: User, network: Callable[..., tuple[int, str]]
) -> None:
    status, known = network(token_of(one))
    assert (status, remembered(lab, known)) == (201, True)


def test_an_expired_token_needs_the_token_of_a_service(lab: Any, one: User, network: Callable[..., tuple[int, str]]) -> None:
    """As in an operation that outlives its user's token: Neutron accepts it from Nova."""
    expired = expired_token(lab, one)
    for vouching, wanted in (({}, 401), ({"X_Service_Token": service_token(lab, AT)}, 201)):
        status, known = network(expired, **vouching)
        assert (status, remembered(lab, known)) == (wanted, wanted == 201)


def test_keystone_answers_403_only_for_valid_tokens(
    lab: Any, one: User, world: World, network: Callable[..., tuple[int, str]]
) -> None:
    """So a token that may not validate itself, of a trust with impersonation, is told from one that is made up."""
    logins = Logins(lab, world)
    try:
        trust = logins.token("impersonated trust")
        url = f"{keystone(lab, AT).removesuffix('/v3')}/v3/auth/tokens"
        told = {
            token: ask(url, X_Auth_Token=token, X_Subject_Token=token)[0]
            for token in (trust, "gAAAAABforged", expired_token(lab, one), token_of(one))
        }
        assert list(told.values()) == [403, 401, 401, 200], json.dumps(list(told.values()))
        status, known = network(trust)
        assert (status, remembered(lab, known)) == (201, True)
    finally:
        logins.close()
