# SPDX-License-Identifier: Apache-2.0
"""The upkeep of the audit log: rotation, the reserve on the disk, due sums, and the state for the health page."""

import asyncio
import time
from functools import partial
from typing import Any

from openstackoid.bridge.audit.audit_file import Audit, AuditError
from openstackoid.bridge.audit.audit_log import timestamp
from openstackoid.bridge.audit.losses import Loss, Losses
from openstackoid.bridge.audit.reserve import MIB
from openstackoid.bridge.audit.syslog import SyslogSink
from openstackoid.bridge.log import LOG
from openstackoid.mesh import AuditSettings

UP, LOW, DOWN = "up", "low", "down"
"""The states: ``low`` is a disk without space for the reserve, ``down`` a log that cannot be written."""

PAUSE = 1.0


class AuditMaintenance:
    """Looks after ``audit`` by ``settings``, which may be replaced at any time.

    ``losses``: missing lines. ``state``: of the log.
    """

    def __init__(self, audit: Audit, losses: Losses, settings: AuditSettings) -> None:
        self.settings = settings
        self._sink = None if audit.path is None else SyslogSink(audit.path, None, partial(losses.add, Loss.SYSLOG))
        self._audit = audit
        self._losses = losses
        self._since = time.time()
        self.state = UP

    def document(self) -> dict[str, Any]:
        """Return the state for the health page, with the number of missing lines and their start."""
        count = self._losses.count
        lost = {"haproxy": count(Loss.HAPROXY), "audit": count(Loss.SERVICE, Loss.READER), "syslog": count(Loss.SYSLOG)}
        return {"state": self.state, "lost": lost, "since": timestamp(self._since)}

    async def run(self) -> None:
        """Look after the log, and send its lines, for ever."""
        sending = asyncio.create_task(self._sink.run()) if self._sink is not None else None
        try:
            while True:
                if self._sink is not None:
                    self._sink.server = self.settings.syslog
                await self.look()
                await asyncio.sleep(PAUSE)
        finally:
            if sending is not None:
                sending.cancel()

    async def look(self) -> None:
        """Look after the log once."""
        settings, path = self.settings, self._audit.path
        if path is None:
            return
        try:
            self._audit.check()
            self._audit.flush()
            if settings.size is not None:
                oldest = path.with_name(f"{path.name}.{settings.keep}").exists()
                if self._audit.rotate(settings.size * MIB, settings.keep) and oldest:
                    LOG.warning("audit: %d files are kept, the oldest was removed ('audit.keep')", settings.keep)
            kept = await asyncio.to_thread(self._audit.reserve.keep, settings.reserve * MIB)
        except AuditError as error:
            self._become(DOWN, f"{error}; no user of another cloud is served")
        except OSError as error:
            self._become(LOW, f"the reserve beside {path} cannot be made: {error.strerror}")
        else:
            what = f"the disk has no space for the reserve of {settings.reserve} MiB beside {path}: free some space"
            self._become(UP if kept else LOW, what)

    def _become(self, state: str, what: str) -> None:
        if state != self.state:
            self.state = state
            if state == UP:
                LOG.info("audit: the log can be written, and has its reserve on the disk")
            else:
                LOG.error("audit: %s", what)
