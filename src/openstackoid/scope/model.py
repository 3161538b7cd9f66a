# SPDX-License-Identifier: Apache-2.0
"""A scope: which cloud serves which service for one request."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openstackoid.scope.services import LEADERS

IDENTITY = "identity"
EVERY_OTHER = "*"
"""The entry that stands for every service that no other entry names. The gateway adds it with the home cloud."""


@dataclass(frozen=True, slots=True, repr=False)
class Scope(Mapping[str, str]):
    """A mapping of official service types (or ``*``) to names of clouds, in the order in which they were written.

    Two scopes are equal when they say the same, whatever their order. :func:`openstackoid.scope.parse` makes them from text.
    """

    entries: tuple[tuple[str, str], ...]

    def __getitem__(self, service: str) -> str:
        for name, cloud in self.entries:
            if name == service:
                return cloud
        raise KeyError(service)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scope) and dict(self.entries) == dict(other.entries)

    def __hash__(self) -> int:
        return hash(frozenset(self.entries))

    def __repr__(self) -> str:
        return f"<Scope {self.to_header()}>"

    def cloud_for(self, service: str, home: str) -> str:
        """Return the cloud that serves ``service``: its own entry, else that of the service it follows, else ``*``, else home."""
        entry = self.entry_for(service)
        return home if entry is None else self[entry]

    def entry_for(self, service: str) -> str | None:
        """Return the name of the entry that decides on ``service``: ``service``, the one that it follows, or ``*``; or None."""
        names = (service, LEADERS.get(service, service), EVERY_OTHER)
        return next((name for name in names if name in self), None)

    def completed(self, home: str) -> "Scope":
        """Return the scope with its home written in, so that a gateway further on takes the same decision.

        A scope that already says what ``*`` is stays as it is: its user, or the first gateway, has decided.
        """
        if EVERY_OTHER in self:
            return self
        return Scope(((EVERY_OTHER, home), *self.entries))

    def workflow(self) -> "Scope":
        """Return what a workflow has in common on all its hops: who issued the token of a hop differs, so it is left out."""
        return Scope(tuple(entry for entry in self.entries if entry[0] != IDENTITY))

    def issued_by(self, cloud: str) -> "Scope":
        """Return the scope for a token that ``cloud`` has issued, such as that of a service of it."""
        return Scope(((IDENTITY, cloud), *self.workflow().entries))

    def to_header(self) -> str:
        """Return the form that travels in headers: JSON without white space, in the order of the entries."""
        return json.dumps(dict(self.entries), separators=(",", ":"))
