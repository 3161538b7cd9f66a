# SPDX-License-Identifier: Apache-2.0
"""A scope: the cloud of each service for one request."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NewType, TypeGuard

from openstackoid.scope.expression import Cloud, Expression, Otherwise, clouds_of, has_all, otherwise, plain_clouds
from openstackoid.scope.services import LEADERS

IDENTITY = "identity"
EVERY_OTHER = "*"
"""The entry for every service without one of its own. The gateway adds it with the home cloud."""

_written = json.JSONEncoder(separators=(",", ":")).encode

Issuer = NewType("Issuer", str)
"""The cloud that issued the token: always one, whatever the scope."""


@dataclass(frozen=True, slots=True, repr=False)
class Scope(Mapping[str, str]):
    """The expressions for official service types (or ``*``), in the order in which they were written.

    A mapping of services to the texts of their expressions. Scopes with the same entries are equal in any order. Made by
    :func:`openstackoid.scope.parse`. ``written``: the scope before ``around`` and ``nearest`` in it were resolved; None without
    them.
    """

    entries: tuple[tuple[str, Expression], ...]
    written: "Scope | None" = None

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

    @property
    def is_compound(self) -> bool:
        """Return whether an entry is more than one cloud's name."""
        return any(not isinstance(expression, Cloud) for _, expression in self.entries)

    def expression_for(self, service: str) -> Expression | None:
        """Return the expression for ``service``; None where the home cloud serves it."""
        entry = self.entry_for(service)
        return None if entry is None else dict(self.entries)[entry]

    @property
    def has_all(self) -> bool:
        """Return whether an entry has ``A & B``."""
        return any(has_all(expression) for _, expression in self.entries)

    def clouds_for(self, service: str, home: str) -> tuple[str, ...]:
        """Return the clouds that may serve ``service``, in the order in which they are named."""
        expression = self.expression_for(service)
        return (home,) if expression is None else clouds_of(expression)

    def text_for(self, service: str, home: str) -> str:
        """Return the expression for ``service`` in its canonical form; ``home`` without one."""
        expression = self.expression_for(service)
        if expression is None:
            return home
        return (expression.members[0] if _is_alone(expression) else expression).to_text()

    def issuer(self, home: str) -> Issuer:
        """Return the cloud that issued the token of this scope."""
        expression = self.expression_for(IDENTITY)
        return Issuer(expression.name if isinstance(expression, Cloud) else home)

    def entry_for(self, service: str) -> str | None:
        """Return the name of the entry for ``service``: itself, its leader, ``*``, or None.

        ``*`` with anything but one cloud is not for ``identity``: a token has one issuer.
        """
        known = dict(self.entries)
        if service in known:
            return service
        leader = LEADERS.get(service)
        if leader in known:
            return leader
        is_for_all = EVERY_OTHER in known and (service != IDENTITY or isinstance(known[EVERY_OTHER], Cloud))
        return EVERY_OTHER if is_for_all else None

    def completed(self, home: str) -> "Scope":
        """Return the scope with its home as ``*``, so that every later gateway takes the same decision.

        A scope with ``*`` stays as it is, but for ``identity`` in its home where ``*`` is not one cloud.
        """
        rest = dict(self.entries).get(EVERY_OTHER)
        if rest is None:
            return Scope(((EVERY_OTHER, Cloud(home)), *self.entries))
        if isinstance(rest, Cloud) or (IDENTITY in self and not _is_alone(rest)):
            return self
        entries = {**dict(self.entries), EVERY_OTHER: rest.members[0] if _is_alone(rest) else rest}
        return Scope(tuple({**entries, IDENTITY: entries.get(IDENTITY, Cloud(home))}.items()))

    def clouds(self) -> tuple[str, ...]:
        """Return the clouds that the scope names, each once."""
        return tuple(dict.fromkeys(name for _, expression in self.entries for name in clouds_of(expression)))

    def with_entry(self, service: str, expression: Expression) -> "Scope":
        """Return the scope with an entry of ``service``, in the place of one that it has."""
        return Scope(tuple({**dict(self.entries), service: expression}.items()))

    def projected(self, service: str, cloud: str) -> "Scope":
        """Return the scope of a request to ``service`` of ``cloud``, without ``A & B``.

        That of the service is the cloud. Another is ``A | B``, with the cloud first if it is one of them.
        """
        if not self.has_all:
            return self
        own = self.entry_for(service)
        return Scope(tuple((name, _projected(part, cloud, own=name == own)) for name, part in self.entries))

    def workflow(self) -> "Scope":
        """Return the scope without the issuer of the token, which differs between the hops of a workflow."""
        return Scope(tuple(entry for entry in self.entries if entry[0] != IDENTITY))

    def issued_by(self, issuer: Issuer) -> "Scope":
        """Return the scope for a token of ``issuer``, such as the token of one of its services."""
        return Scope(((IDENTITY, Cloud(issuer)), *self.workflow().entries))

    def to_header(self) -> str:
        """Return the form for headers: JSON without white space, entries in order."""
        return _written({name: expression.to_text() for name, expression in self.entries})


def _projected(expression: Expression, cloud: str, *, own: bool) -> Expression:
    if not has_all(expression):
        return expression
    if own:
        return Cloud(cloud)
    clouds = plain_clouds(expression)
    return otherwise((*(each for each in clouds if each.name == cloud), *clouds))


def _is_alone(expression: Expression) -> TypeGuard[Otherwise]:
    """Return whether an expression is ``(A)``, which as ``*`` is not for ``identity``."""
    return isinstance(expression, Otherwise) and len(expression.members) == 1
