# SPDX-License-Identifier: Apache-2.0
"""A question to the gateways of peers: on request, a few at a time, with answers that are cached.

In a large mesh no gateway asks all of its peers by itself: of ten thousand, each would ask each.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Container, Mapping
from typing import Generic, TypeVar

from openstackoid.mesh import Mesh, Timeouts

AT_ONCE = 32
"""Peers that are asked at the same time: any client may request it."""

ANSWERS_WITHIN = 4.0
"""Seconds in which a peer's gateway must answer; each of its sockets that is tried has a part. Then the operator hears of it."""

Answer = TypeVar("Answer")


def question_timeouts(mesh: Mesh, at: str) -> Timeouts:
    """Return the seconds of a question of the gateway of the cloud ``at``."""
    return Timeouts(connect=min(mesh.clouds[at].timeouts.connect, ANSWERS_WITHIN), server=ANSWERS_WITHIN)


class PeerQuestions(Generic[Answer]):
    """Asks the peers of the cloud ``at``. ``question`` returns the answer of a cloud's gateway.

    ``at_once``: peers that are asked at the same time.
    """

    def __init__(self, at: str, question: Callable[[Mesh, str], Awaitable[Answer]], at_once: int = AT_ONCE) -> None:
        self._at = at
        self._question = question
        self._known: dict[str, tuple[float, Answer]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(at_once)

    def begin(self, mesh: Mesh, most: int, fresh: float | None = None, among: Container[str] | None = None) -> None:
        """Begin to ask peers without an answer of the last ``fresh`` seconds, those first that were asked longest ago.

        ``most``: the peers that may be asked in all at the moment. ``fresh``: ``timeouts.check`` by default. ``among``: the peers
        that may be asked, all by default.
        """
        peers = [name for name in mesh.clouds if name != self._at]
        self._known = {name: self._known[name] for name in peers if name in self._known}
        peers = [name for name in peers if among is None or name in among]
        old = time.monotonic() - (mesh.clouds[self._at].timeouts.check if fresh is None else fresh)
        times = ((self._known[name][0] if name in self._known else float("-inf"), name) for name in peers)
        due = sorted(each for each in times if each[0] < old and each[1] not in self._asking)
        for _, name in due[: max(0, most - len(self._asking))]:
            self._asking[name] = asyncio.create_task(self._ask(mesh, name))

    async def wait(self, seconds: float) -> None:
        """Wait for the answers; later ones are there for the next look."""
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=seconds)

    def answers(self, mesh: Mesh) -> Mapping[str, tuple[float, Answer]]:
        """Return the last answers with their age in seconds, by the cloud's name."""
        now = time.monotonic()
        return {name: (now - when, answer) for name, (when, answer) in self._known.items() if name in mesh.clouds}

    def cancel(self) -> None:
        """Wait for no answer any more."""
        for asking in self._asking.values():
            asking.cancel()

    async def _ask(self, mesh: Mesh, name: str) -> None:
        try:
            async with self._slots:
                answer = await self._question(mesh, name)
            self._known[name] = (time.monotonic(), answer)
        finally:
            del self._asking[name]
