# SPDX-License-Identifier: Apache-2.0
"""Walk a JSON document, and replace or remove the texts at the positions of links. Pure.

:mod:`openstackoid.bridge.proxy.links` says what each link becomes.
"""

from collections.abc import Callable
from typing import Any

USERS_OWN = frozenset(
    {"metadata", "extra", "extra_specs", "properties", "driver_info", "instance_info", "parameters", "template"}
)
"""Keys below which no link stands: users choose the keys there."""

_AT_TOP = frozenset({"next", "previous", "prev", "first", "last", "self"})
_CONTAINERS = (dict, list)
_GONE = object()
_Link = Callable[[str], str | None]


class LinkPositions:
    """The links of one document. ``link`` returns the text for a text, or None for a link to remove.

    ``page`` does the same at the top, where clients look for the next page of a list; by default it is ``link``. An object whose
    ``href`` is removed goes as a whole: a client that reads links expects one in each.
    """

    def __init__(self, link: _Link, page: _Link | None = None) -> None:
        self._link = link
        self._page = page or link
        self._removed = False

    def rewritten(self, document: Any, *, whole: bool) -> Any:
        """Return the document with new links; ``whole``: any text of it may be one."""
        found = self._all(document, self._link) if whole else self._top(document)
        return _pruned(found) if self._removed else found

    def _top(self, document: Any) -> Any:
        if not isinstance(document, dict):
            return self._within(document)
        return {key: self._at_top(key, value) for key, value in document.items()}

    def _at_top(self, key: str, value: Any) -> Any:
        is_page = key in _AT_TOP and isinstance(value, str)
        if is_page or (_names_links(key) and isinstance(value, _CONTAINERS)):
            return self._all(value, self._page)
        return self._entry(key, value)

    def _entry(self, key: str, value: Any) -> Any:
        if not isinstance(value, _CONTAINERS) or key in USERS_OWN:
            return value
        return self._all(value, self._link) if _names_links(key) else self._within(value)

    def _within(self, value: Any) -> Any:
        if isinstance(value, dict):
            is_link = isinstance(value.get("href"), str) and isinstance(value.get("rel"), str)
            # Most values are scalars: a call for each would take half of the time.
            return {
                key: self._entry(key, item)
                if isinstance(item, _CONTAINERS)
                else self._text(item, self._link)
                if is_link and key == "href"
                else item
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._within(item) if isinstance(item, _CONTAINERS) else item for item in value]
        return value

    def _all(self, value: Any, link: _Link) -> Any:
        if isinstance(value, dict):
            return {key: self._all(item, link) for key, item in value.items()}
        if isinstance(value, list):
            return [self._all(item, link) for item in value]
        return self._text(value, link)

    def _text(self, value: Any, link: _Link) -> Any:
        if not isinstance(value, str):
            return value
        found = link(value)
        if found is None:
            self._removed = True
            return _GONE
        return found


def _names_links(key: str) -> bool:
    return key == "links" or key.endswith("_links")


def _pruned(value: Any) -> Any:
    """Return a document without what is gone."""
    if isinstance(value, dict):
        if value.get("href") is _GONE:
            return _GONE
        kept = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not _GONE}
    if isinstance(value, list):
        return [item for item in map(_pruned, value) if item is not _GONE]
    return value
