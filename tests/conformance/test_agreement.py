# SPDX-License-Identifier: Apache-2.0
"""The Python decision and the whole gateway agree on requests that nobody thought of."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.case import Case, refused
from conformance.gateway import RunningGateway, running_gateway
from conformance.test_haproxy import ROUTED_BY
from openstackoid.mesh import Endpoint
from openstackoid.routing import IDENTITY, TOKENS_PATH, Forward, ReadBody, Refuse, Request, called_path, decide

SERVICES = ["image", "compute", "identity", "network", "block-storage", "glance", "volumev3", "dns", "*", "", "im age"]
CLOUDS = ["CloudOne", "CloudTwo", "Cloud-3.b", "CloudTen", "", "Cloud Two", "CloudOne&CloudTwo"]
PATHS = [
    "/image/v2/images",
    "/image",
    "/image/",
    "/image/v2/",
    "/image/v2.1",
    "/imagefoo",
    "/compute/v2.1/servers",
    "/networking/v2.0/ports",
    "/networking",
    "/volume/v3/p/volumes",
    "/identity/v3",
    "/identity/v3/users",
    "/identity/v3/auth/tokens",
    "/identity/v3/auth/catalog",
    "//image/v2",
    "/image//v2",
    "/Image/v2",
    "/image/%2e%2e/identity",
    "/identity/v3/auth/%74okens",
    "/identity/v3//auth/tokens/",
]

spaces = st.sampled_from(["", "", "", " ", "  ", "\t"])
pairs = st.lists(
    st.tuples(spaces, st.sampled_from(SERVICES), spaces, spaces, st.sampled_from(CLOUDS), spaces), min_size=0, max_size=10
)


@st.composite
def scopes(draw: st.DrawFn) -> str:
    """A scope: mostly well-formed, sometimes with a character too many or too few."""
    rows = [f'{a}"{service}"{b}:{c}"{cloud}"{d}' for a, service, b, c, cloud, d in draw(pairs)]
    text = "{" + ",".join(rows) + "}"
    if draw(st.integers(0, 3)) == 0 and text:
        at = draw(st.integers(0, len(text) - 1))
        extra = draw(st.sampled_from(["", "{", "}", '"', ",", ":", "\\", "!", "x", " ", "[", "\\u0061"]))
        text = text[:at] + extra + text[at + draw(st.integers(0, 1)) :]
    return text


likely = st.sampled_from(
    [
        '{"image":"CloudTwo"}',
        '{"*":"CloudTwo"}',
        '{"identity":"CloudTwo","image":"CloudOne"}',
        '{"compute":"CloudTwo", "image":"Cloud-3.b"}',
    ]
)
texts = st.one_of(likely, scopes(), scopes())
bare = st.sampled_from(["tok", "tok", "to!k", "", "a!SCOPE", "gAAAA-_b.c="])
tokens = st.one_of(bare, st.builds("{}!SCOPE!{}".format, bare, texts))
header = st.one_of(
    st.tuples(st.just("X-Auth-Token"), tokens),
    st.tuples(st.just("X-Auth-Token"), tokens),
    st.tuples(st.just("X-Scope"), texts),
    st.tuples(st.just("x-subject-token"), tokens),
    st.tuples(st.just("X-Service-Token"), tokens),
)
sockets = st.sampled_from(
    [("CloudOne", "identity.public"), ("CloudOne", "identity.public"), ("CloudOne", "image.internal")]
    + [("CloudTwo", f"{service}.public") for service in ("identity", "compute", "image")]
)


@st.composite
def requests(draw: st.DrawFn) -> Case:
    at, to = draw(sockets)
    method = draw(st.sampled_from(["GET", "GET", "HEAD", "DELETE", "POST"]))
    path = draw(st.sampled_from(PATHS))
    if to != "identity.public" or at == "CloudTwo":
        # Here the services stand at the roots of their sockets.
        path = draw(st.sampled_from([path, "/" + path.split("/", 2)[-1]]))
    body = None
    if method == "POST" and draw(st.booleans()):
        body = json.dumps({"auth": {"identity": {"token": {"id": draw(tokens)}}}}, ensure_ascii=draw(st.booleans()))
    return Case("generated", refused(0), path, tuple(draw(st.lists(header, max_size=4))), method, at, to, body=body)


@pytest.fixture(scope="module")
def gateways() -> Iterator[dict[str, RunningGateway]]:
    with running_gateway("CloudOne", with_bridge=True) as one, running_gateway("CloudTwo", with_bridge=True) as two:
        yield {"CloudOne": one, "CloudTwo": two}


@settings(max_examples=300, deadline=None)
@given(case=requests())
@example(case=Case("a pattern's end", refused(0), "/image", (("X-Scope", '{"image":"CloudTwo"}\t'),)))
def test_gateway_and_decision_agree(case: Case, gateways: dict[str, RunningGateway]) -> None:
    gateway = gateways[case.at]
    decision = decide(gateway.mesh, case.at, request_of(case, gateway))
    gateway.recorder.seen.clear()
    answer = gateway.send(case)
    if isinstance(decision, Refuse):
        assert answer.status == decision.status
        assert case.method == "HEAD" or answer.message == decision.message
        assert gateway.recorder.seen == []
        return
    assert not isinstance(decision, ReadBody)
    assert answer.status == 200, answer.message
    seen = gateway.recorder.seen[0]
    sent = {name.lower(): value for name, value in decision.headers if name.lower() in ROUTED_BY}
    assert (seen.server, seen.path) == (decision.endpoint.cloud, where(decision.endpoint, decision.local, decision.path))
    assert {name.lower(): value for name, value in seen.headers if name.lower() in ROUTED_BY} == sent
    assert isinstance(decision, Forward) or seen.method == case.method


def request_of(case: Case, gateway: RunningGateway) -> Request:
    """Return what the gateway has of a case: headers without white space around them, and of a body what asks for a token."""
    headers = tuple((name, value.strip(" \t")) for name, value in case.headers)
    listener = gateway.listener(case.to)
    endpoint = gateway.mesh.clouds[case.at].locate(listener, case.path)
    token = None
    if case.body and endpoint and endpoint.service == IDENTITY and called_path(endpoint, case.path) == TOKENS_PATH:
        token = json.loads(case.body)["auth"]["identity"]["token"]["id"]
    return Request(case.method, listener, case.path, headers, token, json.loads(case.body) if case.body else {})


def where(endpoint: Endpoint, local: bool, path: str) -> str:
    """Return the path under which a backend or a peer sees a request."""
    if not local:
        return path
    return endpoint.backends[0].path + path[len(endpoint.frontend.prefix) :] or "/"
