# SPDX-License-Identifier: Apache-2.0
"""The table of cases: requests that say no scope."""

from conformance.case import IMAGE_BYTES, Case, auth, refused, sent, service, subject

UNSCOPED = [
    Case("no scope is the local cloud", sent("CloudOne", IMAGE_BYTES, auth("tok")), IMAGE_BYTES, (auth("tok"),), rows=("P4",)),
    Case("no token, no scope", sent("CloudOne", "/image"), "/image"),
    Case("another interface has its own socket", sent("CloudOne", IMAGE_BYTES), "/v2/images/i/file", to="image.internal"),
    Case("a backend without the prefix", sent("CloudOne", "/v2.0/ports"), "/networking/v2.0/ports"),
    Case("the root of a backend without the prefix", sent("CloudOne", "/"), "/networking"),
    Case("an alias in the catalog is a service", sent("CloudOne", "/volume/v3/p/volumes"), "/volume/v3/p/volumes"),
    Case("a token with an exclamation mark", sent("CloudOne", IMAGE_BYTES, auth("to!k")), IMAGE_BYTES, (auth("to!k"),)),
    Case("an empty token", sent("CloudOne", IMAGE_BYTES, auth("")), IMAGE_BYTES, (auth(""),)),
    Case("raw path", sent("CloudOne", "/image/v2/a%2Fb//c"), "/image/v2/a%2Fb//c"),
    Case("a prefix ends at a segment", refused(404, "CloudOne", "/image"), "/imagefoo/v2", native=False),
    Case("a path of no service", refused(404, "CloudOne"), "/", native=False),
    Case("no path at all", refused(404, "CloudOne"), "*", method="OPTIONS", to="image.internal", native=False),
    Case("two tokens", refused(400, "X-Auth-Token", "2 times"), IMAGE_BYTES, (auth("a"), auth("b")), native=False),
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
        sent("CloudOne", IMAGE_BYTES, auth("t"), service("s")),
        IMAGE_BYTES,
        (auth("t"), service("s")),
    ),
]
