# SPDX-License-Identifier: Apache-2.0
"""HAProxy's runtime API: a command to its control socket, and the answer."""

import asyncio
import contextlib
from pathlib import Path

from openstackoid.errors import OpenstackoidError

PATIENCE = 3.0
"""Seconds that HAProxy may take for an answer."""

ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer: the state of a server takes some 500, and a mesh may have tens of thousands of them."""


class RuntimeApiError(OpenstackoidError):
    """HAProxy gave no valid answer."""


class RuntimeApi:
    """The control socket of the HAProxy in front of this process. Each command has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def command(self, text: str) -> str:
        """Send one command and return HAProxy's answer, its complaints included.

        Raises :class:`RuntimeApiError` without an answer in time, or for a large one, and ``ValueError`` for a text that HAProxy
        would read as several commands.
        """
        if ";" in text or not text.isprintable():
            raise ValueError("a command of HAProxy is one line, without a semicolon")
        try:
            async with asyncio.timeout(PATIENCE):
                return (await self._ask(text)).decode("utf-8", "replace")
        except TimeoutError:
            raise RuntimeApiError(f"HAProxy at {self.path} does not answer within {PATIENCE:g} s") from None
        except OSError as error:
            raise RuntimeApiError(f"HAProxy at {self.path} cannot be asked: {error.strerror or error}") from None

    async def _ask(self, text: str) -> bytes:
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            writer.write(f"{text}\n".encode())
            answer = bytearray()
            while chunk := await reader.read(65536):
                answer += chunk
                if len(answer) > ANSWER_LIMIT:
                    raise RuntimeApiError(f"HAProxy at {self.path}: its answer is larger than {ANSWER_LIMIT} bytes")
            return bytes(answer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
