# SPDX-License-Identifier: Apache-2.0
"""The table of cases: one scope, in the header or in the token, and where it leads."""

from conformance.case import IMAGE_BYTES, TO_TWO, TWO_DONE, WEBSOCKET, Case, auth, plain, refused, sent, service

SCOPED = [
    Case(
        "links of every answer are rewritten where prefixes differ",
        sent("CloudTwo", "/v2.1/flavors", auth('tok!SCOPE!{"*":"CloudOne","compute":"CloudTwo"}')),
        "/compute/v2.1/flavors",
        (auth("tok"), plain('{"compute":"CloudTwo"}')),
        native=False,
    ),
    Case(
        "a WebSocket has no links",
        sent("CloudTwo", "/v2.1/console", auth('tok!SCOPE!{"*":"CloudOne","compute":"CloudTwo"}')),
        "/compute/v2.1/console",
        (auth("tok"), plain('{"compute":"CloudTwo"}'), *WEBSOCKET),
    ),
    Case(
        "the plain form is folded into the token and completed",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain(TO_TWO)),
        rows=("P1", "W1", "T4"),
    ),
    Case(
        "the cloud itself, where no other is near",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain('{"image":"around(CloudTwo,0.001ms)"}')),
        native=False,
    ),
    Case(
        "the cloud itself, in the token",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth('tok!SCOPE!{"image":"CloudTwo|around(CloudTwo,0.001ms)"}'),),
        native=False,
    ),
    Case(
        "white space between the names",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain('{ "image" : "CloudTwo" }')),
    ),
    Case(
        "a tab is white space too",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain('{"image":\t"CloudTwo"}')),
    ),
    Case(
        "the scope inside the token",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(f"tok!SCOPE!{TO_TWO}"),),
        rows=("W2", "T1"),
    ),
    Case(
        "what a gateway completed, another leaves alone",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/v2/images/i/file",
        (auth(f"tok!SCOPE!{TWO_DONE}"),),
        at="CloudTwo",
        to="image.public",
        rows=("P10", "T14"),
        native=False,
    ),
    Case(
        "a service that the scope leaves out is home's, at home",
        sent("CloudOne", "/compute/v2.1/servers", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/compute/v2.1/servers",
        (auth("tok"), plain(TO_TWO)),
        rows=("P2",),
    ),
    Case(
        "a service that the scope leaves out is home's, abroad",
        sent("CloudOne", "/compute/v2.1/servers", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/v2.1/servers",
        (auth(f"tok!SCOPE!{TWO_DONE}"),),
        at="CloudTwo",
        to="compute.public",
        rows=("P2", "T14"),
        native=False,
    ),
    Case(
        "the local cloud by name",
        sent("CloudOne", IMAGE_BYTES, auth('tok!SCOPE!{"*":"CloudOne","image":"CloudOne"}')),
        IMAGE_BYTES,
        (auth("tok"), plain('{"image":"CloudOne"}')),
    ),
    Case(
        "every other service",
        sent("CloudTwo", "/v2/images/i/file", auth('tok!SCOPE!{"compute":"CloudOne","*":"CloudTwo"}')),
        IMAGE_BYTES,
        (auth("tok"), plain('{"compute":"CloudOne","*":"CloudTwo"}')),
        rows=("P3",),
    ),
    Case(
        "a third cloud, by prefixes of its own",
        sent("Cloud-3.b", "/os/image/v2/images/i/file", auth('tok!SCOPE!{"*":"CloudOne","image":"Cloud-3.b"}')),
        IMAGE_BYTES,
        (auth("tok"), plain('{"image":"Cloud-3.b"}')),
    ),
    Case(
        "an interface that the peer has not is its public one",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        "/v2/images/i/file",
        (auth("tok"), plain(TO_TWO)),
        to="image.internal",
    ),
    Case(
        "discovery without a token keeps the plain form; links are rewritten where prefixes differ",
        sent("CloudTwo", "/", plain(TWO_DONE)),
        "/image",
        (plain(TO_TWO),),
        native=False,
    ),
    Case(
        "a request without a token keeps the plain form",
        sent("CloudTwo", "/v2/images/i/file", plain(TWO_DONE)),
        IMAGE_BYTES,
        (plain(TO_TWO),),
        rows=("W5",),
    ),
    *(
        Case(
            f"of a peer's images, the bridge reads {method} {path}",
            sent("CloudTwo", f"/v2/{path}", auth(f"tok!SCOPE!{TWO_DONE}")),
            f"/image/v2/{path}",
            (auth("tok"), plain(TO_TWO)),
            method,
            native=False,
        )
        for method, path in (
            ("GET", "images/i"),
            ("GET", "images/i/"),
            ("GET", "images/i/locations"),
            ("GET", "images?limit=1"),
            ("GET", "images?"),
            ("GET", "images/i?x=/file"),
            ("GET", "schemas/image"),
            ("PATCH", "images/i"),
            ("POST", "images/i/import"),
        )
    ),
    *(
        Case(
            f"of a peer's images, HAProxy alone hands on {method} {path}",
            sent("CloudTwo", f"/v2/{path}", auth(f"tok!SCOPE!{TWO_DONE}")),
            f"/image/v2/{path}",
            (auth("tok"), plain(TO_TWO)),
            method,
        )
        for method, path in (("GET", "images/i/file?prefer=a"), ("PUT", "images/i/stage"), ("DELETE", "images/i"))
    ),
    Case(
        "a version document where the prefixes are the same",
        sent("CloudTwo", "/v2/", plain(TWO_DONE)),
        "/v2/",
        (plain(TO_TWO),),
        to="image.internal",
        native=False,
    ),
    Case("discovery at home needs no scope", sent("CloudOne", "/compute"), "/compute", (plain(TO_TWO),)),
    Case(
        "an alias",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain('{"glance":"CloudTwo"}')),
    ),
    Case(
        "an escape in JSON",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("tok"), plain('{"im\\u0061ge":"CloudTwo"}')),
    ),
    Case(
        "an alias of the catalog is the official type",
        sent("CloudOne", "/volume/v3/p/volumes", auth('tok!SCOPE!{"*":"CloudTwo","block-storage":"CloudOne"}')),
        "/volume/v3/p/volumes",
        (auth("tok"), plain('{"*":"CloudTwo","block-storage":"CloudOne"}')),
        native=False,
    ),
    Case(
        "header and token that say the same",
        sent("CloudTwo", "/v2/images/i/file", auth(f"tok!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(f"tok!SCOPE!{TO_TWO}"), plain(TO_TWO)),
        native=False,
        rows=("W3", "T2"),
    ),
    Case(
        "a token with an exclamation mark, scoped by header",
        sent("CloudTwo", "/v2/images/i/file", auth(f"to!k!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("to!k"), plain(TO_TWO)),
        native=False,
    ),
    Case(
        "a token with an exclamation mark, scoped inside",
        sent("CloudTwo", "/v2/images/i/file", auth(f"to!k!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(f"to!k!SCOPE!{TO_TWO}"),),
        native=False,
    ),
    Case(
        "an empty token leaves the scope in the header",
        sent("CloudTwo", "/v2/images/i/file", auth(""), plain(TWO_DONE)),
        IMAGE_BYTES,
        (auth(""), plain(TO_TWO)),
    ),
]


SERVICE_TOKENS = [
    Case(
        "a service token does not leave",
        sent("CloudTwo", "/v2/images/i/file", auth(f"t!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth("t"), plain(TO_TWO), service("s")),
        rows=("W17",),
    ),
    Case(
        "a service token does not leave where Python sends the request",
        sent("CloudTwo", "/v2/images/i/file", auth(f"t!SCOPE!{TWO_DONE}")),
        IMAGE_BYTES,
        (auth(f"t!SCOPE!{TWO_DONE}"), plain(TO_TWO), service("s")),
        native=False,
    ),
    Case(
        "a service token without a user's does not leave",
        sent("CloudTwo", "/v2/images/i/file", plain(TWO_DONE)),
        IMAGE_BYTES,
        (plain(TO_TWO), service("s")),
    ),
    Case(
        "a service token does not leave for another cloud's Keystone",
        sent("CloudTwo", "/v3/users", auth('t!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}')),
        "/identity/v3/users",
        (auth("t"), plain('{"identity":"CloudTwo"}'), service("s")),
        native=False,
    ),
    *(
        Case(
            f"the second gateway's service token does not leave for {third}",
            sent(third, path, auth(f't!SCOPE!{{"*":"CloudOne","compute":"CloudTwo","image":"{third}"}}')),
            "/v2/images/i/file",
            (auth(f't!SCOPE!{{"*":"CloudOne","compute":"CloudTwo","image":"{third}"}}'), service("s")),
            at="CloudTwo",
            to="image.public",
        )
        for third, path in (("CloudOne", IMAGE_BYTES), ("Cloud-3.b", "/os/image/v2/images/i/file"))
    ),
    Case(
        "a service token leaves for a cloud that shares a data plane, and says where it is from",
        sent(
            "Cloud-3.b",
            "/os/image/v2/images/i/file",
            auth('t!SCOPE!{"*":"CloudOne","image":"Cloud-3.b"}'),
            service('s!SCOPE!{"*":"CloudOne"}'),
        ),
        IMAGE_BYTES,
        (auth("t"), plain('{"image":"Cloud-3.b"}'), service("s")),
        rows=("W17",),
    ),
    Case(
        "a service token that says where it is from, where it arrives",
        sent("CloudTwo", "/v2/images/i/file", auth(f"t!SCOPE!{TWO_DONE}"), service('s!SCOPE!{"*":"CloudOne"}')),
        "/v2/images/i/file",
        (auth(f"t!SCOPE!{TWO_DONE}"), service('s!SCOPE!{"*":"CloudOne"}')),
        at="CloudTwo",
        to="image.public",
        native=False,
    ),
    Case(
        "a malformed mark of a service token",
        refused(400, "X-Service-Token", "unknown cloud"),
        IMAGE_BYTES,
        (auth("t"), service('s!SCOPE!{"*":"Nowhere"}')),
        native=False,
    ),
]
