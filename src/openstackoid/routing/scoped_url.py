# SPDX-License-Identifier: Apache-2.0
"""A scope in a URL: ``<root of a service>/scope/<scope>/...`` is a request to ``<root>/...`` under that scope. Pure.

It has one spelling. Other paths that a server would read alike are refused, never sent without the scope.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing.normal_path import decoded
from openstackoid.scope import MARKER

OBJECT_STORE = "object-store"
"""The service whose paths hold names that users choose; an object may be called ``scope/a=b``."""

SIGNED = ("oauth ", "aws ", "aws4-")
"""Schemes of ``Authorization`` whose credentials sign the URL as the client wrote it."""

_WORD = MARKER.strip("/")


@dataclass(frozen=True, slots=True)
class ScopedUrl:
    """A path with a scope in it: ``segment`` is the scope as written, ``path`` the path without it."""

    segment: str
    path: str


def scoped_url(endpoint: Endpoint, path: str) -> ScopedUrl | None:
    """Return the scope in a path of ``endpoint``, or None."""
    prefix = endpoint.frontend.prefix
    below = path[len(prefix) :]
    if not f"{below}/".startswith(MARKER):
        return None
    segment = below[len(MARKER) :].partition("/")[0]
    return ScopedUrl(segment, (prefix + below[len(MARKER) + len(segment) :]) or "/")


def is_misspelt(endpoint: Endpoint, path: str) -> bool:
    """Return whether ``path`` has a scope in another spelling than :func:`scoped_url` reads."""
    if scoped_url(endpoint, path) is not None:
        return False
    below = decoded(path[len(endpoint.frontend.prefix) :]).lower()
    if MARKER.rstrip("/") not in below:
        return False
    parts = [name for part in below.split("/") if (name := part.partition(";")[0])]
    if endpoint.service == OBJECT_STORE or parts[:1] == [_WORD]:
        return parts[:1] == [_WORD]
    return any(part == _WORD and "=" in after for part, after in pairwise(parts))


def with_segment(endpoint: Endpoint, segment: str | None) -> Endpoint:
    """Return the endpoint of a client's URL with a scope, so that links carry the scope on."""
    return endpoint if segment is None else _longer(endpoint, MARKER + segment)


def as_entered(here: Cloud, frontend_endpoint: Endpoint, endpoint: Endpoint) -> Endpoint:
    """Return ``endpoint`` with the scope in its URL that ``frontend_endpoint``, an endpoint of ``here``, has in its own."""
    plain = next((known for known in here.endpoints if known.key == frontend_endpoint.key), frontend_endpoint)
    return _longer(endpoint, frontend_endpoint.frontend.prefix.removeprefix(plain.frontend.prefix))


def _longer(endpoint: Endpoint, more: str) -> Endpoint:
    return replace(endpoint, frontend=replace(endpoint.frontend, prefix=endpoint.frontend.prefix + more)) if more else endpoint
