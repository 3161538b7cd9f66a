# SPDX-License-Identifier: Apache-2.0
"""The table of cases: requests that begin a workflow under a scope, and their request ids."""

from conformance.case import FRESH, ORDINARY, TO_TWO, TWO_DONE, Case, auth, marked, plain, refused, request_id, sent, traced

PORTS, BACKEND = "/networking/v2.0/ports", "/v2.0/ports"
SERVERS = "/compute/v2.1/servers"
TOK = auth("tok")
SCOPED = auth(f"tok!SCOPE!{TWO_DONE}")


MALFORMED = (
    "",
    "req-5c09ed",
    "req-5c09ed01-0000-4000-8000-00000000000G",
    f"{marked(0)}x",
    "REQ-5C09ED01-0000-4000-8000-000000000000",
)

WORKFLOWS = [
    Case(
        "what changes something under a scope gets an id with a mark",
        sent("CloudOne", BACKEND, SCOPED, request_id(FRESH)),
        PORTS,
        (TOK, plain(TO_TWO)),
        "POST",
        native=False,
        body="{}",
    ),
    *(
        Case(
            f"so does {method}, the scope being in the token, and whatever the body is",
            sent("CloudOne", f"{BACKEND}/p", SCOPED, request_id(FRESH)),
            f"{PORTS}/p",
            (SCOPED,),
            method,
            native=False,
            body=body,
        )
        for method, body in (("PUT", "not JSON"), ("PATCH", "[]"), ("DELETE", None))
    ),
    *(
        Case(
            f"a client's own id is replaced: '{other}'",
            sent("CloudOne", SERVERS, SCOPED, request_id(FRESH)),
            SERVERS,
            (TOK, plain(TO_TWO), request_id(other)),
            "POST",
            native=False,
            body='{"server": {}}',
        )
        for other in (ORDINARY, *MALFORMED)
    ),
    *(
        Case(
            f"the id of a workflow is kept: {name}",
            sent("CloudOne", SERVERS, SCOPED, request_id(known)),
            SERVERS,
            (TOK, plain(TO_TWO), request_id(known)),
            "POST",
            native=False,
            body='{"server": {}}',
        )
        for name, known in (("marked", marked(1)), ("traced", traced(1)))
    ),
    Case(
        "the next gateway keeps the id, and remembers too",
        sent("CloudTwo", "/v2.0/ports", auth('tok!SCOPE!{"*":"CloudOne","network":"CloudTwo"}'), request_id(marked(2))),
        "/v2.0/ports",
        (auth('tok!SCOPE!{"*":"CloudOne","network":"CloudTwo"}'), request_id(marked(2))),
        "POST",
        at="CloudTwo",
        to="network.public",
        native=False,
        body="{}",
    ),
    Case(
        "what a scope sends abroad has an id there",
        sent("CloudTwo", "/v2.0/ports", auth('tok!SCOPE!{"*":"CloudOne","network":"CloudTwo"}'), request_id(FRESH)),
        PORTS,
        (TOK, plain('{"network":"CloudTwo"}')),
        "POST",
        native=False,
        body="{}",
    ),
    Case(
        "nobody's request begins no workflow",
        sent("CloudOne", BACKEND, request_id(ORDINARY)),
        PORTS,
        (plain(TO_TWO), request_id(ORDINARY)),
        "POST",
        native=False,
        body="{}",
    ),
    *(
        Case(
            f"what only looks is HAProxy's, whatever its id: {method} {known[:12]}",
            sent("CloudOne", SERVERS, SCOPED, request_id(known)),
            SERVERS,
            (TOK, plain(TO_TWO), request_id(known)),
            method,
        )
        for method, known in (("GET", marked(3)), ("GET", traced(3)), ("HEAD", ORDINARY))
    ),
    Case(
        "of two ids that mean nothing neither is kept",
        sent("CloudOne", BACKEND, SCOPED, request_id(FRESH)),
        PORTS,
        (SCOPED, request_id(ORDINARY), request_id("req-2")),
        "POST",
        native=False,
        body="{}",
    ),
    *(
        Case(
            f"refused: two ids, {name}",
            refused(400, "X-Openstack-Request-Id is sent 2 times"),
            PORTS,
            (*headers, request_id(ORDINARY), request_id(known)),
            "POST",
            native=False,
            body="{}",
        )
        for name, known, headers in (
            ("with a scope", marked(4), (SCOPED,)),
            ("with a scope and traced", traced(4), (SCOPED,)),
            ("without a scope", marked(4), (TOK,)),
        )
    ),
    Case(
        "two ids where none is looked at",
        sent("CloudOne", BACKEND, SCOPED, request_id(marked(4))),
        PORTS,
        (SCOPED, request_id(ORDINARY), request_id(marked(4))),
    ),
]
