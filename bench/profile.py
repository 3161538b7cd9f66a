# SPDX-License-Identifier: Apache-2.0
"""``python -m bench.profile``: what HAProxy does for a request, function by function, beside plain HAProxy forwarding.

This is what a figure that misses its goal is explained with. With valgrind it counts instructions, which no other load on the
machine can change; without it perf samples CPU time.
"""

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import callgrind, perf
from bench import haproxy as configurations
from bench.asking import Asking
from bench.cores import Cores, share_cores
from bench.errors import BenchError
from bench.gateway import generated, runtime_in
from bench.haproxy import instance
from bench.load import Request, load
from bench.meshes import SERVICES, token_document, two_clouds
from bench.options import positive
from bench.processes import cpu, free_ports
from bench.report import markdown_table, table
from bench.routing import AUTH, scope
from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy.binary import BUNDLED, Haproxy, find_haproxy

TOOLS = {callgrind.TOOL: callgrind.UNIT, perf.TOOL: perf.UNIT}
_PATIENCE = 120.0
_CONNECTIONS = 32
_FEW = 100

Costs = Mapping[str, float]
"""What each function takes for a request."""


@dataclass(frozen=True)
class _Way:
    """The files of an HAProxy, which are to lie in a folder, and what it is asked."""

    files: Callable[[Path], Mapping[str, str]]
    request: Request
    served_by: str


def main(argv: Sequence[str] | None = None) -> int:
    """Profile each way, print the table, and return the exit code."""
    arguments = _arguments(argv)
    console = Console()
    try:
        tool, haproxy, cores = arguments.tool or _tool(), find_haproxy(arguments.haproxy), share_cores()
        with tempfile.TemporaryDirectory(prefix="oid-profile-") as folder:
            profiles = _profiles(tool, haproxy, cores, Path(folder), arguments.requests)
    except OpenstackoidError as error:
        print(f"bench: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 2
    lines = rows(profiles, TOOLS[tool], arguments.top)
    if arguments.markdown:
        print(markdown_table(lines))
    else:
        console.print(table(lines))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.profile", description="What HAProxy does for a request, function by function.", allow_abbrev=False
    )
    parser.add_argument("--requests", type=positive, default=400, metavar="N", help="requests that are counted (default: 400)")
    parser.add_argument("--top", type=positive, default=20, metavar="N", help="functions that are shown (default: 20)")
    parser.add_argument("--tool", choices=TOOLS, help="valgrind counts instructions, perf samples (default: what is installed)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown, for a document")
    parser.add_argument("--haproxy", default=BUNDLED, metavar="WHICH", help="bundled (the default), system, or a path")
    return parser.parse_args(argv)


def _tool() -> str:
    for tool in TOOLS:
        if shutil.which(tool) is not None:
            return tool
    raise BenchError("neither valgrind nor perf is installed", hint="apt-get install valgrind")


def _profiles(tool: str, haproxy: Haproxy, cores: Cores, folder: Path, requests: int) -> dict[str, Costs]:
    """Return the costs of each way by its name, the plain one first."""
    backend, peer, port = free_ports(3)
    clouds = {"CloudOne": [f"127.0.0.1:{backend}"], "CloudTwo": [f"127.0.0.1:{peer}"]}
    answering = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    description = two_clouds(port, peer, backend)
    profile = _counted if tool == callgrind.TOOL else _sampled
    found = {}
    with ExitStack() as stack:
        stack.enter_context(instance(haproxy, folder / "backends", answering, cores.load))
        for name, way in _ways(port, backend, description).items():
            found[name] = profile(haproxy, cores, folder / name, way, requests)
    return found


def _ways(port: int, backend: int, description: str) -> dict[str, _Way]:
    def plain(folder: Path) -> Mapping[str, str]:
        return configurations.plain(folder, port, SERVICES, backend)

    def ours(folder: Path) -> Mapping[str, str]:
        return generated(description, runtime_in(folder))

    def asked(*headers: str) -> Request:
        return Request(f"http://127.0.0.1:{port}/image/v2/images", (AUTH, *headers))

    return {
        "plain": _Way(plain, asked(), "CloudOne"),
        "none": _Way(ours, asked(), "CloudOne"),
        "stays": _Way(ours, asked(scope(image="CloudOne")), "CloudOne"),
        "leaves": _Way(ours, asked(scope(image="CloudTwo")), "CloudTwo"),
    }


def _counted(haproxy: Haproxy, cores: Cores, folder: Path, way: _Way, requests: int) -> Costs:
    """Count instructions twice, with few requests and with more, so that the start is left out."""
    few, many = (_count(haproxy, cores, folder / str(number), way, number) for number in (_FEW, _FEW + requests))
    return callgrind.for_each(few, many, requests)


def _count(haproxy: Haproxy, cores: Cores, folder: Path, way: _Way, requests: int) -> Counter[str]:
    output = folder / "callgrind.out"
    with instance(haproxy, folder, way.files(folder), cores.gateway, patience=_PATIENCE, under=callgrind.under(output)):
        _ask(way, requests)
    return callgrind.read(output.read_text(errors="replace"))


def _sampled(haproxy: Haproxy, cores: Cores, folder: Path, way: _Way, requests: int) -> Costs:
    """Sample CPU time under full load, for a second for each hundred requests that would be counted."""
    seconds, output = max(1.0, requests / 100), folder / "perf.data"
    with instance(haproxy, folder, way.files(folder), cores.gateway) as running:
        _ask(way, 1)
        before = cpu(running.pid).used
        with perf.sampling(running.pid, output, seconds) as sampling:
            answers = load(way.request, _CONNECTIONS, seconds, cores.load)
            sampling.wait(_PATIENCE)
        each = (cpu(running.pid).used - before) / answers.requests
    return perf.read(perf.report(output), each * 1e9)


def _ask(way: _Way, times: int) -> None:
    with Asking(way.request) as asking:
        for _ in range(times):
            status, by, _body = asking.ask()
            if (status, by) != (200, way.served_by):
                raise BenchError(f"{way.request.url}: {status}, served by {by}, not {way.served_by}")


def rows(profiles: Mapping[str, Costs], unit: str, top: int) -> list[list[str]]:
    """Return a table: what a request takes in all, in relation to the first way, and the functions that take most beyond it."""
    first = next(iter(profiles.values()))
    totals = {name: sum(costs.values()) for name, costs in profiles.items()}
    base = sum(first.values())

    def over(function: str) -> float:
        return max(costs.get(function, 0.0) - first.get(function, 0.0) for costs in profiles.values())

    functions = sorted({function for costs in profiles.values() for function in costs}, key=over, reverse=True)
    shown = [function for function in functions[:top] if over(function) > 0]
    lines = [["", *profiles], [f"{unit} for a request", *(f"{total:,.0f}" for total in totals.values())]]
    lines.append(["in relation to the first", *(f"{total / base:.3f}" for total in totals.values())])
    lines += [[function, *(f"{costs.get(function, 0):,.0f}" for costs in profiles.values())] for function in shown]
    rest = [sum(amount for function, amount in costs.items() if function not in shown) for costs in profiles.values()]
    return [*lines, ["all others", *(f"{amount:,.0f}" for amount in rest)]]


if __name__ == "__main__":
    raise SystemExit(main())
