# SPDX-License-Identifier: Apache-2.0
"""Heads and answers of HTTP, byte by byte."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    """A client's answer."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    @property
    def error(self) -> str:
        return str(json.loads(self.body)["error"]["message"])

    def values(self, name: str) -> list[str]:
        return values(self.head, name)

    def json(self) -> Any:
        return json.loads(self.body)


def head(method: str, target: str, *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1:8801", "X-Openstackoid-Listener: 127.0.0.1:8801", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"


def values(message: bytes, name: str) -> list[str]:
    """Return each value of a header, by its lower-case name."""
    pairs = [line.partition(b":") for line in message.split(b"\r\n")[1:]]
    return [value.strip().decode() for key, _, value in pairs if key.lower() == name.encode()]


async def read_body(message: bytes, reader: asyncio.StreamReader) -> bytes:
    """Read the body that ``message`` announces. Raises ``IncompleteReadError`` when it breaks off."""
    if values(message, "transfer-encoding") == ["chunked"]:
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return body
    length = values(message, "content-length")
    return await reader.readexactly(int(length[0])) if length else b""


async def read_answer(reader: asyncio.StreamReader, method: str = "GET") -> Answer:
    message = await reader.readuntil(b"\r\n\r\n")
    empty = method == "HEAD" or message.split(b" ")[1] in (b"204", b"304")
    return Answer(message, b"" if empty else await read_body(message, reader))
