# SPDX-License-Identifier: Apache-2.0
"""The files of a running gateway's description, those of TLS, and its keys: looked at again and again, read when they change."""

import asyncio
import os
import time
from pathlib import Path

from openstackoid.binding import state_of
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.certificates import watched
from openstackoid.gateway.configuration import Configuration, configuration_of, keys_of
from openstackoid.gateway.folder import Folder
from openstackoid.mesh import BLOCKED, Descriptions, with_blocked

_POLL = 1.0
_REST = 50
"""The pause after a look at the files, as a multiple of its duration: thousands of files may be on a slow disk."""


class DescriptionFiles:
    """The description at ``path`` for the gateway of ``cloud``. ``pause``: seconds until the next look."""

    def __init__(self, cloud: str, path: Path, folder: Folder) -> None:
        self.cloud = cloud
        self.folder = folder
        self.pause = _POLL
        self._descriptions = Descriptions(path, folder.cache)
        self._of_tls: tuple[str, ...] = ()
        self._keys: Path | None = None

    async def read(self) -> Configuration:
        """Return the configuration. Raises :class:`OpenstackoidError`."""
        # Reading thousands of clouds takes a while; dead parts are restarted meanwhile.
        return await asyncio.to_thread(self._read)

    def _read(self) -> Configuration:
        mesh = with_blocked(self._descriptions.load(), self.folder.path / BLOCKED)
        return configuration_of(mesh, self.cloud, self.folder.runtime, own_keys=self.folder.keys)

    async def save(self) -> None:
        """Keep the description as read, for the next start."""
        await asyncio.to_thread(self._descriptions.save)

    def watch(self, running: Configuration) -> None:
        """Look at the files of TLS that a configuration names, too, and at the keys of bound tokens."""
        self._of_tls = watched(running.cloud)
        self._keys = keys_of(running.cloud, self.folder.keys)

    async def look(self) -> int | None:
        """Return a fingerprint of the files; None if one is unreadable."""
        started = time.monotonic()
        seen = await asyncio.to_thread(self._seen)
        self.pause = max(_POLL, _REST * (time.monotonic() - started))
        return seen

    def _seen(self) -> int | None:
        try:
            others = [(state.st_mtime_ns, state.st_ctime_ns, state.st_ino) for state in map(os.stat, self._of_tls)]
            keys = None if self._keys is None else state_of(self._keys)
            return hash((self._descriptions.look(), keys, *others))
        except (OSError, OpenstackoidError):
            return None
