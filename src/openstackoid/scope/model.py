# SPDX-License-Identifier: Apache-2.0
"""A scope: which cloud serves which service for one request."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NewType

from openstackoid.scope.services import LEADERS

IDENTITY = "identity"
EVERY_OTHER = "*"
"""The entry that stands for every service that no other entry names. The gateway adds it with the home cloud."""


Issuer = NewType("Issuer", str)
"""The name of the cloud that issued a token. It is one cloud, whatever a scope says of services."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The expression that names one cloud."""

    name: str

    def to_text(self) -> str:
        """Return the expression as a user writes it."""
        return self.name


Expression = Cloud
"""The value of a scope's entry: which clouds serve a service. One cloud is the only kind."""


@dataclass(frozen=True, slots=True, repr=False)
class Scope(Mapping[str, str]):
    """The expressions for official service types (or ``*``), in the order in which they were written.

    As a mapping, it shows the text of each expression. Two scopes are equal when they say the same, whatever their order.
    :func:`openstackoid.scope.parse` makes them from text.
    """

    entries: tuple[tuple[str, Expression], ...]

    @classmethod
    def of(cls, clouds: Mapping[str, str]) -> "Scope":
        """Return the scope that names one cloud for each service of ``clouds``."""
        return cls(tuple((service, Cloud(name)) for service, name in clouds.items()))

    @classmethod
    def everything_in(cls, cloud: str) -> "Scope":
        """Return the scope that has every service in one cloud."""
        return cls(((EVERY_OTHER, Cloud(cloud)),))

    def __getitem__(self, service: str) -> str:
        for name, expression in self.entries:
            if name == service:
                return expression.to_text()
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

    def expression_for(self, service: str) -> Expression | None:
        """Return the expression of the entry that decides on ``service``; None where the home cloud serves it."""
        entry = self.entry_for(service)
        return None if entry is None else dict(self.entries)[entry]

    def issuer(self, home: str) -> Issuer:
        """Return the cloud that issued the token which this scope came with."""
        expression = self.expression_for(IDENTITY)
        return Issuer(home if expression is None else expression.name)

    def entry_for(self, service: str) -> str | None:
        """Return the name of the entry that decides on ``service``: ``service``, the one that it follows, or ``*``; or None."""
        known = {name for name, _ in self.entries}
        return next((name for name in (service, LEADERS.get(service, service), EVERY_OTHER) if name in known), None)

    def completed(self, home: str) -> "Scope":
        """Return the scope with its home written in, so that a gateway further on takes the same decision.

        A scope that already says what ``*`` is stays as it is: its user, or the first gateway, has decided.
        """
        if EVERY_OTHER in self:
            return self
        return Scope(((EVERY_OTHER, Cloud(home)), *self.entries))

    def workflow(self) -> "Scope":
        """Return what a workflow has in common on all its hops: who issued the token of a hop differs, so it is left out."""
        return Scope(tuple(entry for entry in self.entries if entry[0] != IDENTITY))

    def issued_by(self, issuer: Issuer) -> "Scope":
        """Return the scope for a token of ``issuer``, such as the token of one of its services."""
        return Scope(((IDENTITY, Cloud(issuer)), *self.workflow().entries))

    def to_header(self) -> str:
        """Return the form that travels in headers: JSON without white space, in the order of the entries."""
        return json.dumps({name: expression.to_text() for name, expression in self.entries}, separators=(",", ":"))
