# SPDX-License-Identifier: Apache-2.0
"""A scope: the cloud of each service for one request."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NewType

from openstackoid.scope.services import LEADERS

IDENTITY = "identity"
EVERY_OTHER = "*"
"""The entry for every service without one of its own. The gateway adds it with the home cloud."""


Issuer = NewType("Issuer", str)
"""The cloud that issued the token: always one, whatever the scope."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The expression that names one cloud."""

    name: str

    def to_text(self) -> str:
        """Return the expression as a user writes it."""
        return self.name


Expression = Cloud
"""The value of a scope's entry. One cloud is the only kind."""


@dataclass(frozen=True, slots=True, repr=False)
class Scope(Mapping[str, str]):
    """The expressions for official service types (or ``*``), in the order in which they were written.

    A mapping of services to the texts of their expressions. Scopes with the same entries are equal in any order. Made by
    :func:`openstackoid.scope.parse`.
    """

    entries: tuple[tuple[str, Expression], ...]

    @classmethod
    def of(cls, clouds: Mapping[str, str]) -> "Scope":
        """Return the scope with one cloud for each service of ``clouds``."""
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
        """Return the expression for ``service``; None where the home cloud serves it."""
        entry = self.entry_for(service)
        return None if entry is None else dict(self.entries)[entry]

    def issuer(self, home: str) -> Issuer:
        """Return the cloud that issued the token of this scope."""
        expression = self.expression_for(IDENTITY)
        return Issuer(home if expression is None else expression.name)

    def entry_for(self, service: str) -> str | None:
        """Return the name of the entry for ``service``: itself, its leader, ``*``, or None."""
        known = {name for name, _ in self.entries}
        return next((name for name in (service, LEADERS.get(service, service), EVERY_OTHER) if name in known), None)

    def completed(self, home: str) -> "Scope":
        """Return the scope with its home as ``*``, so that every later gateway takes the same decision.

        A scope with ``*`` stays as it is.
        """
        if EVERY_OTHER in self:
            return self
        return Scope(((EVERY_OTHER, Cloud(home)), *self.entries))

    def workflow(self) -> "Scope":
        """Return the scope without the issuer of the token, which differs between the hops of a workflow."""
        return Scope(tuple(entry for entry in self.entries if entry[0] != IDENTITY))

    def issued_by(self, issuer: Issuer) -> "Scope":
        """Return the scope for a token of ``issuer``, such as the token of one of its services."""
        return Scope(((IDENTITY, Cloud(issuer)), *self.workflow().entries))

    def to_header(self) -> str:
        """Return the form for headers: JSON without white space, entries in order."""
        return json.dumps({name: expression.to_text() for name, expression in self.entries}, separators=(",", ":"))
