# SPDX-License-Identifier: Apache-2.0
"""Every kind of Keystone's tokens works in every use, or is refused in words: each cell of docs/use/token-kinds.md."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from examples.coverage import Lab
from lab.logins import AT, Logins, token_in
from lab.meaning import World
from lab.token_kinds import KINDS, NO_READER, USES, WORKS, Outcome, cells
from lab.tokens import service_token
from openstackoid.policy import derived_id
from openstackoid.scope import join_token

THERE = '{"image":"CloudTwo"}'
SEGMENT = "image=CloudTwo"
IMAGES = "/v2/images?name=cirros"
PATIENCE = 240
OF = {kind.key: kind for kind in KINDS}


@pytest.fixture(scope="module")
def logins(lab: Any, world: World) -> Iterator[Logins]:
    """The users of these tests, whose project may have more servers than others."""
    made = Logins(lab, world)
    compute(made, "PUT", f"/v2.1/os-quota-sets/{made.project}", {"quota_set": {"instances": 50, "cores": 50}})
    yield made
    for server in servers(made):
        compute(made, "DELETE", f"/v2.1/servers/{server['id']}")
    wait(lambda: not servers(made))
    made.close()


@pytest.fixture(scope="module")
def tokens(logins: Logins) -> Callable[[str], str]:
    """Return the one token of a kind that the tests use, got without a scope."""
    known: dict[str, str] = {}

    def token(kind: str) -> str:
        if kind not in known:
            known[kind] = logins.token(kind)
        return known[kind]

    return token


@pytest.fixture(scope="module")
def without_reader(lab: Any, tmp_path_factory: pytest.TempPathFactory, world: World, logins: Logins) -> dict[str, Any]:
    """The answers to a token of a trust with impersonation while CloudTwo's gateway has no reader account, by use."""
    clouds = Lab(tmp_path_factory.mktemp("kinds"))
    with clouds.described(lambda mesh: mesh["clouds"]["CloudTwo"]["gateway"].pop("readers")):
        token = logins.token("impersonated trust")
        scoped = token_in(logins.log_in("impersonated trust", SEGMENT))
        return {
            "home": images(world, token),
            "stays": images(world, token, X_Scope='{"image":"CloudOne"}'),
            "abroad": images(world, token, X_Scope=THERE),
            "workflow": boot(logins, token, NO_READER),
            "url": images(world, scoped),
            "validation": validated(lab, world, token),
        }


@dataclass(frozen=True)
class Booted:
    """The server of each kind of token: the answer to its request, and its status in the end."""

    answers: dict[str, requests.Response]
    statuses: dict[str, str]


@pytest.fixture(scope="module")
def booted(logins: Logins, tokens: Callable[[str], str]) -> Booted:
    """Boot a server in CloudOne from CloudTwo's image with each kind of token, side by side."""
    answers = {kind.key: boot(logins, tokens(kind.key), kind.key) for kind in KINDS if kind.key != NO_READER}
    wait(lambda: all(server["status"] != "BUILD" for server in servers(logins)))
    return Booted(answers, {server["name"]: server["status"] for server in servers(logins)})


def compute(logins: Logins, method: str, path: str, body: Any = None) -> Any:
    """Make a call of CloudOne's administrator to Nova."""
    admin = logins.world.token(f"{AT}-admin")
    answer = logins.world.ask(method, AT, "compute", path, body, X_Auth_Token=admin)
    assert answer.ok or answer.status_code == 404, answer.text
    return answer.json() if answer.content else {}


def servers(logins: Logins) -> list[dict[str, Any]]:
    """Return the servers of the tests' project."""
    found = compute(logins, "GET", f"/v2.1/servers/detail?all_tenants=1&project_id={logins.project}")["servers"]
    return [dict(server) for server in found]


def wait(done: Callable[[], bool]) -> None:
    """Return when it is done."""
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until
        time.sleep(0.5)


def images(world: World, token: str, **headers: str) -> requests.Response:
    return world.ask("GET", AT, "image", IMAGES, X_Auth_Token=token, **headers)


def boot(logins: Logins, token: str, name: str) -> requests.Response:
    """Ask CloudOne for a server from CloudTwo's image; Nova fetches that with the token that it is shown."""
    world = logins.world
    (image,) = images(world, world.token(AT), X_Scope=THERE).json()["images"]
    server = {"name": name, "imageRef": image["id"], "flavorRef": flavor(logins), "networks": "none"}
    headers = {"X_Scope": THERE, "X_OpenStack_Nova_API_Version": "2.37"}
    return world.ask("POST", AT, "compute", "/v2.1/servers", {"server": server}, X_Auth_Token=token, **headers)


def flavor(logins: Logins) -> str:
    return str(next(row["id"] for row in compute(logins, "GET", "/v2.1/flavors")["flavors"] if row["name"] == "m1.tiny"))


def compare(answer: requests.Response, wanted: Outcome) -> None:
    """Compare an answer with a cell of the table."""
    assert answer.status_code == wanted.status, answer.text
    assert wanted.words in answer.text


def listed(world: World, answer: requests.Response) -> set[str]:
    """Return whose images these are."""
    return {world.owners[image["id"]] for image in answer.json()["images"]}


@pytest.mark.parametrize(("key", "use"), [cell for cell in cells() if cell[0] != NO_READER])
def test_a_cell_of_the_table(
    key: str, use: str, world: World, logins: Logins, tokens: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    wanted = OF[key].outcome(use)
    if use == "workflow":
        servers: Booted = request.getfixturevalue("booted")
        if wanted != WORKS:
            compare(servers.answers[key], wanted)
            return
        assert servers.answers[key].status_code == 202, servers.answers[key].text
        assert servers.statuses[key] == "ACTIVE"
        return
    scope = {"home": {}, "stays": {"X_Scope": '{"image":"CloudOne"}'}, "abroad": {"X_Scope": THERE}, "url": {}}[use]
    if use == "url":
        answer = logins.log_in(key, SEGMENT)
        if answer.ok:
            answer = images(world, token_in(answer))
    else:
        answer = images(world, tokens(key), **scope)
    compare(answer, wanted)
    if wanted == WORKS:
        assert listed(world, answer) == {"CloudTwo" if use in ("abroad", "url") else "CloudOne"}


@pytest.mark.parametrize("use", list(USES))
def test_a_trust_with_impersonation_where_there_is_no_reader_account(use: str, without_reader: dict[str, Any]) -> None:
    compare(without_reader[use], OF[NO_READER].outcome(use))


def test_the_refusal_of_such_a_trust_names_the_operators_remedy(without_reader: dict[str, Any]) -> None:
    answer = without_reader["validation"]
    assert answer.status_code == 404
    message = answer.json()["error"]["message"]
    assert message.startswith("Failed to validate token: identity of CloudOne at ")
    assert message.endswith("the gateway of CloudOne validates such tokens with an account under its key 'validator'")


def test_a_trust_with_impersonation_is_its_giver_abroad(
    lab: Any, world: World, logins: Logins, tokens: Callable[[str], str]
) -> None:
    told = validated(lab, world, tokens("impersonated trust")).json()["token"]
    giver, taker = (derived_id(AT, "user", user) for user in (logins.user, logins.trustee))
    assert told["user"]["id"] == giver
    trust = told["OS-TRUST:trust"]
    assert (trust["trustor_user"]["id"], trust["trustee_user"]["id"], trust["impersonation"]) == (giver, taker, True)


def validated(lab: Any, world: World, token: str, **headers: str) -> requests.Response:
    """Ask CloudTwo's gateway about a token of CloudOne, as Glance does there."""
    glance = service_token(lab, "CloudTwo", "glance")
    subject = join_token(token, '{"*":"CloudOne","image":"CloudTwo"}')
    return world.ask("GET", "CloudTwo", "identity", "/v3/auth/tokens", X_Auth_Token=glance, X_Subject_Token=subject, **headers)


@pytest.mark.parametrize(
    ("method", "service", "path"),
    [
        ("GET", "image", "/v2/schemas/image"),
        ("HEAD", "image", "/v2/images"),
        ("POST", "image", "/v2/images"),
        ("GET", "compute", "/v2.1/servers"),
        ("GET", "network", "/v2.0/networks"),
        ("GET", "block-storage", "/v3/{project}/volumes"),
        ("GET", "object-store", "/v1/AUTH_{project}"),
        ("GET", "placement", "/resource_providers"),
    ],
)
@pytest.mark.parametrize("cloud", ["CloudOne", "CloudTwo"])
def test_access_rules_refuse_other_requests(
    cloud: str, method: str, service: str, path: str, world: World, logins: Logins, tokens: Callable[[str], str]
) -> None:
    token, scope = tokens("credential with rules"), json.dumps({service: cloud})
    answer = world.ask(method, AT, service, path.format(project=logins.project), X_Auth_Token=token, X_Scope=scope)
    assert answer.status_code == 401, answer.text


def test_a_service_without_access_rules_gets_404_for_such_a_token(lab: Any, world: World, tokens: Callable[[str], str]) -> None:
    token = tokens("credential with rules")
    assert validated(lab, world, token).status_code == 404
    answer = validated(lab, world, token, OpenStack_Identity_Access_Rules="1")
    assert answer.status_code == 200
    assert {rule["service"] for rule in answer.json()["token"]["application_credential"]["access_rules"]} == {"image", "compute"}


def test_a_bearer_token_is_for_services_with_oauth2_alone(world: World, tokens: Callable[[str], str]) -> None:
    """The lab's services read ``X-Auth-Token``, as by default; without it a request has no user, here and abroad."""
    bearer = {"Authorization": f"Bearer {tokens('OAuth2')}"}
    for scope in ({}, {"X_Scope": THERE}):
        assert world.ask("GET", AT, "image", IMAGES, **bearer, **scope).status_code == 401
    refused = world.ask("GET", AT, "image", IMAGES, Authorization=join_token(bearer["Authorization"], THERE))
    compare(refused, Outcome(400, "Authorization carries a scope; one is accepted in X-Auth-Token"))
