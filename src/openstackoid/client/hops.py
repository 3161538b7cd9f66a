# SPDX-License-Identifier: Apache-2.0
"""Build the tree of a request's hops from the gateways' flat records. Pure.

A hop is one request at one gateway, and the cloud that it was sent to. Its own hops arrived at the gateway of that cloud, within
its time. A request to several clouds has a leg at the same gateway for each request to one of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

SLACK = 0.005
"""Seconds that clocks and rounding may let a hop exceed its parent."""

_VIA = {
    "token": "scope in the token",
    "header": "scope in X-Scope",
    "url": "scope in the URL",
    "recalled": "scope recalled by the request id",
    "none": "no scope",
}

_HOW = {"refuse": ", refused", "bridge": ", by the bridge", "otherwise": ", the first of several", "all": ", of several"}
_SEVERAL = ("otherwise", "all")
LEG = "leg"


@dataclass(frozen=True, slots=True)
class Hop:
    """One request at one gateway: ``gateway`` recorded it, ``cloud`` got it."""

    gateway: str
    cloud: str
    service: str
    method: str
    path: str
    status: int
    started: float
    seconds: float
    route: str
    via: str

    def line(self) -> str:
        """Return the hop in one line for a terminal."""
        where = self.cloud if self.cloud == self.gateway else f"{self.gateway} -> {self.cloud}"
        how = "" if self.route == LEG else f", {_VIA.get(self.via, self.via)}{_HOW.get(self.route, '')}"
        status = str(self.status) if self.status else "no answer"
        text = f"{where} {self.service}: {self.method} {self.path.partition('?')[0]} {status}, {milliseconds(self.seconds)}{how}"
        return printable(text)


@dataclass(frozen=True, slots=True)
class Node:
    """A hop, and its own hops in the order of time."""

    hop: Hop
    children: tuple["Node", ...]


def hop_of(record: object) -> Hop | None:
    """Return the hop of a gateway's record, or None for an invalid one."""
    if not isinstance(record, Mapping):
        return None
    texts = {name: record.get(name) for name in ("gateway", "cloud", "service", "method", "path", "route", "via")}
    times = [record.get("started"), record.get("seconds")]
    status = record.get("status")
    if not isinstance(status, int) or not all(isinstance(time, int | float) for time in times):
        return None
    if not all(isinstance(text, str) for text in texts.values()):
        return None
    return Hop(**texts, status=status, started=float(times[0] or 0), seconds=float(times[1] or 0))  # type: ignore[arg-type]


def nest(hops: Iterable[Hop]) -> tuple[Node, ...]:
    """Return the trees of hops: each is below the shortest hop that contains it.

    A containing hop was sent to the cloud of the other's gateway, and lasted from before to after it. A hop is at the top if
    clocks differ by more than :data:`SLACK`, or if it followed the answer, as in the boot of a server.
    """
    # Longest first: a parent stands before its children, so that no two hops can contain each other.
    ordered = sorted(hops, key=lambda hop: (-round(hop.seconds, 3), hop.route == "local", hop.started))
    parents = [_parent(hop, ordered[:index]) for index, hop in enumerate(ordered)]

    def below(parent: int | None) -> tuple[Node, ...]:
        children = [index for index, found in enumerate(parents) if found == parent]
        children.sort(key=lambda index: (ordered[index].started, index))
        return tuple(Node(ordered[index], below(index)) for index in children)

    return below(None)


def _parent(hop: Hop, longer: list[Hop]) -> int | None:
    containing = [index for index, other in enumerate(longer) if _contains(other, hop)]
    return containing[-1] if containing else None


def _contains(outer: Hop, inner: Hop) -> bool:
    ends = outer.started + outer.seconds, inner.started + inner.seconds
    of_several = outer.route in _SEVERAL and outer.gateway == inner.gateway
    follows = of_several if inner.route == LEG else outer.cloud == inner.gateway
    return follows and outer.started - SLACK <= inner.started and ends[1] <= ends[0] + SLACK


def draw(nodes: Iterable[Node]) -> list[str]:
    """Return the trees as lines with guides."""
    return branches([(node.hop.line(), draw(node.children)) for node in nodes])


def branches(items: list[tuple[str, list[str]]]) -> list[str]:
    """Return lines with guides before them: each item is a line and the lines below it."""

    def drawn() -> Iterator[str]:
        for index, (line, below) in enumerate(items):
            last = index == len(items) - 1
            yield f"{'└── ' if last else '├── '}{line}"
            yield from (f"{'    ' if last else '│   '}{lower}" for lower in below)

    return list(drawn())


def milliseconds(seconds: float) -> str:
    """Return a duration for display."""
    return f"{seconds * 1000:.0f} ms"


def printable(text: str) -> str:
    """Return a text without characters that control a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
