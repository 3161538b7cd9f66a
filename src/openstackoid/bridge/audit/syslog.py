# SPDX-License-Identifier: Apache-2.0
"""Send the lines of the audit log to a syslog server: RFC 5424's messages, by RFC 5425 over TLS.

The lines wait in the log itself and its rotated files, so no memory is needed while the server cannot be reached.
"""

import asyncio
import contextlib
import os
import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from openstackoid.bridge.audit.chain import ChainFile
from openstackoid.bridge.audit.following import Follower
from openstackoid.bridge.log import LOG
from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import SyslogServer
from openstackoid.private import replace_private

PRIORITY = 13 * 8 + 6
"""The facility "log audit", the severity "informational"."""

PATIENCE = 10.0
"""Seconds for a connection, and for the server to take lines."""
PAUSE = 0.5
LONGEST_PAUSE = 60.0
SETTLED = 5.0
"""Seconds that a connection must last after a line for it to count as sent: syslog has no answer."""

_TIME = re.compile(rb'\{"time": "([0-9TZ:.-]{1,32})"')


class SyslogSink:
    """Sends the lines of the log ``path`` to ``server``, which may be replaced at any time; None for no server.

    ``lost`` counts lines that were removed before they could be sent.
    """

    def __init__(self, path: Path, server: SyslogServer | None, lost: Callable[[int], None]) -> None:
        self.server = server
        self._path = path
        self._sent = path.with_name(f"{path.name}.sent")
        self._lost = lost
        self._fault = ""
        # A gap before lines that are sent again is counted once.
        self._counted = 0

    async def run(self) -> None:
        """Send lines for ever."""
        pause = PAUSE
        while True:
            server = self.server
            if server is None:
                await asyncio.sleep(PAUSE)
                continue
            try:
                await self._send_to(server)
                pause = PAUSE
            except (OSError, ValueError, OpenstackoidError) as error:
                # ValueError: a name that no host can have.
                self._fail(server, _words(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _send_to(self, server: SyslogServer) -> None:
        """Send lines until the server is replaced. Raises ``OSError``, ``ValueError`` and :class:`OpenstackoidError`."""
        context = context_for(server)
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(server.host.strip("[]"), server.port, ssl=context)
        follower = Follower(self._path, self._last_sent())
        closing = asyncio.create_task(reader.read(1))
        closing.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        loop = asyncio.get_running_loop()
        noted, settling, since, settled = follower.last, follower.last, loop.time(), False
        try:
            while self.server is server:
                lines, missing = await asyncio.to_thread(follower.read)
                if missing and follower.last > self._counted:
                    self._counted = follower.last
                    self._lost(missing)
                    LOG.error(
                        "audit: %d lines were removed before they could be sent to %s:%d", missing, server.host, server.port
                    )
                writer.write(b"".join(map(framed, lines)))
                async with asyncio.timeout(PATIENCE):
                    await writer.drain()
                if closing.done():
                    raise ConnectionResetError("the server has closed the connection")
                if loop.time() >= since + SETTLED:
                    if not settled:
                        self._fault, settled = "", True
                        LOG.info("audit: lines are sent to %s:%d", server.host, server.port)
                    if settling != noted:
                        self._note(settling)
                    noted, settling, since = settling, follower.last, loop.time()
                if not lines:
                    await asyncio.sleep(PAUSE)
        finally:
            closing.cancel()
            follower.close()
            writer.transport.abort()

    def _last_sent(self) -> int:
        """Return the number of the last line that was sent; a new server gets the lines from now on."""
        try:
            return int(self._sent.read_text(encoding="ascii"))
        except (OSError, ValueError):
            chain = ChainFile(self._path.with_name(f"{self._path.name}.chain"))
            with contextlib.closing(chain), chain.hold() as end:
                self._note(end.link.number)
                return end.link.number

    def _note(self, number: int) -> None:
        replace_private(self._sent, b"%d\n" % number)

    def _fail(self, server: SyslogServer, fault: str) -> None:
        """Say once that lines are not sent, and why."""
        if fault != self._fault:
            self._fault = fault
            LOG.error("audit: no line can be sent to %s:%d, and lines wait in the log: %s", server.host, server.port, fault)


def framed(line: bytes) -> bytes:
    """Return a line as a message of syslog, behind the number of its bytes."""
    found = _TIME.match(line)
    time = "-" if found is None else found[1].decode("ascii")
    head = f"<{PRIORITY}>1 {time} {socket.gethostname()[:255] or '-'} openstackoid {os.getpid()} audit - "
    message = head.encode("ascii", "replace") + line.rstrip(b"\n")
    return b"%d %s" % (len(message), message)


def context_for(server: SyslogServer) -> ssl.SSLContext:
    """Return the TLS context for a server: its certificate must have its name. Raises :class:`OpenstackoidError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path, load in ((server.authority, context.load_verify_locations), (server.certificate, _load_chain(context))):
        if path is None:
            continue
        try:
            load(path)
        except ssl.SSLError:
            raise OpenstackoidError(f"{path}: no certificate in PEM can be read there") from None
        except OSError as error:
            raise OpenstackoidError(f"{path}: cannot be read: {error.strerror}") from None
    return context


def _load_chain(context: ssl.SSLContext) -> Callable[[str], None]:
    # A key with a passphrase would be asked for at the terminal.
    return lambda path: context.load_cert_chain(path, password="")


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"it does not answer within {PATIENCE:g} s"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
