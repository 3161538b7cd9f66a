# SPDX-License-Identifier: Apache-2.0
"""Wire versions as HAProxy rules: which form of a scope a peer reads, learnt from its answers, and announced to peers alone.

``wire.map`` holds the peers that announce the newer version. It changes when a peer's answer says otherwise than the one before.
"""

from openstackoid.haproxy.maps import WIRES
from openstackoid.mesh import Cloud
from openstackoid.routing.wire_version import HEADER, NEWER
from openstackoid.scope import WIRE

ANNOUNCED = "{ var(txn.wire) -m found }"
"""Whether the peer that the request goes to has announced the newer version; see :func:`looked_up`."""

_TITLE = HEADER.title()


def looked_up(condition: str) -> str:
    """Return the rule that looks up what the peer in ``txn.place`` has announced."""
    return f"http-request set-var(txn.wire) var(txn.place),field(1,|),map_str({WIRES}) {condition}"


def spoken_rules(cloud: Cloud) -> list[str]:
    """Return the rules that announce the version in the answer to a peer that has announced its own in the request.

    A peer has proved to be one by its certificate; where gateways have none, the header is its proof. They stand before the
    rule that drops the header.
    """
    proven = " { var(sess.from) -m found }" if cloud.tls is not None and cloud.secure_listeners else ""
    return [
        "# Gateways announce to each other how a scope may stand in a token.",
        f"http-request set-var(txn.wire_spoken) bool(true) if {{ req.fhdr({HEADER}) -m found }}{proven}",
        f"http-after-response set-header {_TITLE} {WIRE} if {{ var(txn.wire_spoken) -m found }}",
    ]


def peer_request() -> list[str]:
    """Return the rule that announces the version to a peer."""
    return [f"http-request set-header {_TITLE} {WIRE}"]


def told_by_peers() -> list[str]:
    """Return the rules that learn from a peer's answer; the header goes no further.

    They stand before any rule that ends the section.
    """
    said = f"{{ res.fhdr({HEADER}) -m reg ^{NEWER}$ }}"
    return [
        "# Whether the peer reads the newer form of a scope.",
        f"http-response set-map({WIRES}) %[var(txn.cloud)] {WIRE} if !{ANNOUNCED} {said}",
        f"http-response del-map({WIRES}) %[var(txn.cloud)] if {ANNOUNCED} !{said}",
        f"http-response del-header {HEADER}",
    ]
