# SPDX-License-Identifier: Apache-2.0
"""Expressions of clouds: one cloud, the first of several that can serve, several at once, and the clouds near another."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """The expression that names one cloud."""

    name: str

    def to_text(self) -> str:
        """Return the expression in its canonical form."""
        return self.name


@dataclass(frozen=True, slots=True)
class Otherwise:
    """``A | B``: the first member that can serve, in this order.

    With one member, ``(A)``, it stands for ``*`` alone: every service but identity.
    """

    members: "tuple[Expression, ...]"

    def to_text(self) -> str:
        """Return the expression in its canonical form."""
        text = " | ".join(member.to_text() for member in self.members)
        return text if len(self.members) > 1 else f"({text})"


@dataclass(frozen=True, slots=True)
class All:
    """``A & B``: each member, and one answer from all of theirs."""

    members: "tuple[Expression, ...]"

    def to_text(self) -> str:
        """Return the expression in its canonical form."""
        texts = (f"({each.to_text()})" if isinstance(each, Otherwise) else each.to_text() for each in self.members)
        return " & ".join(texts)


@dataclass(frozen=True, slots=True)
class Near:
    """``around(A, 10ms)``: the clouds within a round trip of ``microseconds`` from the cloud ``center``, the nearest first.

    ``nearest(A)`` has None: the clouds at any distance.
    """

    center: str
    microseconds: int | None = None

    def to_text(self) -> str:
        """Return the expression in its canonical form."""
        if self.microseconds is None:
            return f"nearest({self.center})"
        milliseconds = f"{self.microseconds // 1000}.{self.microseconds % 1000:03}".rstrip("0").rstrip(".")
        return f"around({self.center}, {milliseconds}ms)"


@dataclass(frozen=True, slots=True)
class Every:
    """``all(around(A, 10ms))``: all clouds of an expression that is resolved later, in place of the first one."""

    inner: "Expression"

    def to_text(self) -> str:
        """Return the expression in its canonical form."""
        return f"all({self.inner.to_text()})"


Expression = Cloud | Otherwise | All | Near | Every
"""The value of a scope's entry."""


def otherwise(members: "tuple[Expression, ...]") -> Expression:
    """Return ``A | B`` without a member twice, and without an expression of this kind in another."""
    flat = _flat(members, Otherwise)
    return flat[0] if len(flat) == 1 else Otherwise(flat)


def all_of(members: "tuple[Expression, ...]") -> Expression:
    """Return ``A & B`` without a member twice, and without an expression of this kind in another."""
    flat = _flat(members, All)
    return flat[0] if len(flat) == 1 else All(flat)


def every(inner: Expression) -> Expression:
    """Return ``all(...)``: ``A & B`` for ``A | B``; resolved later for the clouds near another."""
    if any(isinstance(part, Near | Every) for part in parts(inner)):
        return inner if isinstance(inner, Every) else Every(inner)
    return all_of(tuple(Cloud(name) for name in clouds_of(inner)))


def parts(expression: Expression, *, in_every: bool = True) -> Iterator[Expression]:
    """Yield the expression and each one in it, as written; without ``in_every``, none of those in ``all(...)``."""
    yield expression
    match expression:
        case Otherwise(members) | All(members):
            for member in members:
                yield from parts(member, in_every=in_every)
        case Every(inner) if in_every:
            yield from parts(inner)


def clouds_of(expression: Expression) -> tuple[str, ...]:
    """Return the clouds that an expression names, each once, as written; of ``around``, its center."""
    if isinstance(expression, Cloud):
        return (expression.name,)
    found: dict[str, None] = {}
    _name_clouds(expression, found)
    return tuple(found)


def plain_clouds(expression: Expression) -> "tuple[Cloud, ...]":
    """Return the expressions of one cloud in another, as written."""
    match expression:
        case Cloud():
            return (expression,)
        case Otherwise(members) | All(members):
            return tuple(cloud for member in members for cloud in plain_clouds(member))
        case Every(inner):
            return plain_clouds(inner)
    return ()


def _name_clouds(expression: Expression, found: dict[str, None]) -> None:
    match expression:
        case Cloud(name) | Near(name):
            found[name] = None
        case Every(inner):
            _name_clouds(inner, found)
        case Otherwise(members) | All(members):
            for member in members:
                _name_clouds(member, found)


def has_all(expression: Expression) -> bool:
    """Return whether several clouds at once are a part of an expression, or will be once it is resolved."""
    if isinstance(expression, Otherwise):
        return any(map(has_all, expression.members))
    return isinstance(expression, All | Every)


def _flat(members: "tuple[Expression, ...]", kind: type[Otherwise] | type[All]) -> "tuple[Expression, ...]":
    flat = [inner for member in members for inner in (member.members if isinstance(member, kind) else (member,))]
    return tuple(dict.fromkeys(flat))
