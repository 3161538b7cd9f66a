# SPDX-License-Identifier: Apache-2.0
"""The decisions that may be cached, their form, and their keys."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.case import TO_TWO, TWO_DONE, newer_form
from conformance.clouds import description, three_clouds
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.routing import Decision, Request, decide
from openstackoid.routing.route_cache import CachedRoute, cached_route, generation, route_key

MESH = three_clouds()
HERE = MESH.clouds["CloudOne"]
TOKEN, X_SCOPE = ("X-Auth-Token", "tok"), ("X-Scope", TO_TWO)
STAYS = ("X-Scope", '{"compute":"CloudTwo"}')


def asked(*headers: tuple[str, str], path: str = "/image/v2/images/i/file", key: str = "image.public", **more: Any) -> Request:
    listener = next(endpoint.listener for endpoint in HERE.endpoints if endpoint.key == key)
    return Request(more.pop("method", "GET"), listener, path, headers, **more)


def route(request: Request, mesh: Mesh = MESH) -> CachedRoute | None:
    return cached_route(mesh, "CloudOne", request, decide(mesh, "CloudOne", request))


def key(request: Request) -> str:
    endpoint = HERE.locate(request.listener, request.path)
    assert endpoint is not None
    return route_key(request, endpoint)


def test_a_route_is_the_completed_scope_and_the_peer() -> None:
    mark = newer_form(f"!SCOPE!{TWO_DONE}").removeprefix("~")
    assert route(asked(TOKEN, X_SCOPE)) == CachedRoute(mark, "CloudTwo")
    assert route(asked(TOKEN, STAYS)) == CachedRoute(newer_form('!SCOPE!{"*":"CloudOne","compute":"CloudTwo"}'))
    third = route(asked(TOKEN, ("X-Scope", '{"image":"CloudTwo","identity":"Cloud-3.b"}')))
    assert third is not None
    assert (third.cloud, third.home) == ("CloudTwo", "Cloud-3.b")


@pytest.mark.parametrize(
    "request_",
    [
        asked(TOKEN),
        asked(TOKEN, ("X-Scope", "{}")),
        asked(TOKEN, X_SCOPE, method="BREW"),
        asked(("X-Auth-Token", "to!k"), X_SCOPE),
        asked(("X-Auth-Token", newer_form(f"t!SCOPE!{TWO_DONE}")), X_SCOPE),
        asked(TOKEN, X_SCOPE, ("X-Service-Token", 's!SCOPE!{"*":"CloudTwo"}'), sender="CloudTwo"),
        asked(TOKEN, ("X-Scope", '{"identity":"CloudTwo"}')),
        asked(TOKEN, X_SCOPE, path="/image/v2/images/i"),
        asked(TOKEN, X_SCOPE, path="/image/v2/images"),
        asked(TOKEN, X_SCOPE, path="/image"),
        asked(TOKEN, path="/image/scope/image=CloudOne/v2/images"),
        asked(TOKEN, STAYS, method="POST", path="/compute/v2.1/servers", key="compute.public", body={}),
        asked(STAYS, method="POST", path="/compute/v2.1/servers", key="compute.public", body={}),
    ],
    ids=[
        "no scope",
        "refused",
        "another method",
        "a token that HAProxy would cut",
        "two scopes",
        "a marked service token",
        "a token of another cloud, for a service here",
        "an image that services follow",
        "a list",
        "a version document",
        "a scope in the URL",
        "a write that begins a workflow",
        "a write whose body decides",
    ],
)
def test_a_decision_that_depends_on_more_than_the_key_is_not_kept(request_: Request) -> None:
    assert route(request_) is None


def test_a_scope_that_leaves_in_the_token_asked_about_is_not_kept() -> None:
    """HAProxy writes the form that the peer reads into X-Auth-Token alone. Of a Keystone whose answers stay as they are."""
    clouds = [f"{name}: {{services: {{identity: {{frontend: 'http://{name}/identity'}}}}}}" for name in ("CloudOne", "CloudTwo")]
    mesh = parse_mesh(f"{{mesh: 1, clouds: {{{', '.join(clouds)}}}}}")
    (endpoint,) = mesh.clouds["CloudOne"].endpoints
    scoped = newer_form('s!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}')
    for header, kept in (("X-Auth-Token", True), ("X-Subject-Token", False)):
        request_ = Request("DELETE", endpoint.listener, "/identity/v3/auth/tokens", ((header, scoped),))
        assert (route(request_, mesh) is not None) is kept


def test_the_scope_of_a_workflow_is_not_kept() -> None:
    decision = decide(MESH, "CloudOne", asked(TOKEN, X_SCOPE))
    assert isinstance(decision, Decision)
    identified = asked(TOKEN, ("X-OpenStack-Request-Id", "req-5c09ed01-0000-4000-8000-000000000001"), recalled=decision.scope)
    assert route(identified) is None


def test_a_key_has_all_that_a_route_depends_on() -> None:
    plain = asked(TOKEN, X_SCOPE)
    assert key(plain) == f"GET|image.public||{TO_TWO}|=|."
    others = [
        replace(plain, method="HEAD"),
        asked(TOKEN, STAYS),
        asked(X_SCOPE),
        asked(("X-Auth-Token", newer_form(f"t!SCOPE!{TWO_DONE}"))),
        asked(TOKEN, X_SCOPE, path="/image"),
        asked(TOKEN, X_SCOPE, ("Upgrade", "websocket")),
        asked(TOKEN, X_SCOPE, path="/compute/v2.1/servers/7", key="compute.public"),
        asked(TOKEN, X_SCOPE, path="/identity/v3/auth/tokens", key="identity.public"),
        asked(TOKEN, X_SCOPE, ("X-Subject-Token", "s~e30"), path="/identity/v3/auth/tokens", key="identity.public"),
        asked(TOKEN, X_SCOPE, path="/identity/v3/auth/catalog", key="identity.public"),
        asked(TOKEN, X_SCOPE, path="/identity/v3/users", key="identity.public"),
    ]
    assert len({key(request) for request in (plain, *others)}) == 1 + len(others)
    assert key(asked(("X-Auth-Token", "other"), X_SCOPE, ("X-Service-Token", "s"), path="/image/v2/images/i/file")) == key(plain)


def test_a_mesh_that_decides_differently_has_another_name() -> None:
    text = description(iter(range(20_000, 21_000)))
    names = {
        generation(parse_mesh(changed), "CloudOne")
        for changed in (text, text.replace("Cloud-3.b", "CloudThree"), text.replace("my-billing", "my-invoices"))
    }
    assert len(names) == 3
    assert generation(parse_mesh(text), "CloudOne") == generation(parse_mesh(text), "CloudOne")
    assert generation(parse_mesh(text), "CloudTwo") not in names
