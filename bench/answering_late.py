# SPDX-License-Identifier: Apache-2.0
"""Clouds that answer after a while: ``python -m bench.answering_late PORT...``, a cloud at each port.

A list is a page of servers, any other path one server; to Keystone, a token.
"""

import asyncio
import json
import sys

from bench.meshes import token_document, two_clouds

LIST_SECONDS, ITEM_SECONDS = 0.1, 0.01
"""The times of answers: what Nova of the lab takes for a list of servers, and Glance for images, or a little less."""

_ITEMS = 20
_FILLED = "x" * 1200


def _server(cloud: int, number: int) -> dict[str, object]:
    return {
        "id": f"{cloud:08x}-0000-4000-8000-{number:012x}",
        "created": f"2026-01-01T00:{number:02}:00Z",
        "name": f"server-{number}",
        "metadata": {"filled": _FILLED},
    }


def _answers(cloud: int) -> dict[bytes, tuple[bytes, float]]:
    """Return the answers of a cloud with their times, by a part of the request line."""
    token = token_document(two_clouds(1, 2, 3)).encode()
    servers = json.dumps({"servers": [_server(cloud, number) for number in range(_ITEMS)]}).encode()
    server = json.dumps({"server": _server(cloud, 0)}).encode()
    return {b"/auth/tokens": (token, 0), b"/servers/detail": (servers, LIST_SECONDS), b"/": (server, ITEM_SECONDS)}


async def _serve(cloud: int, port: int) -> None:
    answers = _answers(cloud)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line = head.partition(b"\r\n")[0]
                body, seconds = next(answer for part, answer in answers.items() if part in line)
                await asyncio.sleep(seconds)
                said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Subject-Token: none\r\nContent-Length: "
                writer.write(said + str(len(body)).encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port) as server:
        await server.serve_forever()


async def main(ports: list[int]) -> None:
    """Serve until the process is ended."""
    await asyncio.gather(*(_serve(cloud, port) for cloud, port in enumerate(ports, start=1)))


if __name__ == "__main__":
    asyncio.run(main([int(port) for port in sys.argv[1:]]))
