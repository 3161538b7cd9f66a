# SPDX-License-Identifier: Apache-2.0
"""The resolution of ``around`` and ``nearest`` in words: the clouds with their times, and those that are left out."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.scope.expression import Near, parts
from openstackoid.scope.model import Scope
from openstackoid.scope.near import Times, near_clouds

MOST_TOLD = 32
"""The most clouds that a user is shown, of each kind."""


@dataclass(frozen=True, slots=True)
class NearTold:
    """The clouds of ``around`` or ``nearest`` with their times in milliseconds; ``farther`` and ``unknown`` are left out.

    ``unknown``: the clouds without a known time.
    """

    expression: str
    clouds: tuple[tuple[str, float], ...]
    farther: tuple[tuple[str, float], ...]
    unknown: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the form for JSON; it names :data:`MOST_TOLD` clouds of each kind at most."""
        near, far = (
            [{"cloud": name, "milliseconds": round(time, 3)} for name, time in clouds[:MOST_TOLD]]
            for clouds in (self.clouds, self.farther)
        )
        return {"expression": self.expression, "clouds": near, "farther": far, "unknown": list(self.unknown[:MOST_TOLD])}

    def lines(self) -> Iterator[str]:
        """Yield the lines for a person."""
        yield f"{self.expression}: {_some([_timed(*known) for known in self.clouds])}"
        out = [_timed(*known) for known in self.farther] + [f"{name} (no time is known)" for name in self.unknown]
        if out:
            yield f"left out: {_some(out)}"


def _timed(name: str, milliseconds: float) -> str:
    return f"{name} {milliseconds:.4g} ms"


def _some(texts: list[str]) -> str:
    more = len(texts) - MOST_TOLD
    return ", ".join(texts[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")


def near_told(clouds: Collection[str], written: Scope, times: Times) -> tuple[NearTold, ...]:
    """Return how each ``around`` and ``nearest`` of a scope is resolved among ``clouds``, for a user."""
    found = dict.fromkeys(part for _, expression in written.entries for part in parts(expression) if isinstance(part, Near))
    return tuple(_told(near, clouds, times.get(near.center, {})) for near in found)


def _told(near: Near, clouds: Collection[str], times: Mapping[str, float]) -> NearTold:
    names = near_clouds(near, times)
    known = {near.center: 0.0, **times}
    farther = sorted((time, name) for name, time in times.items() if name not in names)
    unknown = tuple(sorted(name for name in clouds if name not in known))
    return NearTold(
        near.to_text(), tuple((name, known[name]) for name in names), tuple((name, time) for time, name in farther), unknown
    )
