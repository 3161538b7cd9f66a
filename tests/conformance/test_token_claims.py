# SPDX-License-Identifier: Apache-2.0
"""A Keystone that changes its answers about a token, before a gateway: the first claims count, under any flood."""

import json
import socket
from collections.abc import Iterator

import pytest

from conformance.hostile import Answer, Arrived, Play, Site, hostile_site
from openstackoid.scope import join_token

SCOPE = '{"*":"%s","network":"CloudOne"}'
MOST = 50
POLICY = f"""
      token_cache_time: 300
      peers:
        "*":
          services: {{network: all}}
          tokens: {MOST}
          people:
            - name: services
              users: {{names: [cinder]}}
              projects: {{names: [service]}}
              roles: {{service: service}}
              services: {{}}
            - {{name: everybody, roles: {{"*": reader}}}}
"""
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with hostile_site(policy=POLICY) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    yield running
    running.plays.clear()


def keystone(user: str) -> Play:
    """Say of every token that it is of this user in the project service, whose roles and ids stay the same."""
    default = {"id": "default", "name": "Default"}
    project, roles = {"id": "p", "name": "service", "domain": default}, [{"name": "service"}, {"name": "member"}]
    document = {"token": {"user": {"id": "u", "name": user, "domain": default}, "project": project, "roles": roles}}
    body = json.dumps(document).encode()

    def play(connection: socket.socket, _: Arrived) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    return play


def use(site: Site, token: str, issuer: str = "CloudTwo") -> Answer:
    """Ask Neutron here with the token as a user's."""
    return site.get("/networking/v2.0/ports", f"X-Auth-Token: {join_token(token, SCOPE % issuer)}\r\n")


def validate(site: Site, token: str, issuer: str = "CloudTwo") -> Answer:
    """Ask about the token as Neutron here does, wherever it was shown."""
    return site.get(
        "/identity/v3/auth/tokens", f"X-Auth-Token: neutron\r\nX-Subject-Token: {join_token(token, SCOPE % issuer)}\r\n"
    )


def test_a_renamed_service_account_comes_in_by_no_other_rule(site: Site) -> None:
    site.plays["two"] = keystone("cinder")
    told = validate(site, "service-first")
    assert [role["name"] for role in json.loads(told.body)["token"]["roles"]] == ["service"]
    assert use(site, "refused").status == 403, "the account may ask for nothing"
    site.plays["two"] = keystone("mallory")
    answer = use(site, "service-first")
    assert (answer.status, [request.server for request in site.arrived]) == (401, ["two"])
    assert b"www-authenticate: keystone uri=" in answer.head.lower()
    line = site.audited()[-1]
    assert (line["status"], line["outcome"], line["user"]["name"], line["rule"]) == (401, "refused", "mallory", "*/everybody")
    assert "user name, rule, roles here; the rule was */services; the token is {SHA256}" in line["reason"]


def test_a_renamed_user_is_validated_as_no_service_account(site: Site) -> None:
    """While the user is believed here, a service is told the same user; a token that is asked about anew is refused."""
    site.plays["two"] = keystone("mallory")
    assert use(site, "user-first").status == 200
    assert validate(site, "user-second").status == 200
    site.plays["two"] = keystone("cinder")
    assert json.loads(validate(site, "user-first").body)["token"]["user"]["name"] == "mallory"
    answer = validate(site, "user-second")
    assert (answer.status, "token" in json.loads(answer.body)) == (404, False)
    line = [line for line in site.audited() if line["direction"] == "in"][-1]
    assert (line["service"], line["status"], line["outcome"]) == ("identity", 404, "refused")
    assert use(site, "user-first").status == 200, "its user is still believed"


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\xe9"])
def test_a_token_with_a_character_that_a_service_strips_is_not_accepted(space: str, site: Site) -> None:
    """keystonemiddleware removes white space of any script, and finds the rest in its cache."""
    site.plays["two"] = keystone("cinder")
    assert validate(site, "stripped").status == 200
    site.plays["two"] = keystone("mallory")
    for token in (f"{space}stripped", f"stripped{space}"):
        refused = use(site, token)
        assert (refused.status, "visible characters of ASCII alone" in refused.body.decode()) == (400, True)


def test_a_flood_of_tokens_pushes_none_out(site: Site) -> None:
    assert site.bridge is not None
    site.plays |= {"two": keystone("cinder"), "three": keystone("mallory")}
    assert validate(site, "victim").status == 200
    site.plays["two"] = keystone("mallory")
    statuses = [use(site, f"fresh-{number}").status for number in range(MOST)]
    assert statuses[-1] == 429
    before, began = site.bridge.memory_info().rss, site.bridge.cpu_times()
    floods = 300
    for number in range(floods // 2):
        refused, busy = use(site, f"flood-{number}"), validate(site, f"service-{number}")
        assert (refused.status, busy.status) == (429, 503)
    spent = site.bridge.cpu_times()
    assert b"retry-after: " in refused.head.lower()
    assert b"retry-after: " in busy.head.lower()
    assert f"{MOST} tokens of CloudTwo are in use" in refused.body.decode()
    assert (spent.user + spent.system - began.user - began.system) / floods < 0.02
    assert site.bridge.memory_info().rss - before < 8 * MIB
    assert use(site, "victim").status == 401, "what was told of it first still counts"
    assert use(site, "fresh-0").status == 200
    assert use(site, "another", "CloudThree").status == 200, "another peer has room of its own"
    assert site.get("/networking/v2.0/ports", "X-Auth-Token: own\r\n").status == 200
