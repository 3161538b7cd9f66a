# SPDX-License-Identifier: Apache-2.0
"""The table of cases: the request id of requests that leave for another cloud."""

from conformance.case import (
    GIVEN,
    ORDINARY,
    TO_TWO,
    TWO_DONE,
    Case,
    auth,
    marked,
    plain,
    relayed,
    request_id,
    sent,
    subject,
    traced,
)

TOK, SCOPED = auth("tok"), auth(f"tok!SCOPE!{TWO_DONE}")

LEAVING = [
    Case(
        f"what leaves has one id: {name}, {how}",
        sent("CloudTwo", "/v2/images/i/file", SCOPED, request_id(kept)),
        "/image/v2/images/i/file",
        (token, plain(TO_TWO), *map(request_id, ids)),
        native=how == "by HAProxy",
    )
    for how, token in (("by HAProxy", TOK), ("by Python", SCOPED))
    for name, ids, kept in (
        ("none came", (), GIVEN),
        ("one came", (ORDINARY,), ORDINARY),
        ("that of a workflow", (marked(5),), marked(5)),
        ("that of a trace", (traced(5),), traced(5)),
        ("two came", (ORDINARY, "req-0a1b2c3d-0000-4000-8000-000000000001"), GIVEN),
        ("twice the same", (ORDINARY, ORDINARY), GIVEN),
        ("no id at all", ("my-words",), GIVEN),
        ("too long for one", (f"{ORDINARY}-and-more",), GIVEN),
        ("one in capitals", (ORDINARY.upper().replace("REQ", "req"),), GIVEN),
        ("an empty one", ("",), GIVEN),
    )
] + [
    Case(
        "what stays keeps its ids, whatever they are",
        sent("CloudOne", "/image/v2/images/i/file", TOK, request_id("my-words")),
        "/image/v2/images/i/file",
        (TOK, request_id("my-words")),
    ),
    Case(
        "a Keystone that is asked for a service here is told an id",
        relayed("CloudTwo", "/v3/auth/tokens", auth("usr"), subject("usr"), request_id(GIVEN)),
        "/identity/v3/auth/tokens",
        (auth("svc"), subject('usr!SCOPE!{"*":"CloudTwo"}'), request_id("my-words")),
        native=False,
    ),
]
