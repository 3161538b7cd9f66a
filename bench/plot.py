# SPDX-License-Identifier: Apache-2.0
"""A run's results as one picture, SVG written by hand: bars with the spread as a line across their ends."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bench.results import FIGURES, Part, Row, in_full
from bench.spread import Spread

PANELS = (
    ("routing", "cpu_us"),
    ("routing", "rate_ratio"),
    ("tls", "cpu_us"),
    ("yardstick", "rate_ratio"),
    ("latency", "p50_us"),
    ("latency", "p99_us"),
    ("bodies", "mb_s"),
    ("scale", "memory_mb"),
    ("scale", "haproxy_start_s"),
    ("bridge", "rate"),
)
"""Part and figure of each panel; one whose part was not measured is left out."""

_WIDTH, _LABELS, _VALUES, _LINE, _HEAD = 980, 330, 190, 22, 44
_BAR, _WHISKER, _TEXT = "#4878a8", "#202020", "#202020"


@dataclass(frozen=True)
class _Panel:
    title: str
    figure: str
    rows: Sequence[Row]

    @property
    def height(self) -> int:
        return _HEAD + _LINE * len(self.rows)


def svg(parts: Iterable[Part]) -> str:
    """Return the picture of all panels, one below the other."""
    panels = list(_panels({part.key: part for part in parts}))
    height = sum(panel.height for panel in panels) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12">'
    ]
    lines.append(f'<rect width="{_WIDTH}" height="{height}" fill="white"/>')
    top = 0
    for panel in panels:
        lines += _drawn(panel, top)
        top += panel.height
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panels(parts: dict[str, Part]) -> Iterator[_Panel]:
    for key, figure in PANELS:
        part = parts.get(key)
        rows = [row for row in part.rows if figure in row.figures] if part is not None else []
        if part is not None and rows:
            yield _Panel(f"{part.title}: {FIGURES[figure].label}", figure, rows)


def _drawn(panel: _Panel, top: int) -> Iterator[str]:
    yield f'<text x="10" y="{top + 28}" font-size="14" font-weight="bold" fill="{_TEXT}">{escape(panel.title)}</text>'
    spreads = [row.figures[panel.figure] for row in panel.rows]
    # An outlier of one way may not press all others flat.
    longest = max(max(spread.median for spread in spreads) * 1.15, 1e-9)
    for number, (row, spread) in enumerate(zip(panel.rows, spreads, strict=True)):
        yield from _bar(row.title, in_full(panel.figure, spread), spread, longest, top + _HEAD + number * _LINE)


def _bar(title: str, value: str, spread: Spread, longest: float, top: int) -> Iterator[str]:
    room = _WIDTH - _LABELS - _VALUES

    def at(amount: float) -> float:
        return _LABELS + room * min(1.0, max(0.0, amount / longest))

    middle = top + _LINE / 2 - 2
    yield f'<text x="{_LABELS - 8}" y="{middle + 4}" text-anchor="end" fill="{_TEXT}">{escape(title)}</text>'
    width = at(spread.median) - _LABELS
    yield f'<rect x="{_LABELS}" y="{top}" width="{width:.1f}" height="{_LINE - 6}" fill="{_BAR}"/>'
    yield (
        f'<line x1="{at(spread.p10):.1f}" x2="{at(spread.p90):.1f}" y1="{middle}" y2="{middle}" stroke="{_WHISKER}"'
        ' stroke-width="2"/>'
    )
    yield f'<text x="{_WIDTH - _VALUES + 8}" y="{middle + 4}" fill="{_TEXT}">{escape(value)}</text>'
