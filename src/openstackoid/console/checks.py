# SPDX-License-Identifier: Apache-2.0
"""Try the way to peers and back, as ``openstackoid doctor`` does: when their page is asked for, a few at once, and kept."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import Mesh, mesh_digest
from openstackoid.peering.way import Result, try_way
from openstackoid.tls import context_of

KEPT = 60.0
"""Seconds for which a check is shown before a page causes the next one."""

AT_ONCE = 4
"""Peers that are checked at the same time."""

MOST_CLOUDS = 200
"""The largest mesh whose list of peers causes checks: the page of a peer in a larger one is megabytes."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The results of a check, and its time."""

    at: float
    results: tuple[Result, ...]

    @property
    def same(self) -> str:
        """Return whether the peer has the same description: ``same``, ``differs`` or ``unknown``."""
        known = [result.same for result in self.results if result.same is not None]
        return "unknown" if not known else "same" if all(known) else "differs"

    @property
    def faults(self) -> tuple[Result, ...]:
        """Return the results that are not good."""
        return tuple(result for result in self.results if not result.good)


class Checks:
    """The checks of peers of the gateway of ``at``. ``mesh`` returns the current description."""

    def __init__(self, at: str) -> None:
        self._at = at
        self._found: dict[str, Checked] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def of(self, name: str) -> Checked | None:
        """Return the last check of a peer."""
        return self._found.get(name)

    def running(self, name: str) -> bool:
        """Return whether a check of the peer is under way."""
        return name in self._running

    def begin(self, mesh: Mesh, names: Iterable[str], clock: Callable[[], float] = time.time) -> None:
        """Begin checks of the peers whose last one is old."""
        for name in names:
            known = self._found.get(name)
            if name in mesh.clouds and name not in self._running and (known is None or known.at < clock() - KEPT):
                self._running[name] = asyncio.create_task(self._check(mesh, name))

    async def wait(self, name: str, seconds: float) -> None:
        """Wait for the check of a peer for some seconds."""
        if name in self._running:
            await asyncio.wait([self._running[name]], timeout=seconds)

    async def _check(self, mesh: Mesh, name: str) -> None:
        tls = mesh.clouds[self._at].tls
        try:
            async with self._slots:
                files = None if tls is None else (tls.certificate, tls.authority, tls.revoked)
                context = None if files is None else context_of(ssl.PROTOCOL_TLS_CLIENT, *files)
                digest = await asyncio.to_thread(mesh_digest, mesh)
                authority = "" if tls is None else tls.authority
                results = await try_way(self._at, name, mesh.clouds[name].endpoints, context, authority, digest=digest)
        except OpenstackoidError as error:
            results = [Result(False, str(error), error.hint or "")]
        finally:
            del self._running[name]
        self._found[name] = Checked(time.time(), tuple(results))
