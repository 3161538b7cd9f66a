# SPDX-License-Identifier: Apache-2.0
"""Clouds with many ports: ``python -m bench.answering_lists ITEMS GATEWAY PORT...``, a cloud at each port.

Each has its share of the items, and lists them page by page, without a wait. The links of the first cloud's items, which has the
gateway, name the gateway; those of another one name its own port and prefix, as they do behind a peer's gateway.
"""

import asyncio
import sys

from bench.answering import serve
from bench.errors import BenchError
from bench.merging import Cloud
from bench.meshes import token_document, two_clouds
from openstackoid.composition import ListKind, builtin_kinds

SERVICE, PATH = "network", "/v2.0/ports"
PREFIX = "/there"
"""Before the paths of peers: a gateway rewrites the links of a peer whose paths differ from its own."""


def root(port: int, prefix: str = "") -> str:
    """Return the URL of the service at a port."""
    return f"http://127.0.0.1:{port}{prefix}/{SERVICE}"


async def _serve(cloud: Cloud, port: int) -> None:
    token = token_document(two_clouds(1, 2, 3)).encode()

    async def answer(target: str) -> bytes:
        path, _, query = target.partition("?")
        return cloud.get(query) if path.endswith(PATH) and query else token

    await serve(port, answer)


async def main(items: int, gateway: int, ports: list[int]) -> None:
    """Serve until the process is ended."""
    kind = builtin_kinds().of(SERVICE, PATH)
    if not isinstance(kind, ListKind):
        raise BenchError(f"{PATH} is not a list")
    roots = [root(gateway), *(root(port, PREFIX) for port in ports[1:])]
    clouds = [Cloud(kind, number, len(ports), items, at) for number, at in enumerate(roots)]
    await asyncio.gather(*(_serve(cloud, port) for cloud, port in zip(clouds, ports, strict=True)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
