# SPDX-License-Identifier: Apache-2.0
"""The facts about peers that HAProxy tells the Python service with their answers."""

from dataclasses import dataclass, field

from multidict import CIMultiDictProxy

from openstackoid.bridge.upstream.round_trips import RoundTrips
from openstackoid.routing import wire_version
from openstackoid.routing.backend_names import ROUND_TRIP


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """``announced``: the peers whose last answer announced the newer wire version. ``round_trips``: the times to them."""

    announced: set[str] = field(default_factory=set)
    round_trips: RoundTrips = field(default_factory=RoundTrips)

    def note(self, peer: str, headers: CIMultiDictProxy[str]) -> None:
        """Note what the headers of an answer tell."""
        wire_version.note(self.announced, peer, headers.getall(wire_version.HEADER, []))
        self.round_trips.note_header(peer, headers.getall(ROUND_TRIP, []))
