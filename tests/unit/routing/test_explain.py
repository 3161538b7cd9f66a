# SPDX-License-Identifier: Apache-2.0
"""Explanations of every case of the conformance table, with their details."""

from dataclasses import replace

import pytest

from conformance.asking import body_of, request_of
from conformance.case import Case, Refused
from conformance.cases import CASES
from conformance.clouds import three_clouds
from openstackoid.mesh import Listener, parse_mesh
from openstackoid.redaction import redacted
from openstackoid.routing import Decision, Explanation, Request, ScopeSource, decide, explain
from openstackoid.scope import parse

MESH = three_clouds()


def expected(case: Case) -> tuple[str, tuple[str, ...], int | None]:
    if isinstance(case.expect, Refused):
        return "refuse", (), case.expect.status
    route = "bridge" if case.expect.relayed else "local" if case.expect.cloud == case.at else "remote"
    return route, (case.expect.cloud,), None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_table_of_cases(case: Case) -> None:
    recalled = None if case.remembered is None else parse(case.remembered)
    _, mark, query = case.path.partition("?")
    told = explain(MESH, case.at, replace(request_of(MESH, case, recalled), body=body_of(case)), mark + query)
    assert (told.route, told.clouds, told.status) == expected(case)
    if isinstance(case.expect, Refused):
        assert told.urls == ()
        assert all(word in (told.reason or "") for word in case.expect.words)
    else:
        assert [f"/{url.split('/', 3)[3]}" for url in told.urls] == [redacted(case.expect.path)]
        assert told.reason is None


def about(to: str, path: str, *headers: tuple[str, str], method: str = "GET", at: str = "CloudOne") -> Explanation:
    listener = next(endpoint.listener for endpoint in MESH.clouds[at].endpoints if endpoint.key == to)
    return explain(MESH, at, Request(method, listener, path, headers))


def test_the_service_is_the_official_one_and_the_interface_the_first_of_its_socket() -> None:
    told = about("volumev3.public", "/volume/v3/p/volumes")
    assert (told.service, told.interface) == ("block-storage", "public")
    assert about("image.internal", "/v2/images").interface == "internal"
    told = about("image.public", "/imagefoo")
    assert (told.service, told.interface, told.scope, told.status) == (None, None, None, 404)


@pytest.mark.parametrize(
    ("headers", "scope"),
    [
        ((), '{"*":"CloudOne"}'),
        ((("X-Scope", '{"glance":"CloudTwo"}'),), '{"*":"CloudOne","image":"CloudTwo"}'),
        ((("X-Auth-Token", 't!SCOPE!{"*":"CloudTwo"}'),), '{"*":"CloudTwo"}'),
        ((("X-Scope", '{"*":"Cloud-3.b"}'),), '{"*":"Cloud-3.b"}'),
    ],
)
def test_the_scope_that_was_followed(headers: tuple[tuple[str, str], ...], scope: str) -> None:
    assert about("compute.public", "/compute/v2.1/servers", *headers).scope == parse(scope)


def test_the_scope_of_a_request_to_keystone_is_that_of_the_token_that_it_is_about() -> None:
    marked = 'usr!SCOPE!{"*":"CloudOne"}'
    told = about("identity.public", "/v3/auth/tokens", ("X-Auth-Token", "svc"), ("X-Subject-Token", marked), at="CloudTwo")
    assert (told.route, told.scope) == ("bridge", parse('{"*":"CloudOne"}'))


def test_a_scope_in_the_authentication_url() -> None:
    told = about("identity.public", "/identity/scope/image=CloudTwo/v3/auth/tokens", method="POST")
    assert (told.service, told.route, told.clouds) == ("identity", "bridge", ("CloudOne",))
    assert told.scope == parse('{"*":"CloudOne","image":"CloudTwo"}')


def test_an_unread_body_is_an_empty_document() -> None:
    told = about("compute.public", "/compute/v2.1/servers", ("X-Scope", '{"network":"CloudTwo"}'), method="POST")
    assert (told.route, told.status, told.clouds) == ("refuse", 409, ())
    assert "network-of-a-server" in (told.reason or "")
    assert told.scope == parse('{"*":"CloudOne","network":"CloudTwo"}')


def test_each_backend_is_a_place_and_the_query_goes_along() -> None:
    mesh = parse_mesh(
        "{mesh: 1, clouds: {C: {services: {image: {frontend: 'http://c/image', backend: ['http://a:1', 'http://b:2/glance']}}}}}"
    )
    told = explain(mesh, "C", Request("GET", Listener("c", 80), "/image"), "?limit=1")
    assert told.urls == ("http://a:1/?limit=1", "http://b:2/glance?limit=1")


def test_a_refusal_alone_has_status_and_reason_in_json() -> None:
    document = about("image.public", "/image/v2/images", ("X-Scope", '{"image":"CloudTwo"}')).document()
    assert document == {
        "service": "image",
        "interface": "public",
        "home": "CloudOne",
        "scope": {"*": "CloudOne", "image": "CloudTwo"},
        "route": "remote",
        "clouds": ["CloudTwo"],
        "urls": [f"http://{MESH.clouds['CloudTwo'].endpoint('image', 'public').listener}/v2/images"],  # type: ignore[union-attr]
    }
    document = about("image.public", "/image/v2/images", ("X-Scope", "{")).document()
    assert (document["scope"], document["clouds"], document["urls"], document["status"]) == (None, [], [], 400)
    assert document["reason"].startswith("gateway of CloudOne: X-Scope, ")


def test_scopes_that_differ_are_not_followed() -> None:
    request = Request(
        "GET",
        MESH.clouds["CloudOne"].listeners[0],
        "/image/v2/images",
        (("X-Scope", '{"image":"CloudOne"}'), ("X-Auth-Token", 't!SCOPE!{"image":"CloudTwo"}')),
    )
    decision = decide(MESH, "CloudOne", request)
    assert isinstance(decision, Decision)
    assert (decision.scope, decision.source) == (None, ScopeSource.TOKEN)
