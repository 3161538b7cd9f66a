# SPDX-License-Identifier: Apache-2.0
"""The WebSockets that the Python service has open: a silent one gives way when the last place is taken.

HAProxy gives the Python service few of them, and each may be silent for an hour.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Place:
    """The place of one WebSocket. ``client``: an address, or a peer's cloud. ``spoke``: when a byte came last."""

    client: str
    spoke: float
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another WebSocket needs the place."""


class OpenWebSockets:
    """Those that are open, of any client. ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: set[Place] = set()

    @contextmanager
    def place(self, client: str, most: int) -> Iterator[Place]:
        """Hold a place of ``most``. With the last one, of the client with most, the one that is silent for longest ends."""
        place = Place(client, self._clock())
        self._places.add(place)
        staying = [each for each in self._places if not each.taken.is_set()]
        if len(staying) >= most:
            numbers = Counter(each.client for each in staying)
            largest = max(numbers.values())
            min((each for each in staying if numbers[each.client] == largest), key=lambda each: each.spoke).taken.set()
        try:
            yield place
        finally:
            self._places.discard(place)

    def heard(self, place: Place) -> None:
        """Note that a byte came."""
        place.spoke = self._clock()
