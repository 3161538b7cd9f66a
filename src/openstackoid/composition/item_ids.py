# SPDX-License-Identifier: Apache-2.0
"""Ids of a peer's items that would end or extend the paths that clients make of them. Pure.

openstacksdk writes an id into the path of the next request as it is: ``7#`` leads to the item ``7``.
"""

import re
from typing import Any

NAMES = ("id", "uuid", "stack_name")
"""The members that clients make paths of. A queue's name is its id, but other things may have any name."""

_ENDS_OF_PATHS = re.compile(r"[/?#\\]")


def has_odd_id(item: Any) -> bool:
    """Return whether an item of a list, parsed, has such an id."""
    if not isinstance(item, dict):
        return False
    # A loop, for a generator would take twice as long for each item of a long list.
    for name in NAMES:
        given = item.get(name)
        if isinstance(given, str) and _ENDS_OF_PATHS.search(given) is not None:
            return True
    return False
