# SPDX-License-Identifier: Apache-2.0
"""The table of cases: the meaning of a scope in each position, and tokens that carry one.

Those that no other module has a case for; all of them stand in docs/use/scope-meaning.md, by the ids in ``rows``.
"""

from conformance.case import IMAGE_BYTES, TO_TWO, TOKENS, TWO_DONE, Case, auth, plain, refused, relayed, sent, service, subject

HERE = "/identity/v3/auth/tokens"
TO_TWO_IN_JSON = TO_TWO.replace('"', '\\"')


def by_token(token: str) -> str:
    """The body of an authentication by a token; quotes of its scope stand escaped in it."""
    return f'{{"auth": {{"identity": {{"methods": ["token"], "token": {{"id": "{token}"}}}}}}}}'


MEANINGS = [
    Case(
        "the body's token and the header say the same",
        relayed("CloudOne", HERE),
        HERE,
        (plain(TO_TWO),),
        "POST",
        native=False,
        body=by_token(f"tok!SCOPE!{TO_TWO_IN_JSON}"),
        rows=("W15",),
    ),
    Case(
        "the body's token and the header differ",
        refused(400, "differ"),
        HERE,
        (plain('{"image":"CloudOne"}'),),
        "POST",
        native=False,
        body=by_token(f"tok!SCOPE!{TO_TWO_IN_JSON}"),
        rows=("W12",),
    ),
    Case(
        "the mark of a service token says nothing of the request",
        sent("CloudOne", IMAGE_BYTES, auth("t"), service('s!SCOPE!{"*":"CloudTwo"}')),
        IMAGE_BYTES,
        (auth("t"), service('s!SCOPE!{"*":"CloudTwo"}')),
        rows=("W17",),
        native=False,
    ),
    Case(
        "the other scope, with the token that served the one before",
        sent("CloudTwo", "/v2.0/networks", auth('tok!SCOPE!{"*":"CloudOne","network":"CloudTwo"}')),
        "/networking/v2.0/networks",
        (auth("tok"), plain('{"network":"CloudTwo"}')),
        rows=("T4",),
        native=False,
    ),
    Case(
        "a bare token is exchanged under a scope in the header",
        sent("CloudOne", HERE),
        HERE,
        (plain(TO_TWO),),
        "POST",
        body=by_token("tok"),
        rows=("T7",),
    ),
    Case(
        "a bare token is exchanged in another cloud",
        relayed("CloudTwo", TOKENS),
        HERE,
        (plain('{"identity":"CloudTwo"}'),),
        "POST",
        native=False,
        body=by_token("tok"),
        rows=("T7",),
    ),
    Case(
        "a user asks about his own token",
        relayed("CloudOne", HERE, auth("usr"), subject("usr")),
        TOKENS,
        (auth(f"usr!SCOPE!{TWO_DONE}"), subject(f"usr!SCOPE!{TWO_DONE}")),
        at="CloudTwo",
        native=False,
        rows=("T10",),
    ),
    Case(
        "a scoped token is revoked at home",
        sent("CloudOne", HERE, auth("tok"), subject("tok")),
        HERE,
        (auth(f"tok!SCOPE!{TWO_DONE}"), subject(f"tok!SCOPE!{TWO_DONE}")),
        "DELETE",
        native=False,
        rows=("T11",),
    ),
    Case(
        "a scoped token is revoked from another cloud",
        sent("CloudOne", HERE, auth(f"tok!SCOPE!{TWO_DONE}"), subject(f"tok!SCOPE!{TWO_DONE}")),
        TOKENS,
        (auth(f"tok!SCOPE!{TWO_DONE}"), subject(f"tok!SCOPE!{TWO_DONE}")),
        "DELETE",
        at="CloudTwo",
        native=False,
        rows=("T11",),
    ),
    Case(
        "a foreign token is revoked with a credential that names no cloud",
        refused(400, "a token of CloudOne", "X-Auth-Token names no cloud", "name its cloud in X-Scope"),
        TOKENS,
        (auth("admin"), subject(f"tok!SCOPE!{TWO_DONE}")),
        "DELETE",
        at="CloudTwo",
        native=False,
        rows=("T12",),
    ),
    Case(
        "a bare token at another gateway",
        sent("CloudTwo", "/v2/images/i/file", auth("tok")),
        "/v2/images/i/file",
        (auth("tok"),),
        at="CloudTwo",
        to="image.public",
        rows=("T15",),
    ),
    Case(
        "a token whose scope its user wrote, at another gateway",
        sent("CloudTwo", "/v2.1/servers", auth('tok!SCOPE!{"*":"CloudTwo","image":"CloudOne"}')),
        "/v2.1/servers",
        (auth('tok!SCOPE!{"image":"CloudOne"}'),),
        at="CloudTwo",
        to="compute.public",
        rows=("T16",),
    ),
]
