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

_MOST_READ = MOST_CLOUDS + 2
"""As many as an expression may have, the center, and one that is too many."""


class SortedTimes(Mapping[str, float]):
    """Times around a cloud, the nearest first, sorted before requests need them.

    Of each service, it has the nearest clouds with it, as many as an expression may have: a request looks at no others.
    ``offers``: the services of each cloud.
    """

    def __init__(self, times: Mapping[str, float], offers: Mapping[str, Collection[str]]) -> None:
        self._times = dict(sorted(times.items(), key=lambda item: (item[1], item[0])))
        self.offers = offers
        self._nearest: dict[str, list[tuple[float, str]]] = {}
        for name, time in self._times.items():
            for service in (EVERY_OTHER, *offers[name]) if name in offers else ():
                nearest = self._nearest.setdefault(service, [])
                if len(nearest) < _MOST_READ:
                    nearest.append((time, name))

    def __getitem__(self, cloud: str) -> float:
        return self._times[cloud]

    def __iter__(self) -> Iterator[str]:
        return iter(self._times)

    def __len__(self) -> int:
        return len(self._times)

    def __repr__(self) -> str:
        return f"<SortedTimes of {len(self)} clouds>"

    def serves(self, cloud: str, service: str) -> bool:
        """Return whether a cloud has a service; ``*`` is any."""
        return cloud in self.offers and (service == EVERY_OTHER or service in self.offers[cloud])

    def has_everywhere(self, service: str, center: str) -> bool:
        """Return whether a service is where ``*`` is: at the center and in the nearest clouds."""
        return self.nearest(service) == self.nearest(EVERY_OTHER) and self.serves(center, service)

    def nearest(self, service: str) -> Order:
        """Return the nearest clouds with a service; under ``*``, any clouds."""
        return self._nearest.get(service, ())


def centers_of(scope: Scope) -> tuple[str, ...]:
    """Return the clouds around which others are sought, each once."""
    found = (part for _, expression in scope.entries for part in parts(expression))
    return tuple(dict.fromkeys(part.center for part in found if isinstance(part, Near)))


def resolve(scope: Scope, times: Times, offers: Mapping[str, Collection[str]], services: Collection[str]) -> Scope:
    """Return the scope with plain clouds in the place of ``around`` and ``nearest``; ``written`` is the one that was given.

    A cloud without the entry's service is left out, and one without a known time. Under ``*``, a service that not all of the
    clouds have gets an entry of its own. ``offers``: the services of each cloud; ``services``: those of all clouds.
    """
    entries, known = dict(scope.entries), {center: _sorted(times.get(center, {}), offers) for center in centers_of(scope)}
    for service, expression in scope.entries:
        found = _resolved(expression, known, service)
        entries[service] = expression if found is None else found
    rest = dict(scope.entries).get(EVERY_OTHER)
    if rest is not None and is_near(rest):
        everywhere, centers = entries[EVERY_OTHER], {part.center for part in parts(rest) if isinstance(part, Near)}
        others = [name for name in services if name != IDENTITY and name not in entries and LEADERS.get(name) not in entries]
        for service in sorted(others, key=lambda name: (name in LEADERS, name)):
            alike = all(known[center].has_everywhere(service, center) for center in centers)
            found = everywhere if alike else _resolved(rest, known, service)
            if found is not None and found != entries.get(LEADERS.get(service, ""), entries[EVERY_OTHER]):
                entries[service] = found
        if isinstance(entries[EVERY_OTHER], Cloud):
            # A plain name would be for identity, too.
            entries[EVERY_OTHER] = Otherwise((entries[EVERY_OTHER],))
    return Scope(tuple(entries.items()), written=scope)


def _sorted(times: Mapping[str, float], offers: Mapping[str, Collection[str]]) -> SortedTimes:
    """Return the times in order: those of a workflow may be from before the mesh had changed."""
    return times if isinstance(times, SortedTimes) and times.offers is offers else SortedTimes(times, offers)


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


def _resolved(expression: Expression, times: Mapping[str, SortedTimes], service: str) -> Expression | None:
    """Return the expression without ``around`` and ``nearest``; None where no cloud is left. It has eight clouds at most.

    Members of ``&`` have no cloud in common by what is near: which clouds are near is no fault of the user.
    """
    # The clouds that are named have their place.
    named = dict.fromkeys(clouds_of(expression))

    def resolved(part: Expression, elsewhere: frozenset[str] = frozenset()) -> Expression | None:
        match part:
            case Near():
                near = []
                known = times[part.center]
                for name in _within(part, known.nearest(service)):
                    if name in elsewhere:
                        continue
                    if name == part.center and not known.serves(name, service):
                        continue
                    if name not in named and len(named) == MOST_CLOUDS:
                        break
                    named.setdefault(name)
                    near.append(Cloud(name))
                return _joined(otherwise, near)
            case Otherwise(members):
                return _joined(otherwise, (resolved(member, elsewhere) for member in members))
            case All(members):
                found_of: list[Expression | None] = []
                for others in _of_others(members):
                    before = (name for found in found_of if found is not None for name in clouds_of(found))
                    found_of.append(resolved(members[len(found_of)], elsewhere.union(others, before)))
                return _joined(all_of, found_of)
            case Every(inner):
                found = resolved(inner, elsewhere)
                return None if found is None else every(found)
            case Cloud():
                return part

    return resolved(expression)


def _of_others(members: Sequence[Expression]) -> Iterator[frozenset[str]]:
    """Yield for each member of ``&`` the clouds that others name; the center of several belongs to the first."""
    owners: dict[str, int] = {}
    of_each = [(number, part) for number, member in enumerate(members) for part in parts(member)]
    for number, part in of_each:
        if isinstance(part, Cloud):
            owners.setdefault(part.name, number)
    for number, part in of_each:
        if isinstance(part, Near):
            owners.setdefault(part.center, number)
    for number in range(len(members)):
        yield frozenset(name for name, owner in owners.items() if owner != number)


def _joined(join: Callable[[tuple[Expression, ...]], Expression], members: Iterable[Expression | None]) -> Expression | None:
    left = tuple(member for member in members if member is not None)
    return join(left) if left else None
