# SPDX-License-Identifier: Apache-2.0
"""Gateways are asked along the way of the requests: breadth first, each once, with any answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openstackoid.bridge.trace.peer_records import Trail, ask_peers
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import parse_mesh
from unit.bridge.haproxy import haproxy
from unit.bridge.stage import played
from unit.bridge.trace.test_records import RECORD

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree", "CloudFour")


def host(cloud: str) -> str:
    return f"127.0.0.{CLOUDS.index(cloud) + 1}"


def records(gateway: str, *clouds: str) -> list[dict[str, Any]]:
    return [replace(RECORD, gateway=gateway, cloud=cloud).document() for cloud in clouds]


async def follow(known: dict[str, list[dict[str, Any]]], sockets: int = 1) -> tuple[Trail, list[str]]:
    """Ask, from CloudOne, which was at CloudTwo, the gateways of a mesh that know this; return the trail and who was asked."""
    asked: list[str] = []
    servers = []

    def server_of(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.append(name)
            body = json.dumps({"hops": known[name]}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            writer.close()

        return serve

    clouds: dict[str, Any] = {}
    for name in CLOUDS:
        server = await asyncio.start_server(server_of(name), host(name), 0)
        servers.append(server)
        # Nothing listens on the first sockets of a gateway.
        ports = [*range(1, sockets), server.sockets[0].getsockname()[1]]
        services = {
            f"s{number}": {"frontend": f"http://{host(name)}:{port}", "backend": "http://127.0.0.1:1"}
            for number, port in enumerate(ports)
        }
        clouds[name] = {"services": services}
    mesh = parse_mesh(json.dumps({"mesh": 1, "clouds": clouds}))
    trail = Trail([replace(RECORD, gateway="CloudOne", cloud="CloudTwo")])
    try:
        with TemporaryDirectory(prefix="oid-") as folder:
            async with haproxy(mesh, Path(folder)) as socket:
                upstream = Upstream("CloudOne", socket)
                await ask_peers(upstream, mesh, "/page", "only=here", trail)
                await upstream.close()
    finally:
        for server in servers:
            server.close()
    return trail, asked


@played
async def test_each_gateway_on_the_way_is_asked_once() -> None:
    known = {
        "CloudTwo": records("CloudTwo", "CloudThree", "CloudOne", "CloudTwo"),
        "CloudThree": records("CloudThree", "CloudTwo"),
    }
    trail, asked = await follow(known)
    assert asked == ["CloudTwo", "CloudThree"]
    assert trail.missing == []
    assert [(record.gateway, record.cloud) for record in trail.records] == [
        ("CloudOne", "CloudTwo"),
        ("CloudTwo", "CloudThree"),
        ("CloudTwo", "CloudOne"),
        ("CloudTwo", "CloudTwo"),
        ("CloudThree", "CloudTwo"),
    ]


@played
async def test_another_socket_is_tried_where_one_does_not_listen() -> None:
    trail, asked = await follow({"CloudTwo": records("CloudTwo", "CloudTwo")}, sockets=2)
    assert (asked, trail.missing) == (["CloudTwo"], [])


@played
async def test_not_every_socket_is_tried() -> None:
    trail, asked = await follow({}, sockets=3)
    assert asked == []
    assert trail.missing == [
        {"cloud": "CloudTwo", "reason": "the gateway of CloudTwo at 127.0.0.2:2 cannot be reached: connection refused"}
    ]
