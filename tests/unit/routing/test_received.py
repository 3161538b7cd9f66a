# SPDX-License-Identifier: Apache-2.0
"""A request as it is received: the part of it that says the scope, and the user that it is of."""

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import Listener
from openstackoid.routing import Decision, Request, ScopeSource, decide
from openstackoid.routing.received import receive, scope_source
from openstackoid.scope import Scope, parse

MESH = three_clouds()
IMAGE = next(known for known in MESH.clouds["CloudOne"].endpoints if known.key == "image.public")


def request(path: str, *headers: tuple[str, str], body_token: str | None = None) -> Request:
    return Request("GET", IMAGE.listener, path, headers, body_token)


@pytest.mark.parametrize(
    ("headers", "body", "source"),
    [
        ((), None, "none"),
        ((("X-Auth-Token", "tok"),), "tok", "none"),
        ((("X-Scope", "{}"), ("X-Auth-Token", "tok")), None, "header"),
        ((("X-Scope", "{}"), ("X-Auth-Token", "tok!SCOPE!{}")), None, "token"),
        ((("x-subject-token", "tok!SCOPE!{}"),), None, "token"),
        ((), "tok!SCOPE!{}", "token"),
        ((("X-Auth-Token", "tok~e30"),), None, "token"),
        ((), "tok~e30", "token"),
    ],
)
def test_how_the_scope_came(headers: tuple[tuple[str, str], ...], body: str | None, source: str) -> None:
    plain, in_url = (request(path, *headers, body_token=body) for path in ("/image/v2", "/image/scope/image=CloudTwo/v2"))
    assert scope_source(MESH, "CloudOne", plain) == source
    assert scope_source(MESH, "CloudOne", in_url) == "url"
    nowhere = Request("GET", Listener("elsewhere", 1), "/image/scope/image=CloudTwo", headers, body)
    assert scope_source(MESH, "CloudOne", nowhere) == source


def test_a_scope_in_the_url_is_no_part_of_the_path_that_the_service_knows() -> None:
    asked = request("/image/scope/image=CloudTwo/v2/images", ("X-Auth-Token", "tok"))
    found = receive(MESH, "CloudOne", asked)
    assert (found.request.path, found.in_url) == ("/image/v2/images", True)
    assert found.scope == parse('{"*":"CloudOne","image":"CloudTwo"}')
    assert found.frontend_endpoint.frontend.prefix == "/image/scope/image=CloudTwo"
    assert asked.path == "/image/scope/image=CloudTwo/v2/images", "what was received is not changed"


def test_a_decision_holds_all_that_led_to_it_also_when_it_refuses() -> None:
    scope = '{"image":"CloudTwo","identity":"Cloud-3.b"}'
    sent = decide(MESH, "CloudOne", request("/image/v2/images", ("X-Scope", scope)))
    refused = decide(MESH, "CloudOne", request("/image/v2/images", ("X-Scope", scope), ("Via", "1.1 CloudTwo (openstackoid)")))
    for decision, route in ((sent, "remote"), (refused, "refuse")):
        assert isinstance(decision, Decision)
        assert decision.route == route
        assert decision.scope == Scope.of({"*": "CloudOne", "image": "CloudTwo", "identity": "Cloud-3.b"})
        assert (decision.issuer, decision.source) == ("Cloud-3.b", ScopeSource.HEADER)
