# SPDX-License-Identifier: Apache-2.0
"""TLS relays in the place of the gateways' frontends: what each gateway reads and answers, kept as its operator could keep it.

The gateways themselves move to another address of loopback. A relay ends TLS with the certificate of its gateway, and goes on
with that of the client, where it has shown one: so each gateway sees the same clients as without it.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openstackoid.mesh import Mesh

BEHIND = "127.0.0.2"
"""The address of the gateways while relays listen in their place."""
_PATIENCE = 60.0


@dataclass
class Conversation:
    """The bytes of a connection to the gateway of ``cloud``. ``client``: the name in the client's certificate."""

    cloud: str
    client: str | None
    requests: bytearray = field(default_factory=bytearray)
    answers: bytearray = field(default_factory=bytearray)


class WireRecorder:
    """Relays before all frontends of the clouds in a mesh, with the certificates in a folder."""

    def __init__(self, mesh: Mesh, certificates: Path) -> None:
        self.conversations: list[Conversation] = []
        self._mesh, self._certificates = mesh, certificates
        self._loop = asyncio.new_event_loop()

    def describe(self, mesh: dict[str, Any]) -> None:
        """Have the gateways of a mesh description listen behind the relays."""
        for name in self._mesh.clouds:
            mesh["clouds"][name]["gateway"]["bind"] = BEHIND

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Relay, once the gateways have left their sockets; until the end of the block."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        servers: list[asyncio.Server] = []
        try:
            for name, cloud in self._mesh.clouds.items():
                for listener in cloud.listeners:
                    begun = asyncio.run_coroutine_threadsafe(self._listen(name, listener.host, listener.port), self._loop)
                    servers.append(begun.result(2 * _PATIENCE))
            yield
        finally:
            for server in servers:
                self._loop.call_soon_threadsafe(server.close)
            # Connections that are open are relayed until the process ends: an HAProxy that is replaced serves its old ones.

    def read_by(self, cloud: str) -> bytes:
        """Return what the gateway of a cloud has read and answered, and what other gateways have answered it."""
        return b"\n".join(
            bytes(half)
            for one in list(self.conversations)
            if cloud in (one.cloud, one.client)
            for half in (one.requests, one.answers)
        )

    def of_users(self, cloud: str) -> bytes:
        """Return what clients without a certificate have said to the gateway of a cloud, and heard."""
        told = [one for one in list(self.conversations) if (one.cloud, one.client) == (cloud, None)]
        return b"\n".join(bytes(half) for one in told for half in (one.requests, one.answers))

    async def _listen(self, cloud: str, host: str, port: int) -> asyncio.Server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self._certificates / "authority.pem"))
        context.load_cert_chain(self._certificates / f"{cloud}.pem")
        context.verify_mode = ssl.CERT_OPTIONAL

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                await self._relay(cloud, (host, port), reader, writer)

        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return await asyncio.start_server(relay, host, port, ssl=context)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)

    async def _relay(self, cloud: str, at: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _name(writer.get_extra_info("peercert"))
        kept = Conversation(cloud, client)
        self.conversations.append(kept)
        context = ssl.create_default_context(cafile=str(self._certificates / "authority.pem"))
        if client is not None:
            context.load_cert_chain(self._certificates / f"{client}.pem")
        host, port = at
        try:
            answers, gateway = await asyncio.open_connection(BEHIND, port, ssl=context, server_hostname=host)
        except OSError:
            writer.close()
            return
        halves = (_copy(reader, gateway, kept.requests), _copy(answers, writer, kept.answers))
        await asyncio.gather(*halves, return_exceptions=True)


def _name(certificate: dict[str, Any] | None) -> str | None:
    named = [value for part in (certificate or {}).get("subject", ()) for name, value in part if name == "commonName"]
    return named[0] if named else None


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, kept: bytearray) -> None:
    try:
        while data := await source.read(65536):
            kept += data
            target.write(data)
            await target.drain()
    finally:
        target.close()
