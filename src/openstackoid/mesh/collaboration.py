# SPDX-License-Identifier: Apache-2.0
"""Rules for services of a workflow that must be in one cloud, as data, and their match with a request.

Most scopes work: an image is read once, from any cloud. Others would leave half a server behind, so they are refused first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ANY_VALUE = "*"
Places = Mapping[str, tuple[str, ...]]
"""Dotted paths into a JSON document, ``*`` for each item of a list, with the matching values (``*``: any but null)."""

# The part before the path of a resource: API version, and project id by Nova's or Swift's pattern.
_BASE = r"(?:/v[0-9.]+)?(?:/(?:[0-9a-f-]+|AUTH_[^/]+))?"


@dataclass(frozen=True)
class Collaboration:
    """A rule: the ``requests`` to ``service`` need ``partner`` in the same cloud, or in one that shares its data plane.

    ``requests``: pairs of a method and a path below the service's version and project; ``*`` is one segment. ``when`` and
    ``unless``: values in the body; with ``when`` only requests with one of them match.
    """

    name: str
    service: str
    partner: str
    requests: tuple[tuple[str, str], ...]
    reason: str
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unless: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((method, re.compile(_BASE + _pattern(path))) for method, path in self.requests)

    def about(self, method: str, called: str) -> bool:
        """Return whether the rule covers a request, by its method and its path below the service's root."""
        return any(method == known and pattern.fullmatch(called) for known, pattern in self._patterns)

    @property
    def asks_for_body(self) -> bool:
        """Whether the rule depends on the body of a request."""
        return bool(self.when or self.unless)

    def applies(self, body: Any) -> bool:
        """Return whether the rule covers a request with this JSON document as its body."""
        return (not self.when or _has(body, self.when)) and not _has(body, self.unless)

    def __repr__(self) -> str:
        return f"<Collaboration {self.name}: {self.service} with {self.partner}>"


def _pattern(path: str) -> str:
    return "".join("/[^/]+" if part == "*" else f"/{re.escape(part)}" for part in path.strip("/").split("/"))


def _has(body: Any, places: tuple[tuple[str, tuple[str, ...]], ...]) -> bool:
    return any(
        value is not None and (ANY_VALUE in accepted or str(value) in accepted)
        for path, accepted in places
        for value in _values(body, path.split("."))
    )


def _values(document: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield document
        return
    if path[0] == "*":
        for item in document if isinstance(document, list) else ():
            yield from _values(item, path[1:])
    elif isinstance(document, dict) and path[0] in document:
        yield from _values(document[path[0]], path[1:])
