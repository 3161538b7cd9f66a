# SPDX-License-Identifier: Apache-2.0
"""Decisions as plays: the input of a gateway, line by line, and its decision.

``>`` are the lines of the request; the first names the gateway, and the endpoint whose socket it came to. ``(remembered)`` is the
scope that the gateway remembers for its id, ``(body)`` the token in the body of an authentication. ``<`` are those of the
decision: what is done, what else it says, and the headers that are sent, in lower case and in alphabetical order.
"""

import pytest

from conformance.clouds import three_clouds
from openstackoid.routing import Decision, Refuse, Relay, Request, ScopeSource, Single, decide
from openstackoid.routing.egress import given_id, sole_id
from openstackoid.scope import parse

MESH = three_clouds()
FRESH = "req-5c09ed00-0000-4000-8000-000000000000"

PLAYS = {
    "nothing is said: the request stays at home, as it is": """
        > GET CloudOne image.public /image/v2/images/i/file
        > Accept: a
        > Accept: b
        > X-Auth-Token: tok
        < forward to image of CloudOne: /image/v2/images/i/file
        < accept: a
        < accept: b
        < x-auth-token: tok
        """,
    "a scope is folded into the token, completed, and leads abroad": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Scope: {"image": "CloudTwo"}
        > X-Auth-Token: tok
        < forward to image of CloudTwo: /v2/images/i/file
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        """,
    "a scope that leaves the service at home travels on with the token all the same": """
        > POST CloudOne compute.public /compute/v2.1/servers
        > X-Scope: {"glance": "CloudTwo"}
        > X-Auth-Token: tok
        < forward to compute of CloudOne: /compute/v2.1/servers
        < remember {"*":"CloudOne","image":"CloudTwo"}
        < x-auth-token: tok~eyIqIjoiQ2xvdWRPbmUiLCJpbWFnZSI6IkNsb3VkVHdvIn0
        < x-openstack-request-id: req-5c09ed00-0000-4000-8000-000000000000
        """,
    "a hop with a service's own credentials goes where the workflow's scope says, as a token of the service's own cloud": """
        > PUT CloudOne network.public /networking/v2.0/ports/p
        > X-Auth-Token: nova
        > X-OpenStack-Request-Id: req-5c09ed00-0000-4000-8000-000000000001
        > (remembered) {"*":"CloudTwo","compute":"CloudOne","network":"Cloud-3.b"}
        < forward to network of Cloud-3.b: /os/networking/v2.0/ports/p
        < its links are mended
        < recalled
        < x-auth-token: nova!SCOPE!{"identity":"CloudOne","*":"CloudTwo","compute":"CloudOne","network":"Cloud-3.b"}
        < x-openstack-request-id: req-5c09ed00-0000-4000-8000-000000000001
        """,
    "the home that another gateway wrote is not overwritten": """
        > GET CloudTwo compute.public /v2.1/flavors
        > X-Auth-Token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        < forward to compute of CloudOne: /compute/v2.1/flavors
        < its links are mended
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        """,
    "without a token the scope keeps its header, but only on the way abroad": """
        > GET CloudOne image.public /image/v2/schemas/image
        > X-Scope: {"image": "CloudTwo"}
        < forward to image of CloudTwo: /v2/schemas/image
        < its links are mended
        < x-scope: {"*":"CloudOne","image":"CloudTwo"}
        """,
    "at home, a service is not told of a scope without a token": """
        > GET CloudOne compute.public /compute/v2.1/servers
        > X-Scope: {"image": "CloudTwo"}
        < forward to compute of CloudOne: /compute/v2.1/servers
        """,
    "the links of a version document under another prefix are mended": """
        > GET CloudOne image.public /image/
        > X-Scope: {"image": "CloudTwo"}
        < forward to image of CloudTwo: /
        < its links are mended
        < x-scope: {"*":"CloudOne","image":"CloudTwo"}
        """,
    "other answers of Glance hold none that would lead astray": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Scope: {"image": "CloudTwo"}
        < forward to image of CloudTwo: /v2/images/i/file
        < x-scope: {"*":"CloudOne","image":"CloudTwo"}
        """,
    "those of other services do": """
        > POST CloudOne compute.public /compute/v2.1/os-keypairs
        > X-Scope: {"compute": "CloudTwo"}
        < forward to compute of CloudTwo: /v2.1/os-keypairs
        < its links are mended
        < x-scope: {"*":"CloudOne","compute":"CloudTwo"}
        """,
    "a WebSocket holds none": """
        > GET CloudOne compute.public /compute/v2.1/console
        > Upgrade: WebSocket
        > X-Scope: {"compute": "CloudTwo"}
        < forward to compute of CloudTwo: /v2.1/console
        < upgrade: WebSocket
        < x-scope: {"*":"CloudOne","compute":"CloudTwo"}
        """,
    "a service abroad is asked under the interface that the client used, else under public": """
        > GET CloudOne image.internal /v2/images/i/file
        > X-Auth-Token: tok!SCOPE!{"image":"Cloud-3.b"}
        < forward to image of Cloud-3.b: /os/image/v2/images/i/file
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","image":"Cloud-3.b"}
        """,
    "a service token does not leave": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Auth-Token: tok!SCOPE!{"image":"CloudTwo"}
        > X-Service-Token: nova
        < forward to image of CloudTwo: /v2/images/i/file
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        """,
    "a service token says whose it is, where it leaves for a cloud that shares a data plane": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Auth-Token: tok!SCOPE!{"image":"Cloud-3.b"}
        > X-Service-Token: nova
        < forward to image of Cloud-3.b: /os/image/v2/images/i/file
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","image":"Cloud-3.b"}
        < x-service-token: nova!SCOPE!{"*":"CloudOne"}
        """,
    "a service's own token does not leave with its workflow": """
        > GET CloudOne placement.public /placement/allocations/a
        > X-Auth-Token: nova
        > X-OpenStack-Request-Id: req-5c09ed00-0000-4000-8000-000000000001
        > (remembered) {"*":"CloudOne","placement":"CloudTwo"}
        < refuse 403 Forbidden: a service's own request of the workflow req-5c09ed00- ... to placement of CloudTwo; a token of
        """,
    "Keystone is asked for its own cloud's tokens without any scope": """
        > GET CloudOne identity.public /identity/v3/auth/tokens
        > X-Auth-Token: glance
        > X-Subject-Token: usr!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        < forward to identity of CloudOne: /identity/v3/auth/tokens
        < x-auth-token: glance
        < x-subject-token: usr
        """,
    "a foreign token vouches for itself; no credential of this cloud goes along": """
        > GET CloudTwo identity.public /v3/auth/tokens
        > X-Auth-Token: glance
        > X-Service-Token: nova
        > X-Subject-Token: usr!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        < relay to identity of CloudOne: /identity/v3/auth/tokens
        < a 401 means an unknown token
        < x-auth-token: usr
        < x-subject-token: usr
        """,
    "a user asks about his own foreign token: a 401 is his": """
        > GET CloudTwo identity.public /v3/auth/tokens
        > X-Auth-Token: usr!SCOPE!{"*":"CloudOne"}
        > X-Subject-Token: usr!SCOPE!{"*":"CloudOne"}
        < relay to identity of CloudOne: /identity/v3/auth/tokens
        < x-auth-token: usr
        < x-subject-token: usr
        """,
    "a credential of this cloud does not go abroad with a foreign token": """
        > DELETE CloudTwo identity.public /v3/auth/tokens
        > X-Auth-Token: glance
        > X-Subject-Token: usr!SCOPE!{"*":"CloudOne"}
        < refuse 400 Bad Request: the request is about a token of CloudOne ... one of CloudTwo is not sent there
        """,
    "nor with one in the body": """
        > POST CloudTwo identity.public /v3/auth/tokens
        > X-Auth-Token: glance
        > (body) usr!SCOPE!{"*":"CloudOne"}
        < refuse 400 Bad Request: the request is about a token of CloudOne ... one of CloudTwo is not sent there
        """,
    "a token for a scoped token is asked for without the scope, and carries it on": """
        > POST CloudOne identity.public /identity/v3/auth/tokens
        > (body) tok!SCOPE!{"image":"CloudTwo"}
        < relay to identity of CloudOne: /identity/v3/auth/tokens
        < the body's token is tok, the new one carries {"*":"CloudOne","image":"CloudTwo"}
        """,
    "where identity is abroad, so is the new token": """
        > POST CloudOne identity.public /identity/v3/auth/tokens
        > (body) tok!SCOPE!{"identity":"CloudTwo"}
        < relay to identity of CloudTwo: /v3/auth/tokens
        < the body's token is tok, the new one carries {"*":"CloudOne","identity":"CloudTwo"}
        """,
    "who authenticates abroad by password gets a plain token and this cloud's catalog": """
        > POST CloudOne identity.public /identity/v3/auth/tokens
        > X-Scope: {"keystone": "CloudTwo"}
        < relay to identity of CloudTwo: /v3/auth/tokens
        """,
    "the rest of a foreign Keystone is asked like any service": """
        > GET CloudOne identity.public /identity/v3/users
        > X-Auth-Token: tok
        > X-Scope: {"identity": "CloudTwo"}
        < forward to identity of CloudTwo: /v3/users
        < its links are mended
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}
        """,
    "two scopes that say the same in other words are one": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Auth-Token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        > X-Scope: {"glance": "CloudTwo"}
        < forward to image of CloudTwo: /v2/images/i/file
        < x-auth-token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}
        """,
    "two scopes that differ are refused": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Auth-Token: tok!SCOPE!{"image":"CloudOne"}
        > X-Scope: {"image": "CloudTwo"}
        < refuse 400 Bad Request: X-Scope and the scope in X-Auth-Token differ
        """,
    "a scope behind nothing is refused": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Auth-Token: !SCOPE!{"image":"CloudTwo"}
        < refuse 400 Bad Request: X-Auth-Token: there is no token before the scope
        """,
    "the second separator belongs to the scope, which it spoils": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Auth-Token: tok!SCOPE!{"image":"CloudTwo"}!SCOPE!{"image":"CloudOne"}
        < refuse 400 Bad Request: X-Auth-Token, column 21: the end is expected
        """,
    "a header that stands twice is refused, whatever its letters": """
        > GET CloudOne image.public /image/v2/images/i/file
        > x-scope: {"image": "CloudTwo"}
        > X-SCOPE: {"image": "CloudTwo"}
        < refuse 400 Bad Request: X-Scope is sent 2 times
        """,
    "a path of no service is refused, and the served ones are named": """
        > GET CloudOne image.public /imagefoo
        < refuse 404 Not Found: no service is served at this path ... /compute ... /image
        """,
    "the broken scope of a service token is refused": """
        > GET CloudOne image.public /image/v2/images/i/file
        > X-Service-Token: nova!SCOPE!{}
        < refuse 400 Bad Request: X-Service-Token, column 2: the scope is empty
        """,
    "the broken scope of a body's token is refused": """
        > POST CloudOne identity.public /identity/v3/auth/tokens
        > (body) tok!SCOPE!{"image":"CloudTen"}
        < refuse 400 Bad Request: the token in the body, column 10: unknown cloud 'CloudTen'
        """,
}


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS)
def test_play(play: str) -> None:
    lines = [line.strip() for line in play.strip().splitlines()]
    told = [line.removeprefix("> ") for line in lines if line.startswith(">")]
    expected = [line.removeprefix("< ") for line in lines if line.startswith("<")]
    done = perform(*told)
    if expected[0].startswith("refuse"):
        assert len(done) == len(expected) == 1
        at = 0
        for part in expected[0].split(" ... "):
            assert part in done[0][at:]
            at = done[0].index(part, at)
    else:
        assert done == expected


def perform(first: str, *rest: str) -> list[str]:
    """Return the gateway's decision, as lines."""
    method, cloud, key, path = first.split(" ")
    endpoint = next(endpoint for endpoint in MESH.clouds[cloud].endpoints if endpoint.key == key)
    token = next((line.removeprefix("(body) ") for line in rest if line.startswith("(body) ")), None)
    pairs = [line.partition(": ") for line in rest if not line.startswith("(")]
    headers = tuple((name, value) for name, _, value in pairs)
    recalled = next((parse(line.removeprefix("(remembered) ")) for line in rest if line.startswith("(remembered) ")), None)
    request = Request(method, endpoint.listener, path, headers, token, {}, recalled, FRESH)
    decision = decide(MESH, cloud, request)
    assert isinstance(decision, Decision)
    assert decide(MESH, cloud, request) == decision, "a decision depends on the request and the mesh alone"
    plan = decision.plan
    if isinstance(plan, Refuse):
        assert plan.message.startswith(f"gateway of {cloud}: ")
        return [f"refuse {plan.status} {plan.title}: {plan.message.removeprefix(f'gateway of {cloud}: ')}"]
    assert isinstance(plan, Single | Relay)
    verb = "forward" if isinstance(plan, Single) else "relay"
    done = [f"{verb} to {plan.endpoint.service} of {plan.endpoint.cloud}: {plan.path}"]
    assert plan.local == (plan.endpoint.cloud == cloud)
    assert plan.frontend_endpoint == endpoint
    if isinstance(plan, Single):
        done += ["its links are mended"] if plan.rewrite_links else []
        done += [f"remember {plan.remember.scope.to_header()}"] if plan.remember else []
        done += ["recalled"] if decision.source is ScopeSource.RECALLED else []
    else:
        done += ["a 401 means an unknown token"] if plan.validates else []
        if plan.body_token is not None:
            done.append(f"the body's token is {plan.body_token}, the new one carries {plan.scope}")
    # What leaves has one id; a play tells only those that mean something.
    assert plan.local or sole_id(plan.headers)
    return done + sorted(f"{name.lower()}: {value}" for name, value in plan.headers if value != given_id(FRESH))
