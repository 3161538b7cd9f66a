# SPDX-License-Identifier: Apache-2.0
"""``python -m bench.scoped_write``: the CPU time that the Python service takes for a scoped write, which it must remember first.

Beside it: the same request with a read's method, which is not remembered. With ``--against`` the Python service of another
checkout is measured in turns with this one.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import haproxy as configurations
from bench.cores import Cores, share_cores
from bench.errors import BenchError
from bench.gateway import AT
from bench.haproxy import answers, instance
from bench.headers import scope
from bench.meshes import TOKEN, token_document, two_clouds
from bench.options import positive
from bench.processes import cpu, free_ports, resident_mb, running
from bench.routing import SERVER
from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy.binary import BUNDLED, find_haproxy

HERE = Path(__file__).resolve().parent.parent
WRITE, READ = "write", "read"


@dataclass(frozen=True)
class _Service:
    """A Python service under measurement."""

    name: str
    pid: int
    socket: Path


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a line for each service and number of connections, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.scoped_write", description=__doc__, allow_abbrev=False)
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, measured in turns with this one")
    parser.add_argument("--requests", type=positive, default=2000, metavar="N", help="requests of a turn (default: 2000)")
    parser.add_argument("--turns", type=positive, default=5, metavar="N", help="turns; the median counts (default: 5)")
    parser.add_argument("--store", default="", metavar="ENTRY", help="gateway.store of this checkout, as in {url: ...}")
    arguments = parser.parse_args(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="oid-write-") as folder:
            for line in _measured(Path(folder), arguments):
                print(line)
    except OpenstackoidError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


def _measured(folder: Path, arguments: argparse.Namespace) -> list[str]:
    cores = share_cores()
    backend, peer, port = free_ports(3)
    clouds = {"CloudOne": [f"127.0.0.1:{backend}"], "CloudTwo": [f"127.0.0.1:{peer}"]}
    description = two_clouds(port, peer, backend)
    answering = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    sources = {"here": HERE} | ({} if arguments.against is None else {"there": arguments.against.resolve()})
    lines = []
    with ExitStack() as stack:
        stack.enter_context(instance(find_haproxy(BUNDLED), folder / "backends", answering, cores.load))
        services = []
        for name, source in sources.items():
            text = description
            if name == "here" and arguments.store:
                text = text.replace("gateway: {", f"gateway: {{store: {arguments.store}, ", 1)
            services.append(stack.enter_context(_service(name, folder / name, source, text, cores)))
        lines += [f"{service.name}: {resident_mb(service.pid):.1f} MB before the first request" for service in services]
        for connections in (1, 16):
            found: dict[tuple[str, str], list[float]] = {}
            for turn in range(arguments.turns + 1):
                for service in services:
                    for kind in (WRITE, READ):
                        each = _turn(service, kind, port, connections, arguments.requests)
                        # The first turn warms up.
                        if turn:
                            found.setdefault((service.name, kind), []).append(each)
            lines += _report(connections, {key: statistics.median(each) for key, each in found.items()})
        lines += [f"{service.name}: {resident_mb(service.pid):.1f} MB in the end" for service in services]
    return lines


def _report(connections: int, found: dict[tuple[str, str], float]) -> list[str]:
    lines = []
    for (name, kind), each in found.items():
        line = f"{connections:2} connections, {name}, {kind}: {each * 1e6:.0f} us"
        other = found.get(("there", kind))
        if name == "here" and other is not None:
            line += f", {each / other:.2f} of there"
        lines.append(line)
    return lines


@contextmanager
def _service(name: str, folder: Path, source: Path, description: str, cores: Cores) -> Iterator[_Service]:
    folder.mkdir()
    (folder / "mesh.yaml").write_text(description)
    environment = {**os.environ, "PYTHONPATH": str(source / "src")}
    command = [sys.executable, "-m", "openstackoid.bridge"]
    options = subprocess.run([*command, "--help"], env=environment, capture_output=True, text=True, check=True).stdout
    kept = "--store-file" if "--store-file" in options else "--journal"
    socket = folder / "bridge.sock"
    argv = [*command, "--cloud", AT, "--config", str(folder / "mesh.yaml"), "--socket", str(socket)]
    with running([*argv, kept, str(folder / "kept")], cores.gateway, lambda: answers(socket), environment=environment) as process:
        yield _Service(name, process.pid, socket)


def _turn(service: _Service, kind: str, port: int, connections: int, requests: int) -> float:
    before = cpu(service.pid).used
    asyncio.run(_load(service.socket, _request(kind, port), connections, requests // connections))
    return (cpu(service.pid).used - before) / (requests // connections * connections)


def _request(kind: str, port: int) -> bytes:
    lines = [f"{'POST' if kind == WRITE else 'GET'} /compute/v2.1/servers HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"X-Openstackoid-Listener: 127.0.0.1:{port}", f"X-Auth-Token: {TOKEN}", scope(image="CloudTwo")]
    lines += ["Content-Type: application/json", f"Content-Length: {len(SERVER)}", "", SERVER]
    return "\r\n".join(lines).encode()


async def _load(socket: Path, request: bytes, connections: int, each: int) -> None:
    async def one() -> None:
        reader, writer = await asyncio.open_unix_connection(str(socket))
        for _ in range(each):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200 ") or b"x-served-by: cloudone" not in head:
                raise BenchError(f"the answer is {head.splitlines()[0].decode()}")
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))


if __name__ == "__main__":
    raise SystemExit(main())
