# SPDX-License-Identifier: Apache-2.0
"""Wire versions: gateways announce to each other how a scope may stand in a token that is sent to them.

The header stands on requests to peers and on their answers. It is one of the gateways' own: HAProxy removes what clients and
services say in it.
"""

import re
from collections.abc import Iterable

from openstackoid.scope import WIRE

HEADER = "x-openstackoid-wire"

NEWER = rf"([{WIRE}-9]|[1-9][0-9]{{1,3}})"
"""The values that announce a gateway which reads what this release writes, as a pattern."""

_NEWER = re.compile(NEWER)


def note(announced: set[str], peer: str, values: Iterable[str]) -> None:
    """Add or remove ``peer``, whose gateway has answered with these values of the header."""
    if any(_NEWER.fullmatch(value) for value in values):
        announced.add(peer)
    else:
        announced.discard(peer)
