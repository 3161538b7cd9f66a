# SPDX-License-Identifier: Apache-2.0
"""Each row of the meaning table (docs/use/scope-meaning.md) on real clouds, as its user would see it.

P8 and P9 need a service that one cloud has and the other has not, which the lab's clouds do not differ in: the conformance cases
show them on real HAProxy.
"""

import http.client
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from documents import DOCS
from examples.session import User, authority, tls
from lab.meaning import World, exchange, listed, marked, member, traced
from lab.tokens import expired_token, service_token
from openstackoid.scope import is_marked, join_token, split_token

PAGE = DOCS / "use" / "scope-meaning.md"
NOT_ON_THE_LAB = {"P8", "P9"}
TO_TWO = '{"image":"CloudTwo"}'
DONE = '{"*":"CloudOne","image":"CloudTwo"}'
ELSE = '{"image":"CloudOne"}'


@pytest.fixture
def tok(world: World) -> str:
    """The token of CloudOne's member."""
    return world.token("CloudOne")


def test_each_row_is_here() -> None:
    rows = set(re.findall(r"^\| ([PCWT]\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    tests = [name for name in globals() if name.startswith("test_")]
    here = {row.upper() for name in tests for row in re.findall(r"(?<=_)[pcwt]\d+(?=_)", name)}
    assert here == rows - NOT_ON_THE_LAB


def test_p1_p2_a_scope_is_completed_with_home(world: World, tok: str) -> None:
    assert world.serving("CloudOne", "image", X_Auth_Token=tok, X_Scope=TO_TWO) == "CloudTwo"
    assert world.serving("CloudOne", "network", X_Auth_Token=tok, X_Scope=TO_TWO) == "CloudOne"
    assert world.serving("CloudTwo", "network", X_Auth_Token=join_token(tok, DONE)) == "CloudOne", "at every gateway"


def test_p3_every_other_service(world: World, tok: str) -> None:
    scope = '{"identity":"CloudOne","compute":"CloudOne","*":"CloudTwo"}'
    assert world.serving("CloudOne", "image", X_Auth_Token=tok, X_Scope=scope) == "CloudTwo"
    # The row's own scope, for which the token must be CloudTwo's.
    theirs = world.token("CloudTwo")
    assert world.serving("CloudOne", "image", X_Auth_Token=theirs, X_Scope='{"compute":"CloudOne","*":"CloudTwo"}') == "CloudTwo"


def test_p4_without_a_scope_it_is_the_gateways_cloud(world: World, tok: str) -> None:
    assert world.serving("CloudOne", "image", X_Auth_Token=tok) == "CloudOne"
    assert world.serving("CloudTwo", "image", X_Auth_Token=world.token("CloudTwo")) == "CloudTwo"


def test_p5_p6_p7_placement_goes_with_compute(world: World) -> None:
    admin = world.token("CloudOne-admin")

    def placement(scope: str) -> str:
        said = world.serving("CloudOne", "placement", X_Auth_Token=admin, X_Scope=scope)
        # To CloudTwo's Placement the user is a member.
        return "CloudTwo" if "Policy does not allow placement:resource_providers:list" in said else said

    assert placement('{"compute":"CloudTwo","*":"CloudOne"}') == "CloudTwo"
    assert placement('{"compute":"CloudTwo","placement":"CloudOne"}') == "CloudOne"
    assert placement('{"identity":"CloudOne","*":"CloudTwo"}') == "CloudTwo"
    assert placement(TO_TWO) == "CloudOne"


def test_p10_t14_a_completed_scope_is_not_completed_again(world: World, tok: str) -> None:
    token = join_token(tok, DONE)
    served = {service: world.serving("CloudTwo", service, X_Auth_Token=token) for service in ("image", "network")}
    assert served == {"image": "CloudTwo", "network": "CloudOne"}


def test_p11_an_alias_is_the_service(world: World, tok: str) -> None:
    assert world.serving("CloudOne", "image", X_Auth_Token=tok, X_Scope='{"glance":"CloudTwo"}') == "CloudTwo"
    new = world.post("CloudOne", "glance=CloudTwo", exchange(tok))
    assert split_token(new.headers["X-Subject-Token"])[1] == DONE, "what travels is the official type"


def test_c1_c2_c3_c4_c5_where_the_client_finds_its_scope(lab: Any, world: World, tmp_path: Path) -> None:
    def owners(*options: str, variable: str = "", default: dict[str, str] | None = None) -> set[str]:
        code, ids = listed(lab, tmp_path, *options, variable=variable, default=default)
        assert code == 0
        return {world.owners[image] for image in ids}

    there = {"image": "CloudTwo"}
    assert owners("--os-scope", TO_TWO, variable=ELSE) == {"CloudTwo"}
    assert owners(variable=ELSE, default=there) == {"CloudOne"}
    assert owners(default=there) == {"CloudTwo"}
    assert owners("--os-scope", "none", variable=TO_TWO, default=there) == {"CloudOne"}
    assert listed(lab, tmp_path, "--os-scope", '{"image"}', variable=TO_TWO) == (2, set())


def test_w1_w2_w3_t1_t2_header_and_token(world: World, tok: str) -> None:
    scoped, request_id = f"{tok}!SCOPE!{TO_TWO}", traced()
    named = {"X_Auth_Token": tok, "X_Scope": TO_TWO, "X_OpenStack_Request_Id": request_id}
    # From here on CloudTwo knows the user: that it asks CloudOne would be one hop more.
    assert world.serving("CloudOne", "image", X_Auth_Token=tok, X_Scope=TO_TWO) == "CloudTwo"
    assert world.serving("CloudOne", "image", **named) == "CloudTwo"
    assert world.hops("CloudOne", request_id) == [("CloudTwo", "header"), ("CloudTwo", "token")]
    assert world.serving("CloudOne", "image", X_Auth_Token=scoped) == "CloudTwo"
    assert world.serving("CloudOne", "image", X_Auth_Token=scoped, X_Scope=TO_TWO) == "CloudTwo"


def test_w4_t3_header_and_token_that_differ(world: World, tok: str) -> None:
    refused = world.serving("CloudOne", "image", X_Auth_Token=f"{tok}!SCOPE!{TO_TWO}", X_Scope=ELSE)
    assert refused.startswith("400 ")
    assert "differ" in refused and "CloudTwo" in refused and "CloudOne" in refused


def test_w5_without_a_token_the_header_leads(world: World) -> None:
    request_id = traced()
    answer = world.ask("GET", "CloudOne", "image", "/v2/images", X_Scope=TO_TWO, X_OpenStack_Request_Id=request_id)
    assert answer.status_code == 401
    assert world.hops("CloudOne", request_id) == [("CloudTwo", "header"), ("CloudTwo", "header")]


def test_w6_w7_w8_a_log_in_at_a_url_with_a_scope(world: World) -> None:
    body = member(world, "CloudOne")
    for headers in ({}, {"X_Scope": TO_TWO}):
        new = world.post("CloudOne", "image=CloudTwo", body, **headers)
        assert new.status_code == 201
        assert split_token(new.headers["X-Subject-Token"])[1] == DONE
        assert world.serving("CloudOne", "image", X_Auth_Token=new.headers["X-Subject-Token"]) == "CloudTwo"
    assert world.post("CloudOne", "image=CloudTwo", body, X_Scope=ELSE).status_code == 400


def test_w9_w10_a_url_and_a_token(world: World, tok: str) -> None:
    path = "/scope/image=CloudTwo/v3/auth/tokens"
    same, other = f"{tok}!SCOPE!{DONE}", f"{tok}!SCOPE!{ELSE}"
    assert world.ask("GET", "CloudOne", "identity", path, X_Auth_Token=same, X_Subject_Token=same).status_code == 200
    assert world.ask("GET", "CloudOne", "identity", path, X_Auth_Token=other, X_Subject_Token=other).status_code == 400


def test_w22_w23_the_url_of_a_service(world: World, tok: str) -> None:
    path = "/scope/image=CloudTwo/v2/images?name=cirros"
    for token in (tok, join_token(tok, DONE)):
        (image,) = world.ask("GET", "CloudOne", "image", path, X_Auth_Token=token).json()["images"]
        assert world.owners[image["id"]] == "CloudTwo"
    assert world.ask("GET", "CloudOne", "image", path, X_Auth_Token=join_token(tok, ELSE)).status_code == 400


def test_w11_w12_w13_w14_w15_t5_t8_a_token_for_a_token(world: World, tok: str) -> None:
    scoped = exchange(f"{tok}!SCOPE!{TO_TWO}")
    for segment, body, headers in (
        ("", scoped, {}),
        ("image=CloudTwo", scoped, {}),
        ("", scoped, {"X_Scope": TO_TWO}),
        ("image=CloudTwo", exchange(tok), {}),
    ):
        new = world.post("CloudOne", segment, body, **headers)
        assert new.status_code == 201
        assert split_token(new.headers["X-Subject-Token"])[1] == DONE
    assert world.post("CloudOne", "", scoped, X_Scope=ELSE).status_code == 400
    assert world.post("CloudOne", "image=CloudOne", scoped).status_code == 400


def test_w16_the_token_that_it_is_about_and_a_header(world: World, tok: str) -> None:
    about = {"X_Auth_Token": tok, "X_Subject_Token": f"{tok}!SCOPE!{TO_TWO}"}
    refused = world.ask("GET", "CloudOne", "identity", "/v3/auth/tokens", X_Scope=ELSE, **about)
    assert (refused.status_code, "differ" in refused.text) == (400, True)


def test_w17_a_service_token_names_the_cloud_of_its_service(lab: Any, world: World, tok: str) -> None:
    token = f'{tok}!SCOPE!{{"*":"CloudOne","network":"CloudTwo"}}'
    bare = service_token(lab, "CloudOne")
    url = world.url("CloudTwo", "network", "/v2.0/networks?name=lab")

    def sent(mark: str, certificate: str | None) -> requests.Response:
        """Send a request of CloudOne's Neutron, as CloudOne's gateway or as another client."""
        headers = {"X-Auth-Token": token, "X-Service-Token": f'{bare}!SCOPE!{{"*":"{mark}"}}'}
        return requests.get(url, headers=headers, timeout=60, verify=authority(), cert=certificate)

    gateway = str(Path(authority()).parent / "CloudOne.pem")
    answer = sent("CloudOne", gateway)
    assert (answer.status_code, {world.owners[row["id"]] for row in answer.json()["networks"]}) == (200, {"CloudTwo"})
    for mark, certificate, who in (("CloudTwo", gateway, "the gateway of CloudOne"), ("CloudOne", None, "no gateway")):
        refused = sent(mark, certificate)
        assert refused.status_code == 403
        assert f"names {mark} as its issuer, but {who} has sent it" in refused.text
    late = {"X_Auth_Token": expired_token(lab, User("CloudOne")), "X_Service_Token": bare}
    assert world.serving("CloudOne", "image", **late) == "CloudOne"
    assert world.serving("CloudOne", "image", X_Scope=TO_TWO, **late) == "CloudTwo", "it leaves, bound"


def test_w18_a_header_twice(world: World, tok: str) -> None:
    parts = urlsplit(world.url("CloudOne", "image", "/v2/images"))
    connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=tls())
    connection.putrequest("GET", parts.path)
    for name, value in (("X-Auth-Token", tok), ("X-Scope", TO_TWO), ("X-Scope", TO_TWO)):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, "X-Scope is sent 2 times" in answer.read().decode()) == (400, True)
    connection.close()


def test_w19_w20_w21_the_request_id_of_a_workflow(world: World, tok: str) -> None:
    workflow = {"X_OpenStack_Request_Id": marked(), "X_Auth_Token": tok}
    name = f"meaning-{uuid4().hex[:8]}"
    keypair, there = {"keypair": {"name": name}}, '{"network":"CloudTwo"}'
    began = world.ask("POST", "CloudOne", "compute", "/v2.1/os-keypairs", keypair, X_Scope=there, **workflow)
    assert began.status_code in (200, 201), began.text
    assert world.serving("CloudOne", "image", **workflow) == "CloudOne"
    assert world.serving("CloudOne", "network", **workflow) == "CloudTwo"
    assert world.serving("CloudOne", "image", X_Scope=TO_TWO, **workflow) == "CloudTwo"
    path = f"/v2.1/os-keypairs/{name}"
    refused = world.ask("DELETE", "CloudOne", "compute", path, X_Scope=TO_TWO, **workflow)
    assert (refused.status_code, "give each workflow an id of its own" in refused.text) == (409, True)
    gone = world.ask("DELETE", "CloudOne", "compute", path, X_Scope=there, **workflow)
    assert gone.status_code in (202, 204)
    forgotten = world.serving("CloudOne", "network", X_Auth_Token=tok, X_OpenStack_Request_Id=marked())
    assert forgotten.startswith("503") and "has no record of workflow" in forgotten


def test_t4_each_request_has_its_own(world: World, tok: str) -> None:
    served = [world.serving("CloudOne", "image", X_Auth_Token=tok, X_Scope=scope) for scope in (TO_TWO, ELSE, TO_TWO)]
    assert served == ["CloudTwo", "CloudOne", "CloudTwo"]


def test_t6_t7_a_token_is_exchanged_by_the_keystone_that_is_named(world: World, tok: str) -> None:
    theirs, scope = world.token("CloudTwo"), '{"identity":"CloudTwo"}'
    carried = world.post("CloudOne", "", exchange(f"{theirs}!SCOPE!{scope}"))
    assert carried.status_code == 201
    token, carries = split_token(carried.headers["X-Subject-Token"])
    assert carries == '{"*":"CloudOne","identity":"CloudTwo"}'
    marked_token = f"{token}!SCOPE!{carries}"
    assert world.serving("CloudOne", "image", X_Auth_Token=marked_token) == "CloudOne", (
        "it is a token of CloudTwo, good at this gateway"
    )
    assert world.serving("CloudTwo", "image", X_Auth_Token=token).startswith("401"), "and at no other"
    bare = world.post("CloudOne", "", exchange(theirs), X_Scope=scope)
    assert (bare.status_code, is_marked(bare.headers["X-Subject-Token"])) == (201, False)
    assert bare.headers["X-Scope-Identity"] == "CloudTwo"
    here = world.post("CloudOne", "", exchange(tok), X_Scope=TO_TWO)
    assert (here.status_code, is_marked(here.headers["X-Subject-Token"])) == (201, False)
    assert "X-Scope-Identity" not in here.headers


def test_t9_t10_a_token_is_validated_by_its_issuer(lab: Any, world: World, tok: str) -> None:
    for at in ("CloudOne", "CloudTwo"):
        asks = {"X_Auth_Token": service_token(lab, at, "glance"), "X_Subject_Token": f"{tok}!SCOPE!{DONE}"}
        answer = world.ask("GET", at, "identity", "/v3/auth/tokens", **asks)
        assert answer.status_code == 200
        regions = {endpoint["region"] for entry in answer.json()["token"]["catalog"] for endpoint in entry["endpoints"]}
        assert regions == {at}, "with the catalog of the cloud that asks"


def test_t11_t12_a_token_is_revoked_by_its_own_cloud(lab: Any, world: World) -> None:
    first, second = (world.post("CloudOne", "", member(world, "CloudOne")).headers["X-Subject-Token"] for _ in range(2))
    scoped = f"{first}!SCOPE!{DONE}"
    service = service_token(lab, "CloudTwo", "glance")
    refused = world.ask("DELETE", "CloudTwo", "identity", "/v3/auth/tokens", X_Auth_Token=service, X_Subject_Token=scoped)
    assert (refused.status_code, "is not sent there" in refused.text) == (400, True)
    for at, token in (("CloudTwo", first), ("CloudOne", second)):
        named = f"{token}!SCOPE!{DONE}"
        revoked = world.ask("DELETE", at, "identity", "/v3/auth/tokens", X_Auth_Token=named, X_Subject_Token=named)
        assert revoked.status_code == 204
        assert world.serving("CloudOne", "network", X_Auth_Token=token).startswith("401")


def test_t13_an_expired_token(lab: Any, world: World) -> None:
    expired = expired_token(lab, User("CloudOne"))
    for headers in ({}, {"X_Scope": TO_TWO}):
        assert world.serving("CloudOne", "image", X_Auth_Token=expired, **headers).startswith("401")


def test_t15_t16_a_token_at_another_gateway(world: World, tok: str) -> None:
    assert world.serving("CloudTwo", "image", X_Auth_Token=tok).startswith("401")
    assert world.serving("CloudTwo", "image", X_Auth_Token=f"{tok}!SCOPE!{TO_TWO}").startswith("401"), "CloudTwo is home there"
    theirs = f"{world.token('CloudTwo')}!SCOPE!{ELSE}"
    served = [world.serving("CloudTwo", service, X_Auth_Token=theirs) for service in ("image", "network")]
    assert served == ["CloudOne", "CloudTwo"]
