# SPDX-License-Identifier: Apache-2.0
"""Where a request goes, and under which path."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import Endpoint, Tls
from openstackoid.policy import Policy
from openstackoid.routing import Request
from openstackoid.routing.reading import Reading, RefusedError, Token
from openstackoid.routing.sending import Sending
from openstackoid.scope import Scope, join_token, parse

MESH = three_clouds()


def endpoint(key: str) -> Endpoint:
    return next(known for known in MESH.clouds["CloudOne"].endpoints if known.key == key)


def peers_image(cloud: str) -> Endpoint:
    found = MESH.clouds[cloud].endpoint("image", "public")
    assert found is not None
    return found


def sending(
    key: str,
    path: str,
    method: str = "GET",
    *,
    sender: str | None = None,
    tls: Tls | None = None,
    policy: Policy | None = None,
    announced: Collection[str] = (),
) -> Sending:
    one = MESH.clouds["CloudOne"]
    one = replace(one, tls=tls, policy=one.policy if policy is None else policy)
    mesh = replace(MESH, clouds={**MESH.clouds, "CloudOne": one})
    return Sending(Reading(mesh, "CloudOne", Request(method, endpoint(key).listener, path, sender=sender, announced=announced)))


@pytest.mark.parametrize(
    ("key", "scope", "target"),
    [
        ("image.public", None, "CloudOne image.public"),
        ("image.public", '{"image":"CloudTwo"}', "CloudTwo image.public"),
        ("image.internal", '{"image":"CloudTwo"}', "CloudTwo image.public"),
        ("image.internal", '{"image":"CloudOne"}', "CloudOne image.internal"),
        ("volumev3.public", '{"block-storage":"CloudTwo"}', "CloudTwo block-storage.public"),
        ("placement.public", '{"compute":"CloudTwo"}', "CloudTwo placement.public"),
        ("placement.public", '{"image":"CloudTwo"}', "CloudOne placement.public"),
    ],
)
def test_a_scope_leads_to_an_endpoint(key: str, scope: str | None, target: str) -> None:
    found = sending(key, "/").target(endpoint(key), None if scope is None else parse(scope))
    assert f"{found.cloud} {found.key}" == target


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (Scope((("*", "Cloud-3.b"),)), "Cloud-3.b has no service 'compute', which the scope asks of it"),
        (Scope((("compute", "CloudTen"),)), "the workflow's scope names CloudTen, which is not in the mesh any more"),
    ],
)
def test_a_scope_may_lead_nowhere(scope: Scope, message: str) -> None:
    """What is remembered was said to a mesh that may have changed since."""
    with pytest.raises(RefusedError) as raised:
        sending("compute.public", "/").target(endpoint("compute.public"), scope)
    assert raised.value.decision.message == f"gateway of CloudOne: {message}"


@pytest.mark.parametrize(
    ("key", "method", "path", "rewrite_links"),
    [
        ("image.public", "GET", "/image", True),
        ("image.public", "HEAD", "/image/", True),
        ("image.public", "GET", "/image/v2.16/", True),
        ("image.public", "GET", "/image/v2/images", False),
        ("compute.public", "GET", "/compute/v2.1/servers", True),
        ("compute.public", "POST", "/compute/v2.1/flavors", True),
    ],
)
def test_links_are_mended_where_prefixes_differ(key: str, method: str, path: str, rewrite_links: bool) -> None:
    here = endpoint(key)
    there = MESH.clouds["CloudTwo"].endpoint(here.service, "public")
    assert there is not None
    decision = sending(key, path, method).forward(here, there, {})
    assert (decision.rewrite_links, decision.frontend_endpoint) == (rewrite_links, here)
    assert decision.path == (path.removeprefix(here.frontend.prefix) or "/")


def test_a_service_token_leaves_only_for_a_cloud_that_shares_a_data_plane_and_says_there_whose_it_is() -> None:
    here, two, three = endpoint("image.public"), peers_image("CloudTwo"), peers_image("Cloud-3.b")
    send = sending("image.public", "/image")
    assert send.service_token(Token("s", None), here) == "s"
    assert send.service_token(Token("s", None), two) is None
    assert send.service_token(Token("s", None), three) == 's!SCOPE!{"*":"CloudOne"}'
    assert send.service_token(Token("s", parse('{"*":"Cloud-3.b"}')), here) == join_token("s", '{"*":"Cloud-3.b"}')


@pytest.mark.parametrize("third", ["CloudTwo", "Cloud-3.b"])
def test_a_service_token_of_another_cloud_goes_no_further(third: str) -> None:
    send = sending("image.public", "/image")
    for issuer in ("CloudTwo", "Cloud-3.b"):
        assert send.service_token(Token("s", parse(f'{{"*":"{issuer}"}}')), peers_image(third)) is None


def test_a_peer_is_sent_the_form_that_it_has_announced() -> None:
    scope, there = parse('{"*":"CloudTwo"}'), peers_image("CloudTwo")
    older, newer = sending("image.public", "/"), sending("image.public", "/", announced=["CloudTwo"])
    assert older.marked("t", scope, there) == 't!SCOPE!{"*":"CloudTwo"}'
    assert newer.marked("t", scope, there) == join_token("t", '{"*":"CloudTwo"}')
    assert older.marked("t", scope, endpoint("image.public")) == join_token("t", '{"*":"CloudTwo"}')
    assert newer.marked("t", None, there) == "t"


def test_what_a_gateway_has_sent_goes_no_further() -> None:
    arrived = sending("image.public", "/", sender="CloudTwo")
    assert arrived.target(endpoint("image.public"), None).cloud == "CloudOne"
    with pytest.raises(RefusedError) as caught:
        arrived.target(endpoint("image.public"), parse('{"image":"Cloud-3.b"}'))
    assert caught.value.decision.status == 508
    assert "the gateway of CloudTwo has sent this request here, and it would go on to Cloud-3.b" in caught.value.decision.message


@pytest.mark.parametrize(("sender", "who"), [(None, "no gateway has"), ("Cloud-3.b", "the gateway of Cloud-3.b has")])
def test_a_service_token_says_no_other_cloud_than_its_senders(sender: str | None, who: str) -> None:
    token = Token("nova", parse('{"*":"CloudTwo"}'))
    here, tls = endpoint("image.public"), Tls("/one.pem", "/authority.pem")
    assert sending("image.public", "/", sender="CloudTwo", tls=tls).service_token(token, here) == join_token(
        "nova", '{"*":"CloudTwo"}'
    )
    assert sending("image.public", "/", sender=sender).service_token(token, here) == join_token("nova", '{"*":"CloudTwo"}'), (
        "there is no proof without"
    )
    assert sending("image.public", "/", sender=sender, tls=tls).service_token(Token("nova", None), here) == "nova"
    with pytest.raises(RefusedError) as caught:
        sending("image.public", "/", sender=sender, tls=tls).service_token(token, here)
    assert caught.value.decision.status == 403
    assert f"says that it is of CloudTwo, but {who} sent it" in caught.value.decision.message


def test_a_service_token_of_a_cloud_without_a_policy_reaches_no_service() -> None:
    """A service would ask that cloud about it, before it looks at the user's."""
    token, here = Token("nova", parse('{"*":"CloudTwo"}')), endpoint("image.public")
    assert sending("image.public", "/").service_token(token, here) == join_token("nova", '{"*":"CloudTwo"}')
    with pytest.raises(RefusedError) as caught:
        sending("image.public", "/", policy=Policy()).service_token(token, here)
    assert caught.value.decision.status == 403
    assert "X-Service-Token is of CloudTwo, and the policy here does not accept" in caught.value.decision.message
