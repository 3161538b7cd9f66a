# SPDX-License-Identifier: Apache-2.0
"""Wire versions as HAProxy rules: the scopes that a peer reads, learnt from its answers, and announced to peers.

``wire.map`` holds the peers that announce the newer form of a scope in a token, with their version. It changes with a peer's
announcement.
"""

from openstackoid.haproxy.maps import ROUTES, WIRES
from openstackoid.mesh import Cloud
from openstackoid.routing.wire_version import HEADER, NEWER, OPERATORS, SPOKEN
from openstackoid.scope import WIRE

ANNOUNCED = "{ var(txn.wire) -m found }"
"""Whether the peer of the request had announced the newer version."""

_TITLE = HEADER.title()


def spoken_rules(cloud: Cloud) -> list[str]:
    """Return the rules that announce the version in the answer to a peer that announced its own.

    A peer has a certificate; without TLS, the header is its proof. They stand before the rule that drops the header.
    """
    proven = " { var(sess.from) -m found }" if cloud.tls is not None and cloud.secure_listeners else ""
    return [
        "# Gateways announce to each other the form of a scope in a token.",
        f"http-request set-var(txn.wire_spoken) bool(true) if {{ req.fhdr({HEADER}) -m found }}{proven}",
        f"http-after-response set-header {_TITLE} {SPOKEN} if {{ var(txn.wire_spoken) -m found }}",
    ]


def peer_request() -> list[str]:
    """Return the rule that announces the version to a peer."""
    return [f"http-request set-header {_TITLE} {SPOKEN}"]


def told_by_peers() -> list[str]:
    """Return the rules that learn from a peer's answer, and remove the header.

    They stand before any rule that ends the section.
    """
    said, operators = (f"{{ res.fhdr({HEADER}) -m reg ^{pattern}$ }}" for pattern in (NEWER, OPERATORS))
    return [
        "# Whether the peer reads the newer form of a scope, and operators.",
        f"http-response set-map({WIRES}) %[var(txn.cloud)] {WIRE} if !{{ var(txn.wire) -m str {WIRE} }} {said} !{operators}",
        f"http-response set-map({WIRES}) %[var(txn.cloud)] {SPOKEN} if !{{ var(txn.wire) -m str {SPOKEN} }} {operators}",
        "# HAProxy itself answers about the health, and announces nothing.",
        f"http-response del-map({WIRES}) %[var(txn.cloud)] if {ANNOUNCED} !{said} !{{ var(txn.health) -m found }}",
        "# A peer that reads no operators any more: the Python service decides about the next such request.",
        f"http-response del-map({ROUTES}) %[var(txn.key)] if {{ status 400 }} !{operators} {{ var(txn.key) -m found }}",
        f"http-response del-header {HEADER}",
    ]
