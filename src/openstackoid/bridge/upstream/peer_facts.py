# SPDX-License-Identifier: Apache-2.0
"""The facts about peers that HAProxy tells the Python service with their answers."""

from dataclasses import dataclass, field

from multidict import CIMultiDictProxy

from openstackoid.bridge.upstream.round_trips import RoundTrips
from openstackoid.routing import wire_version
from openstackoid.routing.backend_names import ROUND_TRIP


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """``wires``: the wire versions that peers announce. ``round_trips``: the times to them."""

    wires: wire_version.Announcements = field(default_factory=wire_version.Announcements)
    round_trips: RoundTrips = field(default_factory=RoundTrips)

    def note(self, peer: str, headers: CIMultiDictProxy[str]) -> None:
        """Note what the headers of an answer tell."""
        self.wires.note(peer, headers.getall(wire_version.HEADER, []))
        self.round_trips.note_header(peer, headers.getall(ROUND_TRIP, []))
