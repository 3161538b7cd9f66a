# SPDX-License-Identifier: Apache-2.0
"""The shown form of states, times and foreign texts: a state has a sign and a word, never a colour alone. Pure."""

from datetime import UTC, datetime

SIGNS = {
    "up": "✓",
    "down": "✗",
    "partly": "◐",
    "warning": "!",
    "blocked": "⊘",
    "unknown": "?",
    "not known": "?",
    "allowed": "✓",
    "refused": "✗",
    "failed": "!",
    "lost": "!",
    "works": "✓",
    "depends": "?",
    "same": "=",
    "differs": "≠",
}
"""The sign before the word of a state."""

RANKS = ("down", "warning", "partly", "blocked", "unknown", "up")
"""States, the worst first."""


def sign(state: str) -> str:
    """Return the sign of a state."""
    return SIGNS.get(state, "·")


def worst(states: "list[str]") -> str:
    """Return the worst of some states; ``unknown`` without one."""
    return min(states, key=RANKS.index) if states else "unknown"


def clock(moment: float) -> str:
    """Return a time as date and time of day (UTC)."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def machine_time(moment: float) -> str:
    """Return a time for the attribute ``datetime``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(seconds: float) -> str:
    """Return a span of time in words, in its largest unit."""
    whole = max(0, int(seconds))
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if whole >= 2 * unit:
            return f"{whole // unit} {name}"
    return f"{whole} s"


def distance(milliseconds: float) -> str:
    """Return a round-trip time."""
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:,.0f} ms"


def plain(value: object, longest: int = 400) -> str:
    """Return a text of other clouds or users without control and bidirectional characters, cut to a length."""
    text = "" if value is None else str(value)
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
