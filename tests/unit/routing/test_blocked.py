# SPDX-License-Identifier: Apache-2.0
"""A blocked cloud gets no request, and sends none; the refusal names the operator's decision."""

from dataclasses import replace

import pytest

from conformance.clouds import three_clouds
from openstackoid.routing import Decision, Otherwise, Refuse, Request, Single, decide
from openstackoid.routing.route_cache import cached_route, generation

MESH = three_clouds()
BLOCKED = replace(MESH, blocked=frozenset({"CloudTwo"}))
REFUSED = Refuse(403, "Forbidden", "gateway of CloudOne: its operator has blocked CloudTwo")


def request(
    *headers: tuple[str, str], service: str = "image", path: str = "/image/v2/images", sender: str | None = None
) -> Request:
    endpoint = MESH.clouds["CloudOne"].endpoint(service, "public")
    assert endpoint is not None
    fresh = "req-5c09ed00-0000-4000-8000-000000000000"
    return Request("GET", endpoint.listener, path, headers, fresh_id=fresh, sender=sender)


def decided(asked: Request) -> Decision:
    decision = decide(BLOCKED, "CloudOne", asked)
    assert isinstance(decision, Decision)
    return decision


TOKEN = ("X-Auth-Token", "tok")
ISSUED = ("X-Auth-Token", 'tok!SCOPE!{"*":"CloudTwo","image":"CloudOne"}')


@pytest.mark.parametrize(
    "asked",
    [
        request(TOKEN, ("X-Scope", '{"image": "CloudTwo"}')),
        request(TOKEN, ("X-Scope", '{"identity": "CloudTwo"}'), service="identity", path="/identity/v3/auth/tokens"),
        request(ISSUED),
        request(TOKEN, ("X-Service-Token", 'tok!SCOPE!{"*":"CloudTwo"}')),
        request(TOKEN, sender="CloudTwo"),
        request(TOKEN, service="identity", path="/identity/v3/auth/tokens", sender="CloudTwo"),
    ],
    ids=["sent there", "Keystone there", "its user", "its service", "its gateway", "its gateway asks Keystone"],
)
def test_a_request_that_has_to_do_with_a_blocked_cloud_is_refused(asked: Request) -> None:
    assert decided(asked).plan == REFUSED
    assert cached_route(BLOCKED, "CloudOne", asked, decided(asked)) is None


def test_other_requests_go_on() -> None:
    assert isinstance(decided(request(TOKEN)).plan, Single)
    assert isinstance(decided(request(TOKEN, ("X-Scope", '{"image": "CloudOne"}'))).plan, Single)


def test_of_clouds_in_turn_a_blocked_one_is_left_out() -> None:
    plan = decided(request(TOKEN, ("X-Scope", '{"image": "CloudTwo | CloudOne"}'))).plan
    assert isinstance(plan, Single)
    assert plan.local
    several = decide(MESH, "CloudOne", request(TOKEN, ("X-Scope", '{"image": "CloudTwo | CloudOne"}')))
    assert isinstance(several, Decision)
    assert isinstance(several.plan, Otherwise)
    assert decided(request(TOKEN, ("X-Scope", '{"image": "CloudTwo | CloudTwo"}'))).plan == REFUSED


def test_routes_of_another_time_are_of_another_generation() -> None:
    assert generation(MESH, "CloudOne") != generation(BLOCKED, "CloudOne")
