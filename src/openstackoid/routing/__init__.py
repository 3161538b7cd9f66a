# SPDX-License-Identifier: Apache-2.0
"""What happens to a request at a gateway: its head and the mesh in, a decision out. Pure: no sockets, no clock, no files."""

from openstackoid.routing.decide import CATALOG_PATH, IDENTITY, TOKENS_PATH, called_path, decide
from openstackoid.routing.decision import Decision, Forward, Refuse, Relay
from openstackoid.routing.links import (
    VERSION_DOCUMENT,
    names_document,
    own_identity,
    own_places,
    peer_places,
    plain_host,
    relinked,
)
from openstackoid.routing.request import Headers, Request, with_headers

__all__ = [
    "CATALOG_PATH",
    "IDENTITY",
    "TOKENS_PATH",
    "VERSION_DOCUMENT",
    "Decision",
    "Forward",
    "Headers",
    "Refuse",
    "Relay",
    "Request",
    "called_path",
    "decide",
    "names_document",
    "own_identity",
    "own_places",
    "peer_places",
    "plain_host",
    "relinked",
    "with_headers",
]
