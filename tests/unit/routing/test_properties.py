# SPDX-License-Identifier: Apache-2.0
"""Properties of every request: it is decided, and no later gateway sees another meaning in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.asking import plan_of, routed
from conformance.case import Case
from conformance.clouds import three_clouds
from conformance.requests import paths, requests
from conformance.scopes import scopes
from openstackoid.mesh import Endpoint
from openstackoid.routing import IDENTITY, Decision, MoreInput, ReadBody, Refuse, Relay, Request, Single, decide
from openstackoid.routing.workflows import REQUEST_ID
from openstackoid.scope import Scope, ScopeError, is_marked, join_token, parse, parse_json

MESH = three_clouds()
NAMES = ["X-Auth-Token", "X-Scope", "X-Subject-Token", "X-Service-Token", REQUEST_ID, "X-Scope-Force", "X-Other"]
ENDPOINTS = [endpoint for cloud in MESH.clouds.values() for endpoint in cloud.endpoints]
FRESH = "req-5c09ed00-0000-4000-8000-000000000000"

text = st.one_of(
    st.text(max_size=60),
    st.text('{}":,*!SCOPEimageCloudTwo1 \\', max_size=60),
    scopes(),
    st.builds("t!SCOPE!{}".format, scopes()),
    st.builds(join_token, st.just("t"), scopes()),
)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["server", "networks", "block_device_mapping_v2", "x"]), inner)
    ),
    max_leaves=8,
)
remembered = st.dictionaries(
    st.sampled_from(["*", "image", "network", "x"]), st.sampled_from(["CloudOne", "CloudTwo", "Gone"]), min_size=1
).map(Scope.of)


@settings(max_examples=300, deadline=None)
@given(
    endpoint=st.sampled_from(ENDPOINTS),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "BREW"]),
    below=st.one_of(st.text(max_size=40), st.sampled_from(ENDPOINTS).flatmap(lambda known: paths("", known.service))),
    headers=st.lists(st.tuples(st.sampled_from(NAMES), text), max_size=6),
    token=st.none() | text,
    body=st.none() | json,
    recalled=st.none() | remembered,
)
def test_every_request_is_decided(
    endpoint: Endpoint,
    method: str,
    below: str,
    headers: list[tuple[str, str]],
    token: str | None,
    body: object,
    recalled: Scope | None,
) -> None:
    path = endpoint.frontend.prefix + below
    request = Request(method, endpoint.listener, path, tuple(headers), token, body, recalled, FRESH)
    decision = decide(MESH, endpoint.cloud, request)
    if isinstance(decision, Decision) and isinstance(decision.plan, Refuse):
        assert decision.plan.message.startswith(f"gateway of {endpoint.cloud}: ")
        assert decision.plan.status in (400, 403, 404, 409, 503, 508)
    if isinstance(decision, ReadBody):
        assert body is None


@settings(max_examples=200, deadline=None)
@given(case=requests())
def test_the_keystone_of_the_cloud_never_sees_a_scope(case: Case) -> None:
    plan = plan_of(MESH, case, None)
    if isinstance(plan, Single | Relay) and plan.endpoint.service == IDENTITY and plan.local:
        sent = routed(plan.headers)
        assert "x-scope" not in sent
        assert not any(is_marked(value) for name, value in sent.items() if name.endswith("-token"))


def ask(at: str, endpoint: Endpoint, headers: tuple[tuple[str, str], ...], method: str = "GET") -> Decision | MoreInput:
    """Ask for something of a service that is no version document, and no token."""
    path = f"{endpoint.frontend.prefix}/v3/things"
    return decide(MESH, at, Request(method, endpoint.listener, path, headers, None, {}, None, FRESH))


def cloud_of(decision: Decision | MoreInput) -> str | None:
    """Return the cloud that a request goes to, or None when it is refused."""
    return decision.plan.endpoint.cloud if isinstance(decision, Decision) and isinstance(decision.plan, Single | Relay) else None


@settings(max_examples=200, deadline=None)
@given(
    written=scopes(),
    inside=st.booleans(),
    method=st.sampled_from(["GET", "POST"]),
    at=st.sampled_from(["CloudOne", "CloudTwo"]),
    data=st.data(),
)
def test_the_next_gateway_sees_the_same_clouds_for_every_service(
    written: str, inside: bool, method: str, at: str, data: st.DataObject
) -> None:
    headers = (("X-Auth-Token", f"tok!SCOPE!{written}"),) if inside else (("X-Auth-Token", "tok"), ("X-Scope", written))
    try:
        scope = (parse_json if inside else parse)(written, services=MESH.services, clouds=MESH.clouds, offers=MESH.offers)
    except ScopeError:
        assert all(cloud_of(ask(at, endpoint, headers)) is None for endpoint in MESH.clouds[at].endpoints)
        return
    frontend_endpoint = data.draw(
        st.sampled_from([endpoint for endpoint in MESH.clouds[at].endpoints if endpoint.service != IDENTITY])
    )
    first = ask(at, frontend_endpoint, headers, method)
    if not isinstance(first, Decision) or not isinstance(first.plan, Single):
        return
    for peer in MESH.clouds.values():
        for endpoint in peer.endpoints:
            meant, *others = scope.clouds_for(endpoint.service, at)
            if others:
                # The next gateway asks them in turn.
                continue
            expected = meant if endpoint.service in MESH.offers[meant] else None
            assert cloud_of(ask(peer.name, endpoint, first.plan.headers)) == expected
