# SPDX-License-Identifier: Apache-2.0
"""What a run has found: parts, with a row for each way that was measured, and its figures by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.spread import Spread


@dataclass(frozen=True)
class Row:
    """One way that was measured. ``note`` says what a reader must know of it, above all why a figure is not there."""

    key: str
    title: str
    figures: dict[str, Spread]
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row for a results file."""
        figures = {name: spread.as_json() for name, spread in self.figures.items()}
        return {"key": self.key, "title": self.title, "figures": figures, "note": self.note}


@dataclass(frozen=True)
class Part:
    """One part of the benchmark: its rows, and what holds for all of them."""

    key: str
    title: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    upright: bool = False
    """Whether a table of it has a column for each row, for there are more figures than rows."""
    seconds: float = 0.0
    """How long it took to measure."""
    not_judged: frozenset[str] = frozenset()
    """Figures that need a program that is not installed; their goals get no verdict."""

    def as_json(self) -> dict[str, Any]:
        """Return the part for a results file."""
        return {"title": self.title, "seconds": self.seconds, "rows": [row.as_json() for row in self.rows], "notes": self.notes}


@dataclass(frozen=True)
class Figure:
    """How a figure is named for a reader, and with how many digits it is shown."""

    label: str
    digits: int


FIGURES = {
    "instructions": Figure("instructions", 0),
    "instructions_ratio": Figure("instructions, ratio", 3),
    "rate": Figure("requests/s", 0),
    "rate_ratio": Figure("rate, ratio", 3),
    "cpu_us": Figure("HAProxy, µs of CPU", 2),
    "cpu_ratio": Figure("CPU, ratio", 3),
    "bridge_us": Figure("Python, µs of CPU", 1),
    "request_us": Figure("a request, µs of CPU", 2),
    "counting_us": Figure("counting, µs of CPU", 3),
    "handshake_us": Figure("a handshake, µs of CPU", 1),
    "busy": Figure("core busy, %", 0),
    "waited": Figure("kept from it, %", 0),
    "failed": Figure("failed", 0),
    "p50_us": Figure("p50, µs", 0),
    "p99_us": Figure("p99, µs", 0),
    "p999_us": Figure("p99.9, µs", 0),
    "p99_ratio": Figure("p99, ratio", 2),
    "refusal_us": Figure("Python for a refusal, µs of CPU", 1),
    "long_refusal_us": Figure("the same of the longest scope", 1),
    "refused_rate": Figure("refused/s", 0),
    "abuse_ms": Figure("Python for the abuse, ms of CPU a second", 1),
    "added_p50_us": Figure("added p50, µs", 1),
    "added_p99_us": Figure("added p99, µs", 1),
    "added_p999_us": Figure("added p99.9, µs", 1),
    "items_rate": Figure("items/s of CPU", 0),
    "items_s": Figure("items/s", 0),
    "mb_s": Figure("MB/s", 0),
    "cpu_s_gb": Figure("HAProxy, s of CPU a GB", 3),
    "bridge_s_gb": Figure("Python, s of CPU a GB", 3),
    "grown_mb": Figure("memory grown, MB", 1),
    "haproxy_start_s": Figure("HAProxy's start, s", 2),
    "start_s": Figure("the gateway's first start, s", 2),
    "start_again_s": Figure("the gateway's start again, s", 2),
    "memory_mb": Figure("HAProxy, MB", 0),
    "python_mb": Figure("Python, MB", 0),
    "relay_us": Figure("supervisor, µs of CPU", 1),
    "idle_busy": Figure("core busy without requests, %", 1),
    "let_in_s": Figure("let in, s", 3),
    "change_s": Figure("a change live, s", 2),
    "change_failed": Figure("failed meanwhile", 0),
    # Of a request to a service of the lab, and of a workflow in calls.
    "took_ms": Figure("time, ms", 2),
    "time_ratio": Figure("time, ratio", 3),
    "added_ms": Figure("added, ms", 2),
    "leg_ms": Figure("the slowest cloud, ms", 2),
    "accepted_ms": Figure("until accepted, ms", 0),
    "connect_ms": Figure("connecting, ms", 2),
    "client_ms": Figure("client, ms of CPU", 2),
    "haproxy_ms": Figure("HAProxy, ms of CPU", 2),
    "python_ms": Figure("Python, ms of CPU", 2),
    "service_ms": Figure("service, ms of CPU", 2),
    "calls": Figure("calls", 0),
    "calls_ratio": Figure("calls, ratio", 2),
    "calls_here": Figure("at CloudOne's gateway", 0),
    "calls_there": Figure("at CloudTwo's gateway", 0),
    "calls_crossing": Figure("sent to the other gateway", 0),
    "calls_python": Figure("to the Python service", 0),
    "calls_validating": Figure("about whose a token is", 0),
    "kind_here_first": Figure("all here, a new token", 0),
    "kind_here_again": Figure("all here, again", 0),
    "kind_there_first": Figure("there, a new token", 0),
    "kind_there_again": Figure("there, again", 0),
}
"""The figures that parts give, in the order of a table's columns."""


def columns(part: Part) -> list[str]:
    """Return the figures that any row of a part has, in the order of :data:`FIGURES`."""
    return [name for name in FIGURES if any(name in row.figures for row in part.rows)]


def in_full(name: str, spread: Spread) -> str:
    """Return a figure for a reader: the median, and p10 to p90 where there are several values."""
    digits = FIGURES[name].digits
    text = f"{spread.median:,.{digits}f}"
    return text if spread.count == 1 else f"{text} ({spread.p10:,.{digits}f} to {spread.p90:,.{digits}f})"


def in_short(name: str, spread: Spread) -> str:
    """Return a figure for a narrow place: the median, and half of what lies between p10 and p90, in its digits."""
    digits = FIGURES[name].digits
    text = f"{spread.median:,.{digits}f}"
    return text if spread.count == 1 else f"{text} ±{(spread.p90 - spread.p10) / 2:,.{digits}f}"


def grid(part: Part, cell: Callable[[str, Spread], str]) -> list[list[str]]:
    """Return a part as a table: a line of headings, and in each line a heading first."""
    names = columns(part)
    lines = [["", *(FIGURES[name].label for name in names)]]
    for row in part.rows:
        lines.append([row.title, *(cell(name, row.figures[name]) if name in row.figures else "" for name in names)])
    return [list(line) for line in zip(*lines, strict=True)] if part.upright else lines
