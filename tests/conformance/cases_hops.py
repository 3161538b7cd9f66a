# SPDX-License-Identifier: Apache-2.0
"""The table of cases: the hops of a workflow that bring its request id and no scope, and what becomes of that id."""

from conformance.case import (
    IMAGES,
    ORDINARY,
    TO_TWO,
    TWO_DONE,
    Case,
    auth,
    marked,
    plain,
    refused,
    request_id,
    sent,
    service,
    subject,
    traced,
)

PORTS, BACKEND = "/networking/v2.0/ports", "/v2.0/ports"
SERVERS = "/compute/v2.1/servers"
TOK = auth("tok")
SCOPED = auth(f"tok!SCOPE!{TWO_DONE}")
NOVA = auth("nova")

HOPS = [
    Case(
        "a hop with a service's credentials follows its workflow abroad, as a token of the service's cloud",
        sent(
            "Cloud-3.b",
            "/os/networking/v2.0/ports/p",
            auth('nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","network":"Cloud-3.b"}'),
            service('svc!SCOPE!{"*":"CloudOne"}'),
            request_id(marked(10)),
        ),
        f"{PORTS}/p",
        (NOVA, service("svc"), request_id(marked(10))),
        "PUT",
        native=False,
        body="{}",
        remembered='{"*":"CloudOne","network":"Cloud-3.b"}',
        rows=("W19",),
    ),
    Case(
        "so does one that only looks",
        sent(
            "CloudTwo",
            "/resource_providers",
            auth('nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","compute":"CloudTwo"}'),
            request_id(marked(11)),
        ),
        "/placement/resource_providers",
        (NOVA, request_id(marked(11))),
        native=False,
        remembered='{"*":"CloudOne","compute":"CloudTwo"}',
    ),
    Case(
        "whoever the user is: the issuer of a service's token is the service's cloud",
        sent(
            "CloudTwo",
            "/v2.0/ports",
            auth('nova!SCOPE!{"identity":"CloudOne","*":"CloudTwo","compute":"CloudOne"}'),
            request_id(marked(12)),
        ),
        PORTS,
        (NOVA, request_id(marked(12))),
        native=False,
        remembered='{"*":"CloudTwo","identity":"CloudTwo","compute":"CloudOne"}',
    ),
    Case(
        "at home the hop stays as it is",
        sent("CloudOne", f"{BACKEND}/p", NOVA, service("svc"), request_id(marked(13))),
        f"{PORTS}/p",
        (NOVA, service("svc"), request_id(marked(13))),
        "PUT",
        native=False,
        body="{}",
        remembered=TWO_DONE,
    ),
    Case(
        "at the second gateway, too",
        sent(
            "CloudOne",
            "/networking/v2.0/ports/p",
            auth('nova!SCOPE!{"identity":"CloudTwo","*":"CloudOne","compute":"CloudTwo"}'),
            request_id(marked(14)),
        ),
        "/v2.0/ports/p",
        (NOVA, request_id(marked(14))),
        "DELETE",
        at="CloudTwo",
        to="network.public",
        native=False,
        remembered='{"*":"CloudOne","compute":"CloudTwo"}',
    ),
    Case(
        "a traced workflow is followed like any other",
        sent(
            "CloudTwo",
            "/v2/images",
            auth('nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","image":"CloudTwo"}'),
            request_id(traced(15)),
        ),
        IMAGES,
        (NOVA, request_id(traced(15))),
        native=False,
        remembered=TWO_DONE,
    ),
    Case(
        "versions that such a hop asks for",
        sent(
            "CloudTwo",
            "/",
            auth('nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","image":"CloudTwo"}'),
            request_id(marked(16)),
        ),
        "/image",
        (NOVA, request_id(marked(16))),
        native=False,
        remembered=TWO_DONE,
    ),
    Case(
        "a service that the workflow's cloud has not",
        refused(400, "Cloud-3.b has no service 'compute'"),
        SERVERS,
        (NOVA, request_id(marked(17))),
        native=False,
        remembered='{"*":"Cloud-3.b"}',
    ),
    Case(
        "a scope beside the id is what holds",
        sent("CloudOne", SERVERS, SCOPED, request_id(marked(18))),
        SERVERS,
        (TOK, plain(TO_TWO), request_id(marked(18))),
        remembered='{"*":"CloudTwo"}',
        rows=("W20",),
    ),
    Case(
        "the same scope with the same id again",
        sent("CloudOne", BACKEND, SCOPED, request_id(marked(19))),
        PORTS,
        (SCOPED, request_id(marked(19))),
        "POST",
        native=False,
        body="{}",
        remembered='{"image":"CloudTwo","*":"CloudOne"}',
    ),
    Case(
        "the same scope with another issuer: a service that hands its token on",
        sent(
            "CloudOne",
            BACKEND,
            auth('tok!SCOPE!{"identity":"CloudTwo","*":"CloudOne","image":"CloudTwo"}'),
            request_id(marked(20)),
        ),
        PORTS,
        (auth('tok!SCOPE!{"identity":"CloudTwo","*":"CloudOne","image":"CloudTwo"}'), request_id(marked(20))),
        "POST",
        native=False,
        body="{}",
        remembered=TWO_DONE,
    ),
    Case(
        "refused: another scope with the same id",
        refused(
            409, marked(21), '{"*":"CloudOne","image":"CloudTwo"}', '{"*":"CloudOne","network":"CloudTwo"}', "an id of its own"
        ),
        PORTS,
        (TOK, plain('{"network":"CloudTwo"}'), request_id(marked(21))),
        "POST",
        native=False,
        body="{}",
        remembered=TWO_DONE,
        rows=("W21",),
    ),
    Case(
        "refused: a workflow that is not remembered",
        refused(503, marked(30), "not remembered", "network", "begin the workflow anew"),
        PORTS,
        (NOVA, request_id(marked(30))),
        native=False,
    ),
    Case(
        "a traced id without a scope is nobody's workflow",
        sent("CloudOne", BACKEND, NOVA, request_id(traced(31))),
        PORTS,
        (NOVA, request_id(traced(31))),
        native=False,
    ),
    Case(
        "what looks like an id with a mark and is none",
        sent("CloudOne", BACKEND, NOVA, request_id(f"{marked(32)}x")),
        PORTS,
        (NOVA, request_id(f"{marked(32)}x")),
        native=False,
    ),
    Case(
        "any other id means nothing", sent("CloudOne", BACKEND, NOVA, request_id(ORDINARY)), PORTS, (NOVA, request_id(ORDINARY))
    ),
    Case("a marked id without a token", sent("CloudOne", BACKEND, request_id(marked(33))), PORTS, (request_id(marked(33)),)),
    Case(
        "Keystone is not asked by the workflow's scope: a service validates where its own credential is known",
        sent("CloudOne", "/identity/v3/auth/tokens", auth("svc"), subject("usr"), request_id(marked(34))),
        "/identity/v3/auth/tokens",
        (auth("svc"), subject("usr"), request_id(marked(34))),
    ),
]
