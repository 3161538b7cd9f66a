# SPDX-License-Identifier: Apache-2.0
"""Our gateway as it is measured: the generated configuration in an HAProxy of one thread, with or without the Python service."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cores import Cores
from bench.haproxy import answers, instance, one_thread
from bench.processes import running
from openstackoid.gateway.folder import write_files
from openstackoid.haproxy import LOG_VARIABLE, Runtime, compile_gateway
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.process import CONFIGURATION
from openstackoid.mesh import parse_mesh

AT = "CloudOne"


@dataclass(frozen=True)
class Gateway:
    """The ids of a gateway's processes; ``bridge`` is None without the Python service."""

    haproxy: int
    bridge: int | None = None


@contextmanager
def gateway(haproxy: Haproxy, folder: Path, description: str, cores: Cores, *, with_bridge: bool = True) -> Iterator[Gateway]:
    """Run the gateway of CloudOne on a mesh description, with all its files in ``folder``, on the gateway's core."""
    runtime = runtime_in(folder)
    files = generated(description, runtime)
    write_files(folder, {"mesh.yaml": description})
    with ExitStack() as stack:
        bridge = stack.enter_context(_bridge(folder, runtime, cores)) if with_bridge else None
        front = stack.enter_context(instance(haproxy, folder, files, cores.gateway))
        yield Gateway(front.pid, bridge)


def runtime_in(folder: Path) -> Runtime:
    """Return where the parts of a gateway with its files in ``folder`` meet."""
    return Runtime.of(str(folder))


def generated(description: str, runtime: Runtime) -> dict[str, str]:
    """Return the generated files, with one thread, and a log that is written as plain HAProxy's is: to standard output."""
    files = compile_gateway(parse_mesh(description), AT, runtime)
    told = files[CONFIGURATION].replace(f'log "${{{LOG_VARIABLE}}}" ', "log stdout ", 1)
    return files | {CONFIGURATION: one_thread(told)}


@contextmanager
def _bridge(folder: Path, runtime: Runtime, cores: Cores) -> Iterator[int]:
    socket = Path(runtime.bridge_socket)
    argv = [sys.executable, "-m", "openstackoid.bridge", "--cloud", AT, "--config", str(folder / "mesh.yaml")]
    argv += ["--socket", str(socket), "--haproxy-socket", runtime.stats_socket, "--records-socket", runtime.records_socket]
    argv += ["--store-file", str(folder / "store.sqlite")]
    with running(argv, cores.gateway, lambda: answers(socket)) as process:
        yield process.pid
