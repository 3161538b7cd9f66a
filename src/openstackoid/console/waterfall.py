# SPDX-License-Identifier: Apache-2.0
"""The view *Trace*: the hops of a request as bars below each other, over all clouds. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openstackoid.client.hops import LEG, Hop, Node, hop_of, nest
from openstackoid.console.marks import plain

LABEL, WIDE, VALUE, HIGH, HEAD = 430, 500, 210, 30, 34
"""Units of the drawing: the columns of labels, of bars and of values, a row, and the axis. No column has a text of another."""

LETTER = 7.4
"""Units of a letter, in a wide font."""

_LONGEST = 56

_SHORTEST = 2.0
_STEPS = (1, 2, 5)
_VIA = {
    "token": "in the token",
    "header": "in X-Scope",
    "url": "in the URL",
    "recalled": "recalled by the request id",
    "none": "none",
}
_ROUTES = {
    "local": "to this cloud's own service",
    "remote": "to the peer's gateway",
    "bridge": "asked by the Python service",
    "otherwise": "several clouds in turn",
    "all": "several clouds at once",
    "refuse": "refused, sent nowhere",
    LEG: "to one of several clouds",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A hop: its place and size in the drawing, and its texts. ``colour``: the number of its cloud, from zero on."""

    depth: int
    x: float
    y: float
    width: float
    colour: int
    clouds: str
    service: str
    request: str
    status: str
    failed: bool
    begins: str
    lasts: str
    scope: str
    route: str

    @property
    def label(self) -> str:
        """Return the text before the bar, cut to its column."""
        text = f"{self.clouds}  {self.service}  {self.request}"
        room = _LONGEST - 2 * self.depth
        return text if len(text) <= room else f"{text[: room - 1]}…"

    @property
    def value(self) -> str:
        """Return the text behind the bar."""
        return f"{'✗ ' if self.failed else ''}{self.status} · {self.lasts}"


@dataclass(frozen=True, slots=True)
class Scale:
    """The beginning and the length of a trace in seconds, and its clouds in the order of their colours."""

    began: float
    span: float
    clouds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The drawing of a trace. ``ticks``: places and texts of the axis; ``clouds``: in the order of their colours."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str]]
    clouds: Sequence[str]
    missing: Sequence[tuple[str, str]]
    total: str

    @property
    def height(self) -> int:
        """Return the height of the drawing."""
        return HEAD + HIGH * len(self.bars) + 6

    @property
    def values(self) -> int:
        """Return the beginning of the column of values."""
        return LABEL + WIDE + 10

    @property
    def width(self) -> int:
        """Return the width of the drawing."""
        return LABEL + WIDE + VALUE


def waterfall(page: Mapping[str, Any]) -> Waterfall:
    """Return the drawing of a gateway's page about a trace. What is not a record is left out."""
    hops = [hop for hop in map(hop_of, _list(page.get("hops"))) if hop is not None]
    gaps = [gap for gap in _list(page.get("missing")) if isinstance(gap, Mapping)]
    missing = [(plain(gap.get("cloud"), 64), plain(gap.get("reason"))) for gap in gaps]
    if not hops:
        return Waterfall((), (), (), missing, "0 ms")
    began = min(hop.started for hop in hops)
    span = max(0.001, max(hop.started + hop.seconds for hop in hops) - began)
    clouds = list(dict.fromkeys(name for hop in sorted(hops, key=lambda one: one.started) for name in (hop.gateway, hop.cloud)))
    walk = _walk(nest(hops), 0)
    bars = [_bar(hop, depth, number, Scale(began, span, clouds)) for number, (depth, hop) in enumerate(walk)]
    return Waterfall(bars, _ticks(span), [plain(name, 64) for name in clouds], missing, _shown(span))


def _walk(nodes: Iterable[Node], depth: int) -> Iterator[tuple[int, Hop]]:
    for node in nodes:
        yield depth, node.hop
        yield from _walk(node.children, depth + 1)


def _bar(hop: Hop, depth: int, number: int, scale: Scale) -> Bar:
    began, span = scale.began, scale.span
    x, width = (hop.started - began) / span * WIDE, max(_SHORTEST, hop.seconds / span * WIDE)
    x = min(x, WIDE - _SHORTEST)
    one = hop.gateway == hop.cloud
    return Bar(
        depth=min(depth, 8),
        x=round(LABEL + x, 1),
        y=HEAD + HIGH * number,
        width=round(min(width, WIDE - x), 1),
        colour=scale.clouds.index(hop.cloud) % 6,
        clouds=plain(hop.cloud if one else f"{hop.gateway} → {hop.cloud}", 140),
        service=plain(hop.service, 64),
        request=plain(f"{hop.method} {hop.path.partition('?')[0]}", 300),
        status=str(hop.status) if hop.status else "no answer",
        failed=not hop.status or hop.status >= 400,
        begins=_shown(hop.started - began),
        lasts=_shown(hop.seconds),
        scope=_VIA.get(hop.via, ""),
        route=_ROUTES.get(hop.route, ""),
    )


def _ticks(span: float) -> list[tuple[float, str]]:
    """Return three to seven round times of the axis."""
    step = next(step for step in _sizes() if span / step < 6)
    return [(round(LABEL + number * step / span * WIDE, 1), _shown(number * step)) for number in range(int(span / step) + 1)]


def _sizes() -> Iterator[float]:
    size = 0.0001
    while True:
        yield from (size * step for step in _STEPS)
        size *= 10


def _shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 10 else f"{seconds * 1000:,.1f} ms" if seconds < 0.01 else f"{seconds * 1000:,.0f} ms"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
