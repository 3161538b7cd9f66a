# SPDX-License-Identifier: Apache-2.0
"""Wire versions: gateways announce to each other the form of a scope in a token, and the scopes, that they read.

The header is on requests to peers and their answers. HAProxy removes it from messages of clients and services.
"""

import re
from collections.abc import Sequence

from openstackoid.scope import WIRE

HEADER = "x-openstackoid-wire"

SPOKEN = 3
"""The wire version of this release: 2 reads the newer form of a scope in a token, 3 reads operators as well."""

OPERATORS = rf"([{SPOKEN}-9]|[1-9][0-9]{{1,3}})"
"""The values that announce a gateway that reads operators, as a pattern."""

NEWER = rf"([{WIRE}-9]|[1-9][0-9]{{1,3}})"
"""The values that announce a gateway that reads the newer form, as a pattern."""

_NEWER, _OPERATORS = re.compile(NEWER), re.compile(OPERATORS)


class Announcements:
    """The peers by their last answers. ``announced``: they read the newer form; ``plain``: they do not read operators."""

    def __init__(self) -> None:
        self.announced: set[str] = set()
        self.plain: set[str] = set()

    def note(self, peer: str, values: Sequence[str]) -> None:
        """Note the values of the header in an answer of a peer's gateway."""
        newer, operators = (any(pattern.fullmatch(value) for value in values) for pattern in (_NEWER, _OPERATORS))
        for peers, belongs in ((self.announced, newer), (self.plain, not operators)):
            if belongs:
                peers.add(peer)
            else:
                peers.discard(peer)
