# SPDX-License-Identifier: Apache-2.0
"""The view *Now*: is it this gateway, a service, or a peer? It says what ``openstackoid status`` says. Pure."""

from dataclasses import dataclass

from openstackoid.console.marks import RANKS, worst
from openstackoid.gateway.status import TITLES, Status
from openstackoid.gateway.status_items import Item
from openstackoid.telemetry import GATEWAY, PEER, SERVICE

SHOWN = 20
"""The items of a kind that are shown, the worst first; the other views have all."""


@dataclass(frozen=True, slots=True)
class Group:
    """The items of one owner. ``state``: the worst; ``counts``: of each state, the worst first; ``more``: unshown items."""

    title: str
    state: str
    counts: tuple[tuple[str, int], ...]
    items: tuple[Item, ...]
    more: int


def groups(status: Status) -> list[Group]:
    """Return the items of the gateway, of services and of peers, each kind as a group."""
    return [_group(TITLES[of], tuple(item for item in status.items if item.of == of)) for of in (GATEWAY, SERVICE, PEER)]


def _group(title: str, items: tuple[Item, ...]) -> Group:
    states: list[str] = [item.state for item in items]
    counts = tuple((state, states.count(state)) for state in RANKS if state in states)
    ordered = sorted(items, key=lambda item: RANKS.index(item.state))
    return Group(title, worst(states), counts, tuple(ordered[:SHOWN]), max(0, len(items) - SHOWN))
