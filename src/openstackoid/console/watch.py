# SPDX-License-Identifier: Apache-2.0
"""Look at the gateway as ``openstackoid status`` does, when a page is asked for, and each minute for the times of changes."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from openstackoid.bridge.telemetry.page import ROUND_TRIPS, TRACE
from openstackoid.console.errors import ConsoleError, NoAnswerError
from openstackoid.console.history import History
from openstackoid.console.kept import Kept
from openstackoid.console.traces import Traces
from openstackoid.console.uses import Tail
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway import Folder
from openstackoid.gateway.status import Facts, Status, facts_of, judged, page_of
from openstackoid.mesh import Descriptions, Mesh, some_of
from openstackoid.redaction import redacted
from openstackoid.routing import read_times

FRESH, FRESH_TIMES = 4.0, 15.0
"""Seconds for which a look, and the round-trip times, are shown before the gateway is asked again."""

UNWATCHED = 60.0
"""Seconds between looks that no page asks for."""

PATIENCE = 5.0
"""Seconds in which the Python service must answer; for a look, :data:`openstackoid.gateway.status.PATIENCE`.

*Now* asks each second, so that a fault is shown within 14: 4 until the last look is old, 1 until the next question, the 8 of the
look, and 1 until the question after it.
"""

_SILENT = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class Look:
    """The gateway at one moment. ``mesh`` and ``status`` are None if they could never be read; ``fault``: why, in one line."""

    at: float
    mesh: Mesh | None
    status: Status | None
    facts: Facts | None
    fault: str = ""
    hint: str = ""
    since: History = field(default_factory=History)

    @property
    def clouds(self) -> list[dict[str, Any]]:
        """Return the clouds of the gateway's page, its own first; without one, those of the description, unknown."""
        if self.facts is not None and self.facts.told is not None:
            return list(self.facts.told["clouds"])
        return []


class Watch:
    """The looks at the gateway of ``cloud`` in ``folder``, by the description that ``descriptions`` reads."""

    def __init__(self, folder: Folder, cloud: str, descriptions: Descriptions) -> None:
        self.folder = folder
        self.audit = Tail(folder.audit)
        self.cloud = cloud
        self._descriptions = descriptions
        self.kept_traces = Traces(self.trace)
        self._read: tuple[int, Mesh] | None = None
        self._history = History()
        self._look = Kept(self._ask, FRESH)
        self._times = Kept(self._ask_times, FRESH_TIMES)

    @property
    def mesh(self) -> Mesh:
        """Return the description that was read last. Raises :class:`NoAnswerError` if none could be."""
        if self._read is None:
            raise NoAnswerError("the mesh description has not been read", "see Now for the reason")
        return self._read[1]

    async def look(self) -> Look:
        """Return the last look, or a new one."""
        return await self._look.get()

    async def times(self) -> Mapping[str, float]:
        """Return the round-trip times from this cloud in milliseconds, as far as they are known."""
        return await self._times.get()

    async def begin(self) -> None:
        """Look for the first time, so that no page waits for that."""
        await asyncio.gather(self.look(), self.times())

    async def run(self) -> None:
        """Look each minute, until cancelled: a change has a time although no page was open."""
        while True:
            await self.look()
            await asyncio.sleep(UNWATCHED)

    async def trace(self, request_id: str) -> Mapping[str, Any]:
        """Return the gateway's page about a traced request. Raises :class:`ConsoleError` with the gateway's reason."""
        try:
            status, told = await page_of(self.folder, TRACE + request_id, 3 * PATIENCE)
        except _SILENT:
            hint = "see Now for the part that is down"
            raise ConsoleError("the gateway's Python service does not answer, which has the traces", hint) from None
        if status != 200 or not isinstance(told, dict):
            raise ConsoleError(str(told.get("error", "")) if isinstance(told, dict) else f"the gateway answers {status}")
        return told

    async def _ask_times(self) -> Mapping[str, float]:
        with suppress(*_SILENT):
            status, told = await page_of(self.folder, ROUND_TRIPS, PATIENCE)
            if status == 200:
                return read_times(told["clouds"])
        return {}

    async def _ask(self) -> Look:
        now, fault, hint = time.time(), "", ""
        try:
            mesh = await asyncio.to_thread(self.read)
        except OpenstackoidError as error:
            fault, hint = redacted(str(error)), redacted(error.hint or "")
            if self._read is None:
                return Look(now, None, None, None, fault, hint)
            mesh = self._read[1]
        try:
            facts = await facts_of(self.folder, mesh.clouds[self.cloud])
        except (OpenstackoidError, OSError, json.JSONDecodeError) as error:
            return Look(now, mesh, None, None, redacted(str(error)), "run the console as the user of the gateway")
        status = judged(self.cloud, facts, now)
        self._history.note({(item.of, item.name): item.state for item in status.items}, now)
        return Look(now, mesh, status, facts, fault, hint, self._history)

    def read(self) -> Mesh:
        """Return the described mesh, read again after a change.

        Raises :class:`MeshError`, or :class:`ConsoleError` if it has no such cloud.
        """
        number = self._descriptions.look()
        if self._read is None or self._read[0] != number:
            mesh = self._descriptions.load()
            if self.cloud not in mesh.clouds:
                raise ConsoleError(f"--cloud {self.cloud}: the mesh has no such cloud; known: {some_of(mesh.clouds)}")
            self._read = number, mesh
        return self._read[1]
