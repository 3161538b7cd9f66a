# SPDX-License-Identifier: Apache-2.0
"""The last answers of peers' gateways to a question of this one, and whose clock is wrong. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

CLOCKS = 5.0
"""Seconds by which clocks may differ: audit lines and traces of two clouds are read together."""


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """The last answer of a peer's gateway.

    ``reached``: it has answered at all. ``fault``: why its answer cannot be used, else empty. ``same``: it has the description of
    this gateway. ``ahead``: the seconds by which its clock is ahead of this one. Both are None where it does not tell. ``age``:
    the seconds since it was asked, where that is told. ``certificate``: it is not reached because its certificate is wrong.
    """

    reached: bool
    fault: str = ""
    same: bool | None = None
    ahead: float | None = None
    age: float = 0.0
    certificate: bool = False

    @property
    def good(self) -> bool:
        """Return whether the answer has no fault."""
        return self.reached and not self.fault and self.same is not False and abs(self.ahead or 0.0) <= CLOCKS


def clocks_off(ahead: Mapping[str, float]) -> tuple[bool, tuple[str, ...]]:
    """Return whether this clock is off, and the peers with a clock that is off. ``ahead``: the seconds of each peer.

    Where the clocks of most peers differ, and there are two at least, this one is off. Of two clocks alone the peer's is named,
    and may be right. ``OpenStackoidClockOff`` and ``OpenStackoidPeerClockOff`` of the alert rules say the same.
    """
    off = tuple(sorted(peer for peer, seconds in ahead.items() if abs(seconds) > CLOCKS))
    if len(ahead) > 1 and 2 * len(off) > len(ahead):
        return True, ()
    return False, off
