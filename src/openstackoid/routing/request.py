# SPDX-License-Identifier: Apache-2.0
"""The head of a request, as far as routing reads it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from openstackoid.mesh import Listener
from openstackoid.scope import Scope, Times

Headers = tuple[tuple[str, str], ...]


class NotRead(Enum):
    """In place of a scope: the store was not asked for it yet."""

    NOT_READ = "not read"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has reached a gateway.

    ``listener``: the socket of the gateway. ``path``: the raw path without the query. ``headers``: all headers in order.
    ``query``: the raw query, None without a ``?``. ``body_token``: the token in the body of an authentication
    (``auth.identity.token.id``), if any. ``body``: the JSON document in the body, None until it is read. ``recalled``: the
    stored scope of the request's id, None without one, ``NOT_READ`` until the store is asked. ``fresh_id``: an id for a workflow
    that the request may begin. ``sender``: the cloud of the sending gateway, by its certificate. ``announced``: the peers that
    read the newer form of a scope (:mod:`openstackoid.routing.wire_version`); ``plain``: those that do not read operators.
    ``times``: from the clouds around which others are sought, as far as they were asked for.
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
    plain: Collection[str] = frozenset()
    query: str | None = field(default=None, repr=False)
    times: Times = field(default_factory=dict, hash=False)

    def values(self, name: str) -> list[str]:
        """Return every value of a header; names are compared without case."""
        return [value for key, value in self.headers if key.lower() == name]


def with_headers(headers: Headers, changes: dict[str, str | None]) -> Headers:
    """Return ``headers`` with each header of ``changes`` (lower-case names) set once, or removed if its value is None."""
    kept = tuple((key, value) for key, value in headers if key.lower() not in changes)
    return kept + tuple((key, value) for key, value in changes.items() if value is not None)
