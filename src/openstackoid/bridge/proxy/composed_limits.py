# SPDX-License-Identifier: Apache-2.0
"""The load of requests to several clouds at once: each counts as many times as it has clouds, and all share their memory."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from openstackoid.bridge.binding.binder import cut
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.shared_amount import Bounds, FullError, SharedAmount
from openstackoid.composition import ALL_BYTES
from openstackoid.mesh import Cloud
from openstackoid.routing.places import Places
from openstackoid.routing.reading import AUTH

MEMORY = 2 * ALL_BYTES
"""Bytes of answers of several clouds that the Python service holds at once."""

SHARE = ALL_BYTES
"""The most of them that the requests of one token hold."""

FREE = 64 * 1024
"""Bytes of each answer that are not counted: the number of requests bounds them, and short answers wait for no long ones."""

_AGAIN = {"Retry-After": "1"}


class OverloadError(AnswerError):
    """The request has no place or no memory. It ends; no answer of a cloud changes that."""


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """The answer of one cloud that is being read: it may have ``most`` bytes."""

    most: int
    hold: Callable[[int], Awaitable[None]]


class HeldAnswers:
    """The bytes that one request of ``holder`` to so many ``clouds`` holds, by names of their parts."""

    def __init__(self, memory: SharedAmount, holder: str, clouds: int, here: Cloud) -> None:
        self._memory = memory
        self._holder = holder
        self._most = ALL_BYTES // clouds
        self._here = here
        self._parts: dict[str, int] = {}

    def answer(self, cloud: str) -> HeldAnswer:
        """Return the answer of a cloud, in place of that before."""
        return HeldAnswer(self._most, partial(self.hold, cloud))

    async def hold(self, name: str, size: int) -> None:
        """Hold ``size`` bytes under ``name``, in place of those before. Raises :class:`OverloadError`."""
        size = max(0, size - FREE)
        more = size - self._parts.get(name, 0)
        if more > 0 and sum(self._parts.values()) + more > SHARE:
            raise OverloadError(400, f"gateway of {self._here.name}: limit: the page is too large; a smaller one is accepted")
        if more > 0:
            try:
                await self._memory.take(self._holder, more, Bounds(MEMORY, SHARE, self._here.limits.wait))
            except FullError as full:
                raise self._refused(full) from None
        elif more < 0:
            self._memory.give(self._holder, -more)
        self._parts[name] = size

    def release(self) -> None:
        """Hold nothing."""
        self._memory.give(self._holder, sum(self._parts.values()))
        self._parts.clear()

    def _refused(self, full: FullError) -> OverloadError:
        message = f"gateway of {self._here.name}: answers of several clouds at once take {MEMORY >> 20} MiB of memory, the most"
        if full.of_holder:
            message = f"gateway of {self._here.name}: answers of several clouds for the token take {SHARE >> 20} MiB, its share"
        return OverloadError(503, f"{message}; try again, or ask for less at a time", headers=_AGAIN)


class ComposedLimits:
    """The places and the memory of the requests to several clouds at once that are at work."""

    def __init__(self) -> None:
        self._places = SharedAmount()
        self._memory = SharedAmount()

    @asynccontextmanager
    async def at_work(self, head: Head, clouds: int, here: Cloud) -> AsyncIterator[HeldAnswers]:
        """Let a request to so many clouds work, and yield its memory. Raises :class:`OverloadError`."""
        token, _ = cut(next(iter(head.values(AUTH)), ""))
        holder = hashlib.sha256(token.encode()).hexdigest()
        places = Places.of(here.limits)
        total, of_token = max(here.limits.bridge, clouds), max(places.of_token, clouds)
        try:
            await self._places.take(holder, clouds, Bounds(total, of_token, here.limits.wait))
        except FullError as full:
            work = "requests to clouds at work in the Python service behind the gateway"
            message = f"gateway of {here.name}: the token has {of_token} {work}, its share"
            if not full.of_holder:
                message = f"gateway of {here.name}: there are {total} {work}, the most that it takes"
            raise OverloadError(429 if full.of_holder else 503, message, headers=_AGAIN) from None
        held = HeldAnswers(self._memory, holder, clouds, here)
        try:
            yield held
        finally:
            held.release()
            self._places.give(holder, clouds)
