# SPDX-License-Identifier: Apache-2.0
"""Clouds that answer after a while: ``python -m bench.answering_late PORT...``, a cloud at each port.

A list is a page of servers, any other path one server; to Keystone, a token.
"""

import asyncio
import json
import sys

from bench.answering import serve
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


def _answers(cloud: int) -> dict[str, tuple[bytes, float]]:
    """Return the answers of a cloud with their times, by a part of the request's target."""
    token = token_document(two_clouds(1, 2, 3)).encode()
    servers = json.dumps({"servers": [_server(cloud, number) for number in range(_ITEMS)]}).encode()
    server = json.dumps({"server": _server(cloud, 0)}).encode()
    return {"/auth/tokens": (token, 0), "/servers/detail": (servers, LIST_SECONDS), "/": (server, ITEM_SECONDS)}


async def _serve(cloud: int, port: int) -> None:
    answers = _answers(cloud)

    async def answer(target: str) -> bytes:
        body, seconds = next(answer for part, answer in answers.items() if part in target)
        await asyncio.sleep(seconds)
        return body

    await serve(port, answer)


async def main(ports: list[int]) -> None:
    """Serve until the process is ended."""
    await asyncio.gather(*(_serve(cloud, port) for cloud, port in enumerate(ports, start=1)))


if __name__ == "__main__":
    asyncio.run(main([int(port) for port in sys.argv[1:]]))
