# SPDX-License-Identifier: Apache-2.0
"""Where a request goes, and under which path."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import Endpoint, Tls
from openstackoid.policy import Policy
from openstackoid.routing import Request
from openstackoid.routing.reading import RefusedError, Token
from openstackoid.routing.received import Received, receive
from openstackoid.routing.sending import Sending
from openstackoid.routing.target import targets_of
from openstackoid.scope import Scope, join_token, parse

MESH = three_clouds()


def endpoint(key: str) -> Endpoint:
    return next(known for known in MESH.clouds["CloudOne"].endpoints if known.key == key)


def peers_image(cloud: str) -> Endpoint:
    found = MESH.clouds[cloud].endpoint("image", "public")
    assert found is not None
    return found


def received(
    key: str,
    path: str,
    method: str = "GET",
    *,
    sender: str | None = None,
    tls: Tls | None = None,
    policy: Policy | None = None,
    announced: Collection[str] = (),
) -> Received:
    one = MESH.clouds["CloudOne"]
    one = replace(one, tls=tls, policy=one.policy if policy is None else policy)
    mesh = replace(MESH, clouds={**MESH.clouds, "CloudOne": one})
    return receive(mesh, "CloudOne", Request(method, endpoint(key).listener, path, sender=sender, announced=announced))


def target(asked: Received, scope: Scope) -> Endpoint:
    return targets_of(asked.reading, asked.endpoint, scope)[0]


@pytest.mark.parametrize(
    ("key", "scope", "there"),
    [
        ("image.public", '{"*":"CloudOne"}', "CloudOne image.public"),
        ("image.public", '{"image":"CloudTwo"}', "CloudTwo image.public"),
        ("image.internal", '{"image":"CloudTwo"}', "CloudTwo image.public"),
        ("image.internal", '{"image":"CloudOne"}', "CloudOne image.internal"),
        ("volumev3.public", '{"block-storage":"CloudTwo"}', "CloudTwo block-storage.public"),
        ("placement.public", '{"compute":"CloudTwo"}', "CloudTwo placement.public"),
        ("placement.public", '{"image":"CloudTwo"}', "CloudOne placement.public"),
    ],
)
def test_a_scope_leads_to_an_endpoint(key: str, scope: str, there: str) -> None:
    found = target(received(key, endpoint(key).frontend.prefix), parse(scope))
    assert f"{found.cloud} {found.key}" == there


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (Scope.of({"*": "Cloud-3.b"}), "Cloud-3.b has no service 'compute', which the scope asks of it"),
        (Scope.of({"compute": "CloudTen"}), "the workflow's scope names CloudTen, which is not in the mesh any more"),
    ],
)
def test_a_scope_may_lead_nowhere(scope: Scope, message: str) -> None:
    """What is remembered was said to a mesh that may have changed since."""
    with pytest.raises(RefusedError) as raised:
        target(received("compute.public", "/compute"), scope)
    assert raised.value.refusal.message == f"gateway of CloudOne: {message}"


@pytest.mark.parametrize(
    ("key", "method", "path", "rewrite_links"),
    [
        ("image.public", "GET", "/image", True),
        ("image.public", "HEAD", "/image/", True),
        ("image.public", "GET", "/image/v2.16/", True),
        ("image.public", "GET", "/image/v2/images", True),
        ("image.public", "GET", "/image/v2/images/x/file", False),
        ("compute.public", "GET", "/compute/v2.1/servers", True),
        ("compute.public", "POST", "/compute/v2.1/flavors", True),
    ],
)
def test_links_are_mended_where_prefixes_differ(key: str, method: str, path: str, rewrite_links: bool) -> None:
    here = endpoint(key)
    there = MESH.clouds["CloudTwo"].endpoint(here.service, "public")
    assert there is not None
    plan = Sending(received(key, path, method), there).single({})
    assert (plan.rewrite_links, plan.frontend_endpoint) == (rewrite_links, here)
    assert plan.path == (path.removeprefix(here.frontend.prefix) or "/")


def test_a_service_token_leaves_only_for_a_cloud_of_the_shared_data_plane_with_its_issuer() -> None:
    here, two, three = endpoint("image.public"), peers_image("CloudTwo"), peers_image("Cloud-3.b")
    asked = received("image.public", "/image")
    assert Sending(asked, here).sent_service_token(Token("s", None)) == "s"
    assert Sending(asked, two).sent_service_token(Token("s", None)) is None
    assert Sending(asked, three).sent_service_token(Token("s", None)) == 's!SCOPE!{"*":"CloudOne"}'
    bound = received("image.public", "/image", tls=Tls("c", "a"))
    assert Sending(bound, two).sent_service_token(Token("s", None)) == 's!SCOPE!{"*":"CloudOne"}', "it is bound before it leaves"
    assert Sending(asked, here).sent_service_token(Token("s", parse('{"*":"Cloud-3.b"}'))) == join_token("s", '{"*":"Cloud-3.b"}')


@pytest.mark.parametrize("third", ["CloudTwo", "Cloud-3.b"])
def test_a_service_token_of_another_cloud_goes_no_further(third: str) -> None:
    send = Sending(received("image.public", "/image"), peers_image(third))
    for issuer in ("CloudTwo", "Cloud-3.b"):
        assert send.sent_service_token(Token("s", parse(f'{{"*":"{issuer}"}}'))) is None


def test_a_peer_is_sent_the_form_that_it_has_announced() -> None:
    scope, there = parse('{"*":"CloudTwo"}'), peers_image("CloudTwo")
    older, newer = received("image.public", "/image"), received("image.public", "/image", announced=["CloudTwo"])
    assert Sending(older, there).marked("t", scope) == 't!SCOPE!{"*":"CloudTwo"}'
    assert Sending(newer, there).marked("t", scope) == join_token("t", '{"*":"CloudTwo"}')
    assert Sending(older, endpoint("image.public")).marked("t", scope) == join_token("t", '{"*":"CloudTwo"}')
    assert Sending(newer, there).marked("t", None) == "t"


def test_a_request_of_a_peer_goes_no_further() -> None:
    arrived = received("image.public", "/image", sender="CloudTwo")
    assert target(arrived, Scope.everything_in("CloudOne")).cloud == "CloudOne"
    with pytest.raises(RefusedError) as caught:
        target(arrived, parse('{"image":"Cloud-3.b"}'))
    assert caught.value.refusal.status == 508
    assert "the gateway of CloudTwo has sent this request here, and it would go on to Cloud-3.b" in caught.value.refusal.message


@pytest.mark.parametrize(("sender", "who"), [(None, "no gateway has"), ("Cloud-3.b", "the gateway of Cloud-3.b has")])
def test_a_service_token_says_no_other_cloud_than_its_senders(sender: str | None, who: str) -> None:
    token = Token("nova", parse('{"*":"CloudTwo"}'))
    here, tls = endpoint("image.public"), Tls("/one.pem", "/authority.pem")
    assert Sending(received("image.public", "/image", sender="CloudTwo", tls=tls), here).sent_service_token(token) == join_token(
        "nova", '{"*":"CloudTwo"}'
    )
    assert Sending(received("image.public", "/image", sender=sender), here).sent_service_token(token) == join_token(
        "nova", '{"*":"CloudTwo"}'
    ), "there is no proof without"
    assert (
        Sending(received("image.public", "/image", sender=sender, tls=tls), here).sent_service_token(Token("nova", None))
        == "nova"
    )
    with pytest.raises(RefusedError) as caught:
        Sending(received("image.public", "/image", sender=sender, tls=tls), here).sent_service_token(token)
    assert caught.value.refusal.status == 403
    assert f"names CloudTwo as its issuer, but {who} sent it" in caught.value.refusal.message


def test_a_service_token_of_a_cloud_without_a_policy_reaches_no_service() -> None:
    """A service would ask that cloud about it, before it looks at the user's."""
    token, here = Token("nova", parse('{"*":"CloudTwo"}')), endpoint("image.public")
    assert Sending(received("image.public", "/image"), here).sent_service_token(token) == join_token("nova", '{"*":"CloudTwo"}')
    with pytest.raises(RefusedError) as caught:
        Sending(received("image.public", "/image", policy=Policy()), here).sent_service_token(token)
    assert caught.value.refusal.status == 403
    assert "X-Service-Token is of CloudTwo, and the policy here does not accept" in caught.value.refusal.message
