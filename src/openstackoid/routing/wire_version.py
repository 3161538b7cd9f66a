# SPDX-License-Identifier: Apache-2.0
"""Wire versions: gateways announce to each other the form of a scope in a token that they read.

The header is on requests to peers and their answers. HAProxy removes it from messages of clients and services.
"""

import re
from collections.abc import Iterable

from openstackoid.scope import WIRE

HEADER = "x-openstackoid-wire"

NEWER = rf"([{WIRE}-9]|[1-9][0-9]{{1,3}})"
"""The values that announce a gateway of this version or a newer one, as a pattern."""

_NEWER = re.compile(NEWER)


def note(announced: set[str], peer: str, values: Iterable[str]) -> None:
    """Add or remove ``peer``, whose gateway has answered with these values of the header."""
    if any(_NEWER.fullmatch(value) for value in values):
        announced.add(peer)
    else:
        announced.discard(peer)
