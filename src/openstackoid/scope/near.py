# SPDX-License-Identifier: Apache-2.0
"""Resolve ``around`` and ``nearest``: round-trip times in, plain expressions of clouds out, the nearest first. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from openstackoid.scope.expression import (
    All,
    Cloud,
    Every,
    Expression,
    Near,
    Otherwise,
    all_of,
    clouds_of,
    every,
    otherwise,
    parts,
)
from openstackoid.scope.expression_parser import MOST_CLOUDS
from openstackoid.scope.model import EVERY_OTHER, IDENTITY, Scope
from openstackoid.scope.services import LEADERS

Times = Mapping[str, Mapping[str, float]]
"""For a cloud, the round-trip times from its gateway to those of others, in milliseconds."""

Order = Sequence[tuple[float, str]]
"""Clouds with their times, the nearest first."""

Serves = Callable[[str], bool]
"""Returns whether a cloud may be among those near another."""


def centers_of(scope: Scope) -> tuple[str, ...]:
    """Return the clouds around which others are sought, each once."""
    found = (part for _, expression in scope.entries for part in parts(expression))
    return tuple(dict.fromkeys(part.center for part in found if isinstance(part, Near)))


def resolve(scope: Scope, times: Times, offers: Mapping[str, Collection[str]], services: Collection[str]) -> Scope:
    """Return the scope with plain clouds in the place of ``around`` and ``nearest``; ``written`` is the one that was given.

    A cloud without the entry's service is left out, and one without a known time. Under ``*``, a service that not all of the
    clouds have gets an entry of its own. ``offers``: the services of each cloud; ``services``: those of all clouds.
    """
    entries, orders = dict(scope.entries), {center: _in_order(times.get(center, {})) for center in centers_of(scope)}
    for service, expression in scope.entries:
        found = _resolved(expression, orders, _offering(service, offers))
        entries[service] = expression if found is None else found
    rest = dict(scope.entries).get(EVERY_OTHER)
    if rest is not None and is_near(rest):
        others = [name for name in services if name != IDENTITY and name not in entries and LEADERS.get(name) not in entries]
        for service in sorted(others, key=lambda name: (name in LEADERS, name)):
            found = _resolved(rest, orders, _offering(service, offers))
            if found is not None and found != entries.get(LEADERS.get(service, ""), entries[EVERY_OTHER]):
                entries[service] = found
        if isinstance(entries[EVERY_OTHER], Cloud):
            # A plain name would be for identity, too.
            entries[EVERY_OTHER] = Otherwise((entries[EVERY_OTHER],))
    return Scope(tuple(entries.items()), written=scope)


def _offering(service: str, offers: Mapping[str, Collection[str]]) -> Serves:
    return lambda cloud: cloud in offers and service in (EVERY_OTHER, *offers[cloud])


def may_resolve_to(written: Scope, plain: Scope) -> bool:
    """Return whether ``plain`` is ``written`` with the clouds that were near at some time."""
    own, other = dict(written.entries), dict(plain.entries)
    fixed = {service: expression for service, expression in own.items() if not is_near(expression)}
    if own.keys() - other.keys() or any(other[service] != expression for service, expression in fixed.items()):
        return False
    return EVERY_OTHER not in fixed or not other.keys() - own.keys()


def is_near(expression: Expression) -> bool:
    """Return whether an expression has ``around`` or ``nearest``."""
    return any(isinstance(part, Near) for part in parts(expression))


def near_clouds(near: Near, times: Mapping[str, float]) -> tuple[str, ...]:
    """Return the clouds of ``around`` or ``nearest`` as far as their times are known: the center, then the nearest first."""
    return tuple(_within(near, _in_order(times)))


def _in_order(times: Mapping[str, float]) -> Order:
    return sorted((time, name) for name, time in times.items())


def _within(near: Near, order: Order) -> Iterator[str]:
    yield near.center
    for time, name in order:
        if near.microseconds is not None and time > near.microseconds / 1000:
            return
        if name != near.center:
            yield name


def _resolved(expression: Expression, orders: Mapping[str, Order], serves: Serves) -> Expression | None:
    """Return the expression without ``around`` and ``nearest``; None where no cloud is left. It has eight clouds at most."""
    # The clouds that are named have their place.
    named = dict.fromkeys(clouds_of(expression))

    def resolved(part: Expression) -> Expression | None:
        match part:
            case Near():
                near = []
                for name in filter(serves, _within(part, orders[part.center])):
                    if name not in named and len(named) == MOST_CLOUDS:
                        break
                    named.setdefault(name)
                    near.append(Cloud(name))
                return _joined(otherwise, near)
            case Otherwise(members):
                return _joined(otherwise, map(resolved, members))
            case All(members):
                return _joined(all_of, map(resolved, members))
            case Every(inner):
                found = resolved(inner)
                return None if found is None else every(found)
            case Cloud():
                return part

    return resolved(expression)


def _joined(join: Callable[[tuple[Expression, ...]], Expression], members: Iterable[Expression | None]) -> Expression | None:
    left = tuple(member for member in members if member is not None)
    return join(left) if left else None
