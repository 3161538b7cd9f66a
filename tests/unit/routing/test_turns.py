# SPDX-License-Identifier: Apache-2.0
"""The decision on a scope with several clouds for a service: a plan for each, with what each is sent."""

from typing import Any

import pytest

from conformance.clouds import three_clouds
from openstackoid.routing import Decision, Otherwise, ReadBody, ReadStore, Refuse, Request, Single, Turn, decide, explain
from openstackoid.routing.egress import GIVEN
from openstackoid.routing.request import NotRead
from openstackoid.routing.route_cache import cached_route
from openstackoid.routing.turns import Outcome, is_empty_list, looks_up_name, outcome
from openstackoid.routing.workflows import further_id
from openstackoid.scope import Scope, parse, split_token

MESH = three_clouds()
FRESH = "req-5c09edff-0000-4000-8000-000000000000"
KNOWN = "req-7472ace0-0000-4000-8000-000000000001"
ALL = tuple(MESH.clouds)


def decided(
    method: str,
    path: str,
    scope: str | None = None,
    *headers: tuple[str, str],
    at: str = "CloudOne",
    to: str = "image.public",
    token: str = "tok",
    **more: Any,
) -> Decision | ReadBody | ReadStore:
    listener = next(endpoint.listener for endpoint in MESH.clouds[at].endpoints if endpoint.key == to)
    said = () if scope is None else (("X-Scope", scope),)
    request = Request(method, listener, path, (("X-Auth-Token", token), *said, *headers), fresh_id=FRESH, announced=ALL, **more)
    found = decide(MESH, at, request)
    assert isinstance(found, Decision | ReadBody | ReadStore)
    return found


def turns(found: object) -> tuple[Turn, ...]:
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Otherwise), found.plan
    return found.plan.turns


def sent(turn: Turn) -> tuple[str, str, str]:
    """Return the cloud of a turn, the scope that it is sent, and the request id."""
    assert isinstance(turn.plan, Single)
    headers = {name.lower(): value for name, value in turn.plan.headers}
    return turn.plan.endpoint.cloud, split_token(headers["x-auth-token"])[1] or "", headers.get("x-openstack-request-id", "")


def test_a_read_has_a_turn_for_each_cloud_under_the_scope_as_it_came() -> None:
    found = decided("GET", "/image/v2/images", "image=CloudTwo | CloudOne")
    scope = '{"*":"CloudOne","image":"CloudTwo | CloudOne"}'
    given = GIVEN + FRESH[len(GIVEN) :]
    assert [sent(turn) for turn in turns(found)] == [("CloudTwo", scope, given), ("CloudOne", scope, "")]
    assert isinstance(found, Decision)
    assert (found.route, found.scope and found.scope.to_header(), found.issuer) == ("otherwise", scope, "CloudOne")
    assert cached_route(MESH, "CloudOne", Request("GET", MESH.clouds["CloudOne"].listeners[0], "/"), found) is None


def test_a_write_that_begins_a_workflow_names_its_cloud_and_has_an_id_for_each_turn() -> None:
    found = decided("POST", "/networking/v2.0/networks", "network=CloudOne | CloudTwo", to="network.public")
    one, two = map(sent, turns(found))
    assert one == ("CloudOne", '{"*":"CloudOne","network":"CloudOne"}', FRESH)
    assert two == ("CloudTwo", '{"*":"CloudOne","network":"CloudTwo"}', further_id(FRESH, 1))
    assert further_id(FRESH, 1) == FRESH.replace("edff-", "ed00-")
    assert [turn.plan.remember and turn.plan.remember.id for turn in turns(found) if isinstance(turn.plan, Single)] == [
        FRESH,
        further_id(FRESH, 1),
    ]


def test_partners_of_a_server_are_of_its_cloud_and_its_image_may_be_of_any() -> None:
    found = decided("POST", "/compute/v2.1/servers", "CloudOne | CloudTwo", to="compute.public", body={"server": {}})
    one, two = (Scope.completed(parse(sent(turn)[1]), "?") for turn in turns(found))
    for cloud, scope in (("CloudOne", one), ("CloudTwo", two)):
        assert scope.clouds_for("compute", "") == scope.clouds_for("placement", "") == (cloud,)
        assert scope.clouds_for("network", "") == scope.clouds_for("block-storage", "") == (cloud,)
        assert scope.clouds_for("image", "") == ("CloudOne", "CloudTwo")
        assert scope.clouds_for("identity", "") == ("CloudOne",)


def test_a_write_to_one_cloud_narrows_its_partners_as_well() -> None:
    scope = '{"compute": "CloudTwo", "network": "CloudOne | CloudTwo", "image": "CloudOne | CloudTwo"}'
    found = decided("POST", "/compute/v2.1/servers", scope, to="compute.public", body={"server": {}})
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Single)
    assert sent(Turn("CloudTwo", found.plan))[1] == (
        '{"*":"CloudOne","compute":"CloudTwo","network":"CloudTwo","image":"CloudOne | CloudTwo"}'
    )


def test_a_turn_whose_collaboration_cannot_work_is_refused_alone() -> None:
    scope = '{"compute": "CloudTwo | CloudOne", "network": "CloudOne"}'
    body = {"server": {"networks": [{"uuid": "n"}]}}
    two, one = turns(decided("POST", "/compute/v2.1/servers", scope, to="compute.public", body=body))
    assert isinstance(two.plan, Refuse)
    assert (two.cloud, two.plan.status) == ("CloudTwo", 409)
    assert "compute of CloudTwo cannot work with network of CloudOne" in two.plan.message
    assert isinstance(one.plan, Single)
    assert isinstance(decided("POST", "/compute/v2.1/servers", scope, to="compute.public"), ReadBody)


def test_partners_that_share_a_data_plane_stay() -> None:
    scope = '{"compute": "CloudOne", "network": "CloudTwo | Cloud-3.b"}'
    found = decided("POST", "/compute/v2.1/servers", scope, to="compute.public", body={"server": {}})
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Single)
    assert sent(Turn("CloudOne", found.plan))[1] == '{"*":"CloudOne","compute":"CloudOne","network":"Cloud-3.b"}'


def test_the_id_of_a_traced_request_is_that_of_its_first_turn() -> None:
    traced = ("X-OpenStack-Request-Id", KNOWN)
    path, scope = "/networking/v2.0/networks", "network=CloudOne | CloudTwo"
    assert isinstance(decided("POST", path, scope, traced, to="network.public", recalled=NotRead.NOT_READ), ReadStore)
    found = decided("POST", path, scope, traced, to="network.public")
    assert [sent(turn)[2] for turn in turns(found)] == [KNOWN, further_id(FRESH, 1)]
    other = parse("compute=CloudOne").completed("CloudOne").workflow()
    found = decided("POST", path, scope, traced, to="network.public", recalled=other)
    assert [sent(turn)[2] for turn in turns(found)] == [FRESH, further_id(FRESH, 1)]


def test_a_bound_token_keeps_its_scope() -> None:
    scope = '{"*":"CloudTwo","network":"CloudOne | CloudTwo"}'
    token = f"bound1.abc!SCOPE!{scope}"
    found = decided("POST", "/networking/v2.0/networks", to="network.public", token=token)
    assert [sent(turn)[1] for turn in turns(found)] == [scope, scope]


@pytest.mark.parametrize("how", [{"sender": "CloudOne"}, {}])
def test_a_gateway_that_was_chosen_serves_the_request(how: dict[str, str]) -> None:
    via = () if how else (("Via", "1.1 CloudOne (openstackoid)"),)
    scope = '{"*":"CloudOne","image":"CloudOne | CloudTwo"}'
    found = decided("GET", "/v2/images", None, *via, at="CloudTwo", token=f"tok!SCOPE!{scope}", **how)
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Single)
    assert found.plan.local
    assert found.scope is not None
    assert found.scope.to_header() == scope
    asked = Request("GET", MESH.clouds["CloudTwo"].listeners[0], "/v2/images", (("X-Auth-Token", f"tok!SCOPE!{scope}"),))
    assert cached_route(MESH, "CloudTwo", asked, found) is None


def test_a_gateway_that_was_not_chosen_refuses_the_request() -> None:
    scope = '{"*":"CloudOne","image":"CloudOne | Cloud-3.b"}'
    found = decided("GET", "/v2/images", at="CloudTwo", token=f"tok!SCOPE!{scope}", sender="CloudOne")
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Refuse)
    assert found.plan.status == 508


def test_a_services_own_request_of_a_workflow_has_turns_as_well() -> None:
    recalled = parse('{"*":"CloudOne","network":"Cloud-3.b | CloudTwo"}')
    marked = ("X-OpenStack-Request-Id", "req-5c09ed01-0000-4000-8000-000000000001")
    three, two = turns(decided("PUT", "/networking/v2.0/ports/p", None, marked, to="network.public", recalled=recalled))
    assert isinstance(three.plan, Single)
    assert isinstance(two.plan, Refuse)
    assert (two.cloud, two.plan.status) == ("CloudTwo", 403)


def test_an_explanation_has_each_turn() -> None:
    listener = MESH.clouds["CloudOne"].listeners[0]
    image = next(endpoint for endpoint in MESH.clouds["CloudOne"].endpoints if endpoint.key == "image.public")
    listener = image.listener
    headers = (("X-Auth-Token", 'tok!SCOPE!{"image":"CloudTwo | CloudOne"}'),)
    told = explain(MESH, "CloudOne", Request("GET", listener, "/image/v2/images", headers))
    assert (told.route, told.clouds) == ("otherwise", ("CloudTwo", "CloudOne"))
    assert [turn.route for turn in told.turns] == ["remote", "local"]
    assert [turn["clouds"] for turn in told.document()["turns"]] == [["CloudTwo"], ["CloudOne"]]
    assert len(told.urls) == 2


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("GET", 200, Outcome.ANSWER),
        ("GET", 304, Outcome.ANSWER),
        ("GET", 404, Outcome.MISSING),
        ("HEAD", 404, Outcome.MISSING),
        ("GET", 403, Outcome.ANSWER),
        ("GET", 429, Outcome.ANSWER),
        ("GET", 500, Outcome.FAILURE),
        ("OPTIONS", 503, Outcome.FAILURE),
        ("POST", 503, Outcome.ANSWER),
        ("DELETE", 404, Outcome.MISSING),
    ],
)
def test_a_status_is_an_outcome(method: str, status: int, expected: Outcome) -> None:
    assert outcome(method, status) is expected


@pytest.mark.parametrize(
    ("content", "empty"),
    [
        (b'{"images": [], "first": "/v2/images"}', True),
        (b'{"servers": [], "servers_links": []}', True),
        (b"[]", True),
        (b'{"servers": [{"id": 1}], "servers_links": []}', False),
        (b'{"image": {}}', False),
        (b"{}", False),
        (b"", False),
        (b'{"images": [', False),
        (b"[" * 5000, False),
    ],
)
def test_a_list_is_empty_or_not(content: bytes, empty: bool) -> None:
    assert is_empty_list(content) is empty


def test_a_name_in_the_query_looks_an_item_up() -> None:
    assert looks_up_name("GET", "limit=5&name=x")
    assert looks_up_name("GET", "display_name=x")
    assert not looks_up_name("GET", "rename=x&name=")
    assert not looks_up_name("GET", None)
    assert not looks_up_name("POST", "name=x")
