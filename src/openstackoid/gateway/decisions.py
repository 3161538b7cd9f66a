# SPDX-License-Identifier: Apache-2.0
"""The decisions of a supervisor. Pure: no clock, no process, no file."""

from dataclasses import dataclass, field
from enum import StrEnum

from openstackoid.gateway.configuration import Configuration

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
STEADY = 30.0
"""Seconds of life after which a part counts as sound: its next death is the first again."""


class Part(StrEnum):
    """The two programs of a gateway."""

    HAPROXY = "HAProxy"
    BRIDGE = "the Python service"


@dataclass(slots=True)
class Restarts:
    """The pause before a dead part is started again: longer each time, so that a broken part costs little."""

    deaths: int = 0

    def after(self, lived: float) -> float:
        """Return the pause in seconds after the death of a part that lived for ``lived`` seconds."""
        self.deaths = 1 if lived >= STEADY else self.deaths + 1
        return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self.deaths - 1, 16)))


@dataclass(slots=True)
class Watch:
    """When to read the mesh description again.

    ``tried``: the fingerprint of the last reading, good or bad; ``seen``: of the last look; None for an unreadable file. A file
    is read once it is unchanged between two looks: an editor may have written half of it, and half a description can be valid.
    Each version is tried once, so an error is logged once.
    """

    tried: int | None
    seen: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self.tried

    def look(self, fingerprint: int | None) -> bool:
        """Return whether to read the file now."""
        steady, self.seen = fingerprint == self.seen, fingerprint
        if not steady or fingerprint == self.tried:
            return False
        self.tried = fingerprint
        return True

    def asked(self, fingerprint: int | None) -> None:
        """Note that the file is read now, changed or not."""
        self.tried = self.seen = fingerprint


def affected(running: Configuration, candidate: Configuration) -> frozenset[Part]:
    """Return the parts that the candidate changes.

    HAProxy looks at its files only, the certificate among them. The Python service reads the whole mesh: a region's name, say, is
    in no file of HAProxy's.
    """
    parts = set()
    if running.files != candidate.files:
        parts.add(Part.HAPROXY)
    if (running.mesh, running.accounts) != (candidate.mesh, candidate.accounts):
        parts.add(Part.BRIDGE)
    return frozenset(parts)
