# SPDX-License-Identifier: Apache-2.0
"""The view *Clouds and services*: what is down, since when, and how far it is. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.console.history import Since
from openstackoid.console.marks import RANKS
from openstackoid.console.paging import Paged, paged
from openstackoid.console.watch import Look
from openstackoid.gateway.status_items import Item
from openstackoid.telemetry import PEER, SERVICE

ORDERS = {"name": "by name", "distance": "the nearest first", "state": "the worst first"}
STATES = {"": "in any state", "down": "that are down", "unwell": "that are not up"}


@dataclass(frozen=True, slots=True)
class Query:
    """What a user asks of a list of clouds: a part of a name, states, an order, and a page."""

    name: str = ""
    state: str = ""
    order: str = "name"
    page: str = "1"

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Query":
        """Return the query of a URL; what it does not know is left out."""
        state, order = asked.get("state", ""), asked.get("order", "name")
        name = asked.get("name", "").strip()[:64]
        return cls(name, state if state in STATES else "", order if order in ORDERS else "name", asked.get("page", "1"))


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service of a cloud."""

    name: str
    state: str
    since: Since | None


@dataclass(frozen=True, slots=True)
class CloudRow:
    """A cloud. ``milliseconds``: the round-trip time from here; None if it is not known. ``item``: a peer's in the status."""

    name: str
    home: bool
    state: str
    since: Since | None
    milliseconds: float | None
    services: tuple[ServiceState, ...]
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Clouds:
    """The asked page of clouds, and how many clouds there are in each state."""

    page: Paged[CloudRow]
    counts: tuple[tuple[str, int], ...]


def clouds_view(look: Look, times: Mapping[str, float], query: Query, *, home: bool = True) -> Clouds:
    """Return a page of the clouds of a look; without ``home``, of its peers.

    Rows are made for that page alone: there may be ten thousand clouds.
    """
    peers = {item.name: item for item in look.status.items if item.of == PEER} if look.status is not None else {}
    listed = [
        (each["name"], _state(each, peers.get(each["name"])), each)
        for each in look.clouds or _unknown(look)
        if home or not each["home"]
    ]
    states = [state for _, state, _ in listed]
    counts = tuple((state, states.count(state)) for state in RANKS if state in states)
    fitting = [entry for entry in listed if _fits(entry[0], entry[1], query)]
    if query.order == "distance":
        fitting.sort(key=lambda entry: 0.0 if entry[2]["home"] else times.get(entry[0], float("inf")))
    elif query.order == "state":
        fitting.sort(key=lambda entry: RANKS.index(entry[1]))
    page = paged(fitting, query.page)
    rows = [_row(entry[2], entry[1], look, times, peers.get(entry[0])) for entry in page.rows]
    return Clouds(Paged(rows, page.number, page.pages, page.total), counts)


def _unknown(look: Look) -> Iterator[dict[str, Any]]:
    """Yield the described clouds, for a gateway that does not tell their state."""
    if look.mesh is not None and look.status is not None:
        at, offers = look.status.cloud, look.mesh.offers
        for name in sorted(offers, key=lambda name: (name != at, name)):
            services = [{"type": service, "health": "unknown"} for service in sorted(offers[name])]
            yield {"name": name, "home": name == at, "health": "unknown", "services": services}


def _state(told: Mapping[str, Any], item: Item | None) -> str:
    if item is not None:
        return item.state
    return str(told["health"]) if told["health"] in RANKS else "unknown"


def _fits(name: str, state: str, query: Query) -> bool:
    if query.state == "down" and state not in ("down", "partly"):
        return False
    if query.state == "unwell" and state == "up":
        return False
    return query.name.lower() in name.lower()


def _row(told: Mapping[str, Any], state: str, look: Look, times: Mapping[str, float], item: Item | None) -> CloudRow:
    home, known = bool(told["home"]), look.since.states
    services = tuple(
        ServiceState(each["type"], each["health"] if home else "", known.get((SERVICE, each["type"])) if home else None)
        for each in told["services"]
    )
    # That of the cloud itself is the time of its worst service.
    since = max((each.since for each in services if each.since and each.state == "down"), key=lambda one: one.at, default=None)
    if not home:
        since = known.get((PEER, told["name"]))
    return CloudRow(told["name"], home, state, since, 0.0 if home else times.get(told["name"]), services, item)
