# SPDX-License-Identifier: Apache-2.0
"""What a gateway does, one line a case: the table that the Python decision and the compiled HAProxy must both fulfil."""

from conformance.case import Case, auth, plain, refused, relayed, sent, service, subject
from conformance.refusals import BAD, BAD_ELSEWHERE, IMAGES, TO_TWO

TOKENS = "/v3/auth/tokens"


# The key is RFC 6455's: HAProxy refuses a handshake without one.
WEBSOCKET = (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))
TWO_DONE = '{"*":"CloudOne","image":"CloudTwo"}'

UNSCOPED = [
    Case("no scope is the local cloud", sent("CloudOne", IMAGES, auth("tok")), IMAGES, (auth("tok"),)),
    Case("no token, no scope", sent("CloudOne", "/image"), "/image"),
    Case("another interface has its own socket", sent("CloudOne", IMAGES), "/v2/images", to="image.internal"),
    Case("a backend without the prefix", sent("CloudOne", "/v2.0/ports"), "/networking/v2.0/ports"),
    Case("the root of a backend without the prefix", sent("CloudOne", "/"), "/networking"),
    Case("an alias in the catalog is a service", sent("CloudOne", "/volume/v3/p/volumes"), "/volume/v3/p/volumes"),
    Case("a token with an exclamation mark", sent("CloudOne", IMAGES, auth("to!k")), IMAGES, (auth("to!k"),)),
    Case("an empty token", sent("CloudOne", IMAGES, auth("")), IMAGES, (auth(""),)),
    Case("raw path", sent("CloudOne", "/image/v2/a%2Fb//c"), "/image/v2/a%2Fb//c"),
    Case("a prefix ends at a segment", refused(404, "CloudOne", "/image"), "/imagefoo/v2", native=False),
    Case("a path of no service", refused(404, "CloudOne"), "/", native=False),
    Case("no path at all", refused(404, "CloudOne"), "*", method="OPTIONS", to="image.internal", native=False),
    Case("two tokens", refused(400, "X-Auth-Token", "2 times"), IMAGES, (auth("a"), auth("b")), native=False),
    Case("Keystone, plainly", sent("CloudOne", "/identity/v3/users", auth("t")), "/identity/v3/users", (auth("t"),)),
    Case(
        "a service validates a token of its own cloud",
        sent("CloudOne", "/identity/v3/auth/tokens", auth("svc"), subject("usr")),
        "/identity/v3/auth/tokens",
        (auth("svc"), subject("usr")),
    ),
    Case(
        "authentication",
        sent("CloudOne", "/identity/v3/auth/tokens"),
        "/identity/v3/auth/tokens",
        method="POST",
        body='{"auth": {"identity": {"methods": ["password"]}}}',
    ),
    Case(
        "a service token stays as it is at home",
        sent("CloudOne", IMAGES, auth("t"), service("s")),
        IMAGES,
        (auth("t"), service("s")),
    ),
]

SCOPED = [
    Case(
        "the plain form is folded into the token and completed",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth("tok"), plain(TO_TWO)),
    ),
    Case(
        "white space between the names",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth("tok"), plain('{ "image" : "CloudTwo" }')),
    ),
    Case(
        "a tab is white space too",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth("tok"), plain('{"image":\t"CloudTwo"}')),
        native=False,
    ),
    Case(
        "the scope inside the token",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth(f"tok!SCOPE!{TO_TWO}"),),
    ),
    Case(
        "what a gateway completed, another leaves alone",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/v2/images",
        (auth(f"tok!SCOPE!{TWO_DONE}"),),
        at="CloudTwo",
        to="image.public",
    ),
    Case(
        "a service that the scope leaves out is home's, at home",
        sent("CloudOne", "/compute/v2.1/servers", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/compute/v2.1/servers",
        (auth("tok"), plain(TO_TWO)),
    ),
    Case(
        "a service that the scope leaves out is home's, abroad",
        sent("CloudOne", "/compute/v2.1/servers", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/v2.1/servers",
        (auth(f"tok!SCOPE!{TWO_DONE}"),),
        at="CloudTwo",
        to="compute.public",
        native=False,
    ),
    Case(
        "the local cloud by name",
        sent("CloudOne", IMAGES, auth('tok!SCOPE!{"*":"CloudOne","image":"CloudOne"}')),
        IMAGES,
        (auth("tok"), plain('{"image":"CloudOne"}')),
    ),
    Case(
        "every other service",
        sent("CloudTwo", "/v2/images", auth('tok!SCOPE!{"compute":"CloudOne","*":"CloudTwo"}')),
        IMAGES,
        (auth("tok"), plain('{"compute":"CloudOne","*":"CloudTwo"}')),
    ),
    Case(
        "a third cloud, by prefixes of its own",
        sent("Cloud-3.b", "/os/image/v2/images", auth('tok!SCOPE!{"*":"CloudOne","image":"Cloud-3.b"}')),
        IMAGES,
        (auth("tok"), plain('{"image":"Cloud-3.b"}')),
    ),
    Case(
        "an interface that the peer has not is its public one",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/v2/images",
        (auth("tok"), plain(TO_TWO)),
        to="image.internal",
    ),
    Case(
        "discovery without a token keeps the plain form; links are mended where prefixes differ",
        sent("CloudTwo", "/", plain(TWO_DONE)),
        "/image",
        (plain(TO_TWO),),
        native=False,
    ),
    Case(
        "a request without a token keeps the plain form",
        sent("CloudTwo", "/v2/schemas/image", plain(TWO_DONE)),
        "/image/v2/schemas/image",
        (plain(TO_TWO),),
    ),
    Case(
        "a version document where the prefixes are the same",
        sent("CloudTwo", "/v2/", plain(TWO_DONE)),
        "/v2/",
        (plain(TO_TWO),),
        to="image.internal",
    ),
    Case(
        "Glance has a second list of versions",
        sent("CloudTwo", "/versions", plain(TWO_DONE)),
        "/image/versions",
        (plain(TO_TWO),),
        native=False,
    ),
    Case(
        "links of every answer are mended where prefixes differ",
        sent("CloudTwo", "/v2.1/os-keypairs", auth('tok!SCOPE!{"*":"CloudOne","compute":"CloudTwo"}')),
        "/compute/v2.1/os-keypairs",
        (auth("tok"), plain('{"compute":"CloudTwo"}')),
        method="POST",
        native=False,
    ),
    Case(
        "a WebSocket has no links",
        sent("CloudTwo", "/v2.1/console", auth('tok!SCOPE!{"*":"CloudOne","compute":"CloudTwo"}')),
        "/compute/v2.1/console",
        (auth("tok"), plain('{"compute":"CloudTwo"}'), *WEBSOCKET),
    ),
    Case("discovery at home needs no scope", sent("CloudOne", "/compute"), "/compute", (plain(TO_TWO),)),
    Case(
        "an alias",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth("tok"), plain('{"glance":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "an escape in JSON",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth("tok"), plain('{"im\\u0061ge":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "an alias of the catalog is the official type",
        sent("CloudOne", "/volume/v3/p/volumes", auth('tok!SCOPE!{"*":"CloudTwo","block-storage":"CloudOne"}')),
        "/volume/v3/p/volumes",
        (auth("tok"), plain('{"*":"CloudTwo","block-storage":"CloudOne"}')),
    ),
    Case(
        "header and token that say the same",
        sent("CloudTwo", "/v2/images", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth(f"tok!SCOPE!{TO_TWO}"), plain(TO_TWO)),
        native=False,
    ),
    Case(
        "a token with an exclamation mark, scoped by header",
        sent("CloudTwo", "/v2/images", auth(f"to!k!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth("to!k"), plain(TO_TWO)),
    ),
    Case(
        "a token with an exclamation mark, scoped inside",
        sent("CloudTwo", "/v2/images", auth(f"to!k!SCOPE!{TWO_DONE}")),
        IMAGES,
        (auth(f"to!k!SCOPE!{TO_TWO}"),),
        native=False,
    ),
    Case(
        "an empty token leaves the scope in the header",
        sent("CloudTwo", "/v2/images", auth(""), plain(TWO_DONE)),
        IMAGES,
        (auth(""), plain(TO_TWO)),
    ),
]

SERVICE_TOKENS = [
    Case(
        "a service token says abroad where it is from",
        sent("CloudTwo", "/v2/images", auth(f"t!SCOPE!{TWO_DONE}"), service('s!SCOPE!{"*":"CloudOne"}')),
        IMAGES,
        (auth("t"), plain(TO_TWO), service("s")),
    ),
    Case(
        "a service token that says where it is from, where it arrives",
        sent("CloudTwo", "/v2/images", auth(f"t!SCOPE!{TWO_DONE}"), service('s!SCOPE!{"*":"CloudOne"}')),
        "/v2/images",
        (auth(f"t!SCOPE!{TWO_DONE}"), service('s!SCOPE!{"*":"CloudOne"}')),
        at="CloudTwo",
        to="image.public",
    ),
    Case(
        "a malformed mark of a service token",
        refused(400, "X-Service-Token", "unknown cloud"),
        IMAGES,
        (auth("t"), service('s!SCOPE!{"*":"Nowhere"}')),
        native=False,
    ),
]

IDENTITY = [
    Case(
        "Keystone never sees a scope, in the header",
        sent("CloudOne", "/identity/v3/projects", auth("tok")),
        "/identity/v3/projects",
        (auth("tok"), plain(TO_TWO)),
    ),
    Case(
        "Keystone never sees a scope, in the token",
        sent("CloudOne", "/identity/v3/projects", auth("tok")),
        "/identity/v3/projects",
        (auth(f"tok!SCOPE!{TO_TWO}"),),
    ),
    Case(
        "a service validates a scoped token of its own cloud",
        sent("CloudOne", "/identity/v3/auth/tokens", auth("svc"), subject("usr")),
        "/identity/v3/auth/tokens",
        (auth("svc"), subject(f"usr!SCOPE!{TWO_DONE}")),
    ),
    Case(
        "a service validates a token of another cloud, which vouches for itself",
        relayed("CloudOne", "/identity/v3/auth/tokens", auth("usr"), subject("usr")),
        TOKENS,
        (auth("svc"), subject(f"usr!SCOPE!{TWO_DONE}")),
        at="CloudTwo",
        native=False,
    ),
    Case(
        "a service validates a service token of another cloud",
        relayed("CloudOne", "/identity/v3/auth/tokens", auth("nova"), subject("nova")),
        TOKENS,
        (auth("svc"), subject('nova!SCOPE!{"*":"CloudOne"}')),
        at="CloudTwo",
        native=False,
    ),
    Case(
        "a path that Keystone reads as the same is the same",
        relayed("CloudOne", "/identity/v3/auth/tokens", auth("usr"), subject("usr")),
        "//v3/auth/%74okens/",
        (auth("svc"), subject(f"usr!SCOPE!{TWO_DONE}")),
        at="CloudTwo",
        native=False,
    ),
    Case(
        "a scope in a body, under such a path",
        relayed("CloudTwo", TOKENS),
        "/identity/v3/auth/tokens/",
        method="POST",
        body='{"auth": {"identity": {"methods": ["token"], "token": {"id": "tok!SCOPE!{\\"identity\\":\\"CloudTwo\\"}"}}}}',
        native=False,
    ),
    Case(
        "a validation without a token of its own is Keystone's to refuse",
        sent("CloudOne", "/identity/v3/auth/tokens", subject(f"usr!SCOPE!{TWO_DONE}")),
        TOKENS,
        (subject(f"usr!SCOPE!{TWO_DONE}"),),
        at="CloudTwo",
        native=False,
    ),
    Case(
        "authentication in another cloud",
        relayed("CloudTwo", TOKENS),
        "/identity/v3/auth/tokens",
        (plain('{"identity":"CloudTwo"}'),),
        method="POST",
        body='{"auth": {"identity": {"methods": ["password"]}}}',
        native=False,
    ),
    Case(
        "the catalog of a token of another cloud",
        relayed("CloudTwo", "/v3/auth/catalog", auth("tok")),
        "/identity/v3/auth/catalog",
        (auth("tok"), plain('{"identity":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "the users of another cloud",
        sent("CloudTwo", "/v3/users", auth('tok!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}')),
        "/identity/v3/users",
        (auth("tok"), plain('{"identity":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "revocation in another cloud",
        sent("CloudTwo", TOKENS, auth('tok!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}'), subject("tok")),
        "/identity/v3/auth/tokens",
        (auth("tok"), subject("tok"), plain('{"identity":"CloudTwo"}')),
        method="DELETE",
        native=False,
    ),
    Case(
        "the version document of another cloud's Keystone",
        sent("Cloud-3.b", "/os/identity/v3", plain('{"*":"CloudOne","identity":"Cloud-3.b"}')),
        "/identity/v3",
        (plain('{"identity":"Cloud-3.b"}'),),
        native=False,
    ),
    Case(
        "a scope in the body's token is taken out of it",
        relayed("CloudOne", "/identity/v3/auth/tokens"),
        "/identity/v3/auth/tokens",
        method="POST",
        body='{"auth": {"identity": {"methods": ["token"], "token": {"id": "tok!SCOPE!{\\"image\\":\\"CloudTwo\\"}"}}}}',
        native=False,
    ),
    Case(
        "a scope in the body's token names the Keystone",
        relayed("CloudTwo", TOKENS),
        "/identity/v3/auth/tokens",
        method="POST",
        body='{"auth": {"identity": {"methods": ["token"], "token": {"id": "tok!SCOPE!{\\"identity\\":\\"CloudTwo\\"}"}}}}',
        native=False,
    ),
    Case(
        "a scope in a body that is larger than HAProxy's buffer",
        relayed("CloudTwo", TOKENS),
        "/identity/v3/auth/tokens",
        method="POST",
        body='{"auth": {"identity": {"methods": ["token"], '
        + " " * 20000
        + '"token": {"id": "tok!SCOPE!{\\"identity\\":\\"CloudTwo\\"}"}}}}',
        native=False,
    ),
    Case(
        "an escape in the body that hides no scope",
        sent("CloudOne", "/identity/v3/auth/tokens"),
        "/identity/v3/auth/tokens",
        method="POST",
        body='{"auth": {"identity": {"password": {"user": {"name": "Ren\\u00e9"}}}}}',
        native=False,
    ),
    Case(
        "request and token in it that differ",
        refused(400, "differ"),
        "/identity/v3/auth/tokens",
        (auth("t"), plain(TO_TWO), subject('u!SCOPE!{"identity":"CloudTwo"}')),
        native=False,
    ),
]

CASES = [*UNSCOPED, *SCOPED, *SERVICE_TOKENS, *IDENTITY, *BAD, *BAD_ELSEWHERE]
