# SPDX-License-Identifier: Apache-2.0
"""The short form of a scope, ``image=CloudTwo,compute=CloudOne``, and the one way in for what a user writes in either form.

In a URL it is one segment of a path, as in ``<identity>/scope/<form>/v3``. JSON would do as well, but braces and quotes in a URL
are read and written differently by every client, while these characters are plain in a path (RFC 3986, section 3.3).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import unquote

from openstackoid.scope.errors import ScopeError
from openstackoid.scope.model import Scope
from openstackoid.scope.parser import MAX_LENGTH, Name, parse_json, scope_of

MARKER = "/scope/"
"""What stands between the root of a service's frontend and the form; no OpenStack service has anything there."""
_EXAMPLE = "image=CloudTwo,compute=CloudOne"
_BEGINS_SHORT = re.compile(r"[ \t\r\n]*[A-Za-z0-9*]")
_BLANK = " \t\r\n"


def parse(
    text: str,
    *,
    services: Collection[str] | None = None,
    clouds: Collection[str] | None = None,
    offers: Mapping[str, Collection[str]] | None = None,
) -> Scope:
    """Return the scope that a user wrote, in the short form or as a JSON object: the first character tells them apart.

    White space around the names counts for nothing. The arguments are those of :func:`openstackoid.scope.parse_json`.

    Raises :class:`ScopeError`, which names the first wrong spot and what is accepted there.
    """
    if _BEGINS_SHORT.match(text) is None:
        return parse_json(text, services=services, clouds=clouds, offers=offers)
    return _parse_short(text, _pairs(text, _BLANK), services=services, clouds=clouds, offers=offers)


def parse_url_form(
    segment: str,
    *,
    services: Collection[str] | None = None,
    clouds: Collection[str] | None = None,
    offers: Mapping[str, Collection[str]] | None = None,
) -> Scope:
    """Return the scope that a segment of a path says, percent-encoded or not; the arguments are those of :func:`parse`.

    Raises :class:`ScopeError`, whose offsets are those of the decoded segment.
    """
    text = unquote(segment)
    return _parse_short(text, _pairs(text, ""), services=services, clouds=clouds, offers=offers)


def _parse_short(
    text: str,
    pairs: Iterator[tuple[Name, Name]],
    *,
    services: Collection[str] | None,
    clouds: Collection[str] | None,
    offers: Mapping[str, Collection[str]] | None,
) -> Scope:
    if len(text) > MAX_LENGTH:
        raise ScopeError(f"too large: {len(text)} characters, at most {MAX_LENGTH} are accepted", text, MAX_LENGTH)
    return scope_of(text, pairs, services=services, clouds=clouds, offers=offers)


def _pairs(text: str, blank: str) -> Iterator[tuple[Name, Name]]:
    """Yield services and their clouds; the characters of ``blank`` around a name are no part of it."""
    at = 0
    for entry in text.split(","):
        service, mark, cloud = entry.partition("=")
        end = at + len(entry)
        if not mark:
            raise ScopeError(f"service=cloud is expected here, for example {_EXAMPLE}", text, at, end)
        middle = at + len(service)
        yield _name(service, at, blank), _name(cloud, middle + 1, blank)
        at = end + 1


def _name(written: str, start: int, blank: str) -> Name:
    value = written.lstrip(blank)
    start += len(written) - len(value)
    value = value.rstrip(blank)
    return Name(value, start, start + len(value))
