# SPDX-License-Identifier: Apache-2.0
"""Since when a state holds, as far as this console has seen it. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT = 50
"""The changes that are kept."""

Name = tuple[str, str]
"""The owner of a part and its name: a cloud and a service, or a kind of item and its name."""


@dataclass(frozen=True, slots=True)
class Since:
    """A state and the time since which it was seen. ``changed``: the console saw it begin; else it may hold for longer."""

    state: str
    at: float
    changed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a state that the console has seen."""

    at: float
    name: Name
    before: str
    after: str


@dataclass(slots=True)
class History:
    """The states of parts by name, and their last changes, the newest first."""

    states: dict[Name, Since] = field(default_factory=dict)
    changes: deque[Change] = field(default_factory=lambda: deque(maxlen=KEPT))

    def note(self, found: Mapping[Name, str], now: float) -> None:
        """Note the states of one look. A part that is not in it is forgotten; ``unknown`` changes nothing."""
        kept: dict[Name, Since] = {}
        for name, state in found.items():
            known = self.states.get(name)
            if known is None:
                kept[name] = Since(state, now, changed=False)
            elif state in (known.state, "unknown"):
                kept[name] = known
            else:
                kept[name] = Since(state, now, changed=known.state != "unknown")
                if known.state != "unknown":
                    self.changes.appendleft(Change(now, name, known.state, state))
        self.states = kept
