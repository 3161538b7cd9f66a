# SPDX-License-Identifier: Apache-2.0
"""The head of a request, as far as routing looks at it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from openstackoid.mesh import Listener
from openstackoid.scope import Scope

Headers = tuple[tuple[str, str], ...]


class NotRead(Enum):
    """In the place of a scope: the store has not been asked for it yet."""

    NOT_READ = "not read"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has reached a gateway.

    ``listener`` is the socket of the gateway that it came to, ``path`` the raw path without the query, ``headers`` all headers
    in their order, ``query`` the raw query, or None without a ``?``. ``body_token`` is the token in the body of an authentication
    (``auth.identity.token.id``), where there is one. ``body`` is the JSON document in the body, or None as long as nobody has
    read it. ``recalled`` is the scope that the store has for the request's id, None where it has none, ``NOT_READ`` as long as
    nobody has asked it; ``fresh_id`` is an id for the workflow that the request may begin. ``sender`` is the cloud whose gateway
    has sent the request, by its certificate. ``announced``: the peers whose gateways have announced that they read a scope in
    the newer form, see :mod:`openstackoid.routing.wire_version`.
    """

    method: str
    listener: Listener
    path: str
    headers: Headers = field(default=(), repr=False)
    body_token: str | None = field(default=None, repr=False)
    body: Any = field(default=None, repr=False)
    recalled: Scope | NotRead | None = None
    fresh_id: str = ""
    sender: str | None = None
    announced: Collection[str] = frozenset()
    query: str | None = field(default=None, repr=False)

    def values(self, name: str) -> list[str]:
        """Return every value of a header, names compared without case."""
        return [value for key, value in self.headers if key.lower() == name]


def with_headers(headers: Headers, changes: dict[str, str | None]) -> Headers:
    """Return ``headers`` with each header of ``changes`` (lower-case names) set once, or removed where its value is None."""
    kept = tuple((key, value) for key, value in headers if key.lower() not in changes)
    return kept + tuple((key, value) for key, value in changes.items() if value is not None)
