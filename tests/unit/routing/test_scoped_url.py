# SPDX-License-Identifier: Apache-2.0
"""The scope in a URL: its position, and odd spellings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clouds import three_clouds
from conformance.requests import spelt
from openstackoid.mesh import Endpoint
from openstackoid.routing import Decision, Refuse, Relay, Request, Single, decide
from openstackoid.routing.scoped_url import ScopedUrl, as_entered, is_misspelt, scoped_url, with_segment

MESH = three_clouds()


def endpoint(cloud: str, key: str) -> Endpoint:
    return next(known for known in MESH.clouds[cloud].endpoints if known.key == key)


ONE, TWO, IMAGE, OBJECTS = (
    endpoint("CloudOne", "identity.public"),
    endpoint("CloudTwo", "identity.public"),
    endpoint("CloudOne", "image.public"),
    endpoint("CloudOne", "object-store.public"),
)


@pytest.mark.parametrize(
    ("where", "path", "segment", "rest"),
    [
        (ONE, "/identity/scope/image=CloudTwo/v3", "image=CloudTwo", "/identity/v3"),
        (ONE, "/identity/scope/image%3DCloudTwo/v3/auth/tokens", "image%3DCloudTwo", "/identity/v3/auth/tokens"),
        (ONE, "/identity/scope/image=CloudTwo", "image=CloudTwo", "/identity"),
        (ONE, "/identity/scope/image=CloudTwo/", "image=CloudTwo", "/identity/"),
        (ONE, "/identity/scope/image=CloudTwo/v3//", "image=CloudTwo", "/identity/v3//"),
        (ONE, "/identity/scope//v3", "", "/identity/v3"),
        (ONE, "/identity/scope/", "", "/identity"),
        (ONE, "/identity/scope", "", "/identity"),
        (TWO, "/scope/image=CloudTwo/v3", "image=CloudTwo", "/v3"),
        (TWO, "/scope/image=CloudTwo", "image=CloudTwo", "/"),
        (IMAGE, "/image/scope/image=CloudTwo/v2", "image=CloudTwo", "/image/v2"),
        (OBJECTS, "/swift/scope/*=CloudTwo/v1/a/c/x//y%2F", "*=CloudTwo", "/swift/v1/a/c/x//y%2F"),
    ],
)
def test_a_scope_is_one_segment_behind_the_services_root(where: Endpoint, path: str, segment: str, rest: str) -> None:
    assert scoped_url(where, path) == ScopedUrl(segment, rest)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (ONE, "/identity/v3/scope/x"),
        (ONE, "/identity/scopes/image=CloudTwo"),
        (ONE, "/identity/v3/scope"),
        (OBJECTS, "/swift/v1/AUTH_p/scope/image=CloudTwo"),
        (OBJECTS, "/swift/v1/scope/image=CloudTwo/o"),
    ],
)
def test_no_scope(where: Endpoint, path: str) -> None:
    assert scoped_url(where, path) is None
    assert not is_misspelt(where, path)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (OBJECTS, "/swift/;/scope/image=CloudTwo/v1"),
        (OBJECTS, "/swift/;a=b/;/scope/image=CloudTwo/v1"),
        (ONE, "/identity//scope/image=CloudTwo/v3"),
        (ONE, "/identity/Scope/image=CloudTwo/v3"),
        (ONE, "/identity/%73cope/image=CloudTwo/v3"),
        (ONE, "/identity/scope%2Fimage=CloudTwo/v3"),
        (ONE, "/identity/scope;a=b/image=CloudTwo/v3"),
        (ONE, "/identity/%53COPE;/"),
        (ONE, "/identity/v3/scope/image=CloudTwo/auth/tokens"),
        (ONE, "/identity/v3/SCOPE/image%3DCloudTwo/auth/tokens"),
        (ONE, "/identity/v3//scope//image=CloudTwo"),
    ],
)
def test_another_spelling_is_seen(where: Endpoint, path: str) -> None:
    assert scoped_url(where, path) is None
    assert is_misspelt(where, path)


def test_a_client_knows_every_endpoint_by_the_url_that_it_came_by() -> None:
    frontend_endpoint = with_segment(IMAGE, "image=CloudTwo")
    assert frontend_endpoint.frontend.prefix == "/image/scope/image=CloudTwo"
    assert as_entered(MESH.clouds["CloudOne"], frontend_endpoint, IMAGE) == frontend_endpoint
    assert as_entered(MESH.clouds["CloudOne"], frontend_endpoint, ONE).frontend.prefix == "/identity/scope/image=CloudTwo"
    assert as_entered(MESH.clouds["CloudOne"], IMAGE, ONE) is ONE


@given(where=st.sampled_from([ONE, TWO, IMAGE, endpoint("CloudTwo", "image.public"), OBJECTS]), data=st.data())
def test_no_spelling_leads_home(where: Endpoint, data: st.DataObject) -> None:
    """Whatever a server would read as the scoped path goes to the cloud that the scope names, or is refused."""
    other = "Cloud-3.b"
    path = data.draw(spelt(where, f"{where.service}={other}", "/v3")).partition("?")[0]
    decision = decide(MESH, where.cloud, Request("GET", where.listener, path))
    assert isinstance(decision, Decision)
    assert isinstance(decision.plan, Refuse | Single | Relay)
    assert isinstance(decision.plan, Refuse) or decision.plan.endpoint.cloud == other
