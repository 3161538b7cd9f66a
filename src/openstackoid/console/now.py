# SPDX-License-Identifier: Apache-2.0
"""The view *Now*: is it this gateway, a service, or a peer? It says what ``openstackoid status`` says. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from openstackoid.console.marks import RANKS, worst
from openstackoid.gateway.status import TITLES, Item, Status
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


def remedy(item: Item, cloud: str) -> str:
    """Return what the operator does about an item that is not up; empty for nothing."""
    if item.state in ("up", "unknown"):
        return ""
    return next((text for of, begins, text in _remedies(item, cloud) if item.of == of and item.name.startswith(begins)), "")


def _remedies(item: Item, cloud: str) -> Iterator[tuple[str, str, str]]:
    yield GATEWAY, "gateway", f"Start it: systemctl start openstackoid-gateway@{cloud}, or openstackoid gateway run."
    again = "The gateway starts it again by itself. If it stays down, read the gateway's log: journalctl -u"
    for part in ("HAProxy", "Python service"):
        yield GATEWAY, part, f"{again} openstackoid-gateway@{cloud}."
    yield GATEWAY, "restarts of", "Read the gateway's log for the reason of the last one."
    yield GATEWAY, "description", "Correct the file, try it with openstackoid gateway check, and reload the gateway."
    yield GATEWAY, "certificate", "Put a new certificate in its place, and reload the gateway."
    yield GATEWAY, "clock", "Have this machine follow NTP; openstackoid doctor compares the clocks."
    yield GATEWAY, "store", "Look at the disk of the state folder, or at the database that the description names."
    yield GATEWAY, "audit", "Make room on the disk of the audit log."
    yield SERVICE, "", f"Look at the service itself: HAProxy's check of its backends in {cloud} fails."
    if item.state == "blocked":
        yield PEER, "", f"To end the block: openstackoid peer unblock {item.name}"
    yield PEER, "", f"Check the way there and back: openstackoid peer check {item.name}"
