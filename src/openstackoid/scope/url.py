# SPDX-License-Identifier: Apache-2.0
"""The form of a scope in a URL, for clients that nobody can change: ``image=CloudTwo,compute=CloudOne``.

It is one segment of a path, behind the root of a service: ``<identity>/scope/<form>/v3``. JSON would do as well, but braces and
quotes in a URL are read and written differently by every client, while these characters are plain in a path
(RFC 3986, section 3.3).
"""

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import unquote

from openstackoid.scope.errors import ScopeError
from openstackoid.scope.model import Scope
from openstackoid.scope.parser import MAX_LENGTH, Name, scope_of

MARKER = "/scope/"
"""What stands between the root of a service's frontend and the form; no OpenStack service has anything there."""
_EXAMPLE = "image=CloudTwo,compute=CloudOne"


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
    if len(text) > MAX_LENGTH:
        raise ScopeError(f"too large: {len(text)} characters, at most {MAX_LENGTH} are accepted", text, MAX_LENGTH)
    return scope_of(text, _pairs(text), services=services, clouds=clouds, offers=offers)


def _pairs(text: str) -> Iterator[tuple[Name, Name]]:
    at = 0
    for entry in text.split(","):
        service, mark, cloud = entry.partition("=")
        end = at + len(entry)
        if not mark:
            raise ScopeError(f"service=cloud is expected here, for example {_EXAMPLE}", text, at, end)
        middle = at + len(service)
        yield Name(service, at, middle), Name(cloud, middle + 1, end)
        at = end + 1
