# SPDX-License-Identifier: Apache-2.0
"""The clouds that claim each resource of a merged list. Only UUIDs count: another id may be in several clouds."""

import re
from collections.abc import Iterator

MOST = 500
"""Resources of one list that are noted, at most."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_uuid(id_: str) -> bool:
    """Return whether an id is a UUID in the form in which services write it."""
    return _UUID.fullmatch(id_) is not None


class Claims:
    """The ids of a list with their clouds. ``contested``: those that several clouds list."""

    def __init__(self) -> None:
        self.contested: set[str] = set()
        self._clouds: dict[str, str] = {}

    def note(self, id_: str, cloud: str) -> None:
        """Note that a cloud lists an id."""
        known = self._clouds.get(id_)
        if known is None:
            if len(self._clouds) < MOST and is_uuid(id_):
                self._clouds[id_] = cloud
        elif known != cloud:
            self.contested.add(id_)

    def sole(self) -> Iterator[tuple[str, str]]:
        """Return the ids that one cloud lists, with that cloud."""
        return ((id_, cloud) for id_, cloud in self._clouds.items() if id_ not in self.contested)
