# SPDX-License-Identifier: Apache-2.0
"""Rules for services of a workflow that must be of one cloud, as data, and the match of a request against a rule.

Most scopes work: an image is read once, from any cloud. Some would leave half a server behind, because two services need each
other for as long as the server lives. Those are refused before they begin.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ANY_VALUE = "*"
Places = Mapping[str, tuple[str, ...]]
"""Dotted paths into a JSON document, ``*`` for each item of a list, and the values that count there (``*``: any but null)."""

# The part before the path of a resource: an API version, and the id of a project, by Nova's own pattern for it, or Swift's.
_BASE = r"(?:/v[0-9.]+)?(?:/(?:[0-9a-f-]+|AUTH_[^/]+))?"


@dataclass(frozen=True)
class Collaboration:
    """A rule: the ``requests`` to ``service`` need ``partner`` to be of the same cloud, or of one that shares its data plane.

    ``requests`` are pairs of a method and a path below the service's version and project, in which ``*`` is one segment.
    ``when`` and ``unless`` look into the body: with ``when`` only requests that have one of its values are meant.
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
        """True for a rule that depends on the body of a request."""
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
