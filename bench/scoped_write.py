# SPDX-License-Identifier: Apache-2.0
"""``python -m bench.scoped_write``: the CPU time that the Python service takes for a scoped write, which it must remember first.

Beside it: the same request with a read's method, which is not remembered. With ``--against`` the Python service of another
checkout is measured in turns with this one, and the exit code is 1 where a goal beside it is missed.
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
from bench.goals import SCOPED_WRITE_GOALS, judge
from bench.haproxy import answers, instance
from bench.headers import scope
from bench.meshes import TOKEN, token_document, two_clouds
from bench.options import positive
from bench.processes import cpu, free_ports, resident_mb, running
from bench.results import Part, Row
from bench.routing import SERVER
from bench.spread import Spread
from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy.binary import BUNDLED, find_haproxy

HERE = Path(__file__).resolve().parent.parent
WRITE, READ = "write", "read"
_RENDER = """
import sys
from pathlib import Path
from bench.gateway import generated, runtime_in
from openstackoid.gateway.folder import write_files
folder = Path(sys.argv[1])
write_files(folder / "files", generated((folder / "mesh.yaml").read_text(), runtime_in(folder)))
"""
"""A program that a checkout runs, to write its own HAProxy's files."""


@dataclass(frozen=True)
class _Service:
    """A Python service under measurement."""

    name: str
    pid: int
    socket: Path
    port: int


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
            lines, rows = _measured(Path(folder), arguments)
    except OpenstackoidError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    verdicts = judge([Part("scoped_write", "A scoped write, in relation to another checkout", rows)], SCOPED_WRITE_GOALS)
    print("\n".join([*lines, *(f"{verdict.word}: {verdict}" for verdict in verdicts)]))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _measured(folder: Path, arguments: argparse.Namespace) -> tuple[list[str], list[Row]]:
    cores = share_cores()
    backend, peer, *ports = free_ports(4)
    clouds = {"CloudOne": [f"127.0.0.1:{backend}"], "CloudTwo": [f"127.0.0.1:{peer}"]}
    answering = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    sources = {"here": HERE} | ({} if arguments.against is None else {"there": arguments.against.resolve()})
    lines, rows = [], []
    with ExitStack() as stack:
        stack.enter_context(instance(find_haproxy(BUNDLED), folder / "backends", answering, cores.load))
        services = []
        for (name, source), port in zip(sources.items(), ports, strict=False):
            text = two_clouds(port, peer, backend)
            if name == "here" and arguments.store:
                text = text.replace("gateway: {", f"gateway: {{store: {arguments.store}, ", 1)
            services.append(stack.enter_context(_service(name, folder / name, source, text, cores=cores, port=port)))
        lines += [f"{service.name}: {resident_mb(service.pid):.1f} MB before the first request" for service in services]
        for connections in (1, 16):
            found: dict[tuple[str, str], list[float]] = {}
            for turn in range(arguments.turns + 1):
                for service in services:
                    for kind in (WRITE, READ):
                        each = _turn(service, kind, connections, arguments.requests)
                        # The first turn warms up.
                        if turn:
                            found.setdefault((service.name, kind), []).append(each)
            medians = {key: statistics.median(each) for key, each in found.items()}
            lines += _report(connections, medians)
            if ("there", WRITE) in medians:
                ratio = Spread.of([medians["here", WRITE] / medians["there", WRITE]])
                rows.append(Row(f"{WRITE}_{connections}", f"{connections} connections", {"cpu_ratio": ratio}))
        lines += [f"{service.name}: {resident_mb(service.pid):.1f} MB in the end" for service in services]
    return lines, rows


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
def _service(name: str, folder: Path, source: Path, description: str, *, cores: Cores, port: int) -> Iterator[_Service]:
    """Run the Python service of a checkout, with the HAProxy by which it sends."""
    folder.mkdir()
    (folder / "mesh.yaml").write_text(description)
    environment = {**os.environ, "PYTHONPATH": f"{source / 'src'}:{source}"}
    command = [sys.executable, "-m", "openstackoid.bridge"]
    options = subprocess.run([*command, "--help"], env=environment, capture_output=True, text=True, check=True).stdout
    kept = "--store-file" if "--store-file" in options else "--journal"
    render = [sys.executable, "-c", _RENDER, str(folder)]
    subprocess.run(render, env=environment, cwd=source, capture_output=True, check=True)
    files = {file.name: file.read_text() for file in (folder / "files").iterdir()}
    socket = folder / "bridge.sock"
    argv = [*command, "--cloud", AT, "--config", str(folder / "mesh.yaml"), "--socket", str(socket)]
    with (
        running([*argv, kept, str(folder / "kept")], cores.gateway, lambda: answers(socket), environment=environment) as process,
        instance(find_haproxy(BUNDLED), folder, files, cores.load),
    ):
        yield _Service(name, process.pid, socket, port)


def _turn(service: _Service, kind: str, connections: int, requests: int) -> float:
    before = cpu(service.pid).used
    asyncio.run(_load(service.socket, _request(kind, service.port), connections, requests // connections))
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
