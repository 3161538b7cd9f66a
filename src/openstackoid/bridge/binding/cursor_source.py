# SPDX-License-Identifier: Apache-2.0
"""The keys of the markers of merged lists: derived from those of bound tokens, so that all gateways of a cloud have the same."""

from openstackoid.binding import KeyRepository, Keys
from openstackoid.composition import CURSOR_KEY, Cursors

_PURPOSE = b"openstackoid cursor key 1"


class CursorSource:
    """Makes :class:`Cursors` of the keys that are in force. The primary key seals; each of them opens."""

    def __init__(self, repository: KeyRepository) -> None:
        self._repository = repository
        self._made: tuple[Keys, Cursors] | None = None

    def current(self) -> Cursors:
        """Return the cursors of the keys that are in their folder now."""
        keys = self._repository.current()
        if self._made is None or self._made[0] is not keys:
            self._made = keys, Cursors([key.derive(_PURPOSE, CURSOR_KEY) for key in keys.opening])
        return self._made[1]
