# SPDX-License-Identifier: Apache-2.0
"""A real HAProxy for a Python service of a test's own: its way to backends and peers."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import Mesh

HAPROXY = find_haproxy(os.environ.get("OPENSTACKOID_TEST_HAPROXY", "bundled"))


@asynccontextmanager
async def haproxy(mesh: Mesh, folder: Path, *, system_authorities: str = "") -> AsyncIterator[Path]:
    """Run the HAProxy of the gateway of CloudOne; yield the socket by which the Python service sends."""
    runtime = configured(mesh, folder, system_authorities=system_authorities)
    process = await asyncio.create_subprocess_exec(*command(folder), env=HAPROXY.environment())
    try:
        while not listens(runtime.stats_socket):
            assert process.returncode is None, "HAProxy has ended"
            await asyncio.sleep(0.002)
        yield Path(runtime.upstream_socket)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def listens(path: str) -> bool:
    """Say whether a unix socket accepts connections: HAProxy names it before it listens, its control socket last."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0


def configured(mesh: Mesh, folder: Path, *, system_authorities: str = "") -> Runtime:
    """Write the files of HAProxy for the gateway of CloudOne, and return its sockets.

    It does not listen for clients, and does not check its servers: a server of a test sees its own requests alone.
    """
    runtime = Runtime.of(str(folder))
    for name, content in compile_gateway(mesh, "CloudOne", runtime, system_authorities=system_authorities).items():
        text = re.sub(r'bind "\$\{OPENSTACKOID_LISTENER_(\d+)-[^ ]*', rf"bind unix@{folder}/clients-\1.sock", content)
        text = text.replace("global\n", "global\n    nbthread 1\n", 1)
        text = re.sub(r"(?m)^    (default-server check|option httpchk|http-check) .*\n", "", text)
        (folder / name).write_text(re.sub(r" track \S+", "", text))
    return runtime


def command(folder: Path) -> list[str]:
    """Return the command that runs HAProxy by the files in ``folder``."""
    return [str(HAPROXY.path), "-db", "-q", "-f", str(folder / "haproxy.cfg")]
