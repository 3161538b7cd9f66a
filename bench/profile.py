# SPDX-License-Identifier: Apache-2.0
"""``python -m bench.profile``: what HAProxy does for a request, function by function, beside plain HAProxy forwarding.

This is what a figure that misses its goal is explained with. With valgrind it counts instructions, which no other load on the
machine can change; without it perf samples CPU time.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from bench import callgrind, perf
from bench.cores import Cores, share_cores
from bench.errors import BenchError
from bench.haproxy import instance
from bench.instructions import REQUESTS, Costs, ProfiledWay, counted, profiles, send
from bench.load import load
from bench.options import positive
from bench.processes import cpu
from bench.report import markdown_table, table
from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy.binary import BUNDLED, Haproxy, find_haproxy

TOOLS = {callgrind.TOOL: callgrind.UNIT, perf.TOOL: perf.UNIT}
_PATIENCE = 120.0
_CONNECTIONS = 32


def main(argv: Sequence[str] | None = None) -> int:
    """Profile each way, print the table, and return the exit code."""
    arguments = _arguments(argv)
    console = Console()
    try:
        tool, haproxy, cores = arguments.tool or _tool(), find_haproxy(arguments.haproxy), share_cores()
        with tempfile.TemporaryDirectory(prefix="oid-profile-") as folder:
            profile = counted if tool == callgrind.TOOL else _sampled
            found = profiles(profile, haproxy, cores, Path(folder), arguments.requests)
    except OpenstackoidError as error:
        print(f"bench: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 2
    lines = rows(found, TOOLS[tool], arguments.top)
    if arguments.markdown:
        print(markdown_table(lines))
    else:
        console.print(table(lines))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.profile", description="What HAProxy does for a request, function by function.", allow_abbrev=False
    )
    parser.add_argument(
        "--requests", type=positive, default=REQUESTS, metavar="N", help=f"requests that are counted (default: {REQUESTS})"
    )
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


def _sampled(haproxy: Haproxy, cores: Cores, folder: Path, way: ProfiledWay, requests: int) -> Costs:
    """Sample CPU time under full load, for a second for each hundred requests that would be counted."""
    seconds, output = max(1.0, requests / 100), folder / "perf.data"
    with instance(haproxy, folder, way.files(folder), cores.gateway) as running:
        send(way, 1)
        before = cpu(running.pid).used
        with perf.sampling(running.pid, output, seconds) as sampling:
            answers = load(way.request, _CONNECTIONS, seconds, cores.load)
            sampling.wait(_PATIENCE)
        each = (cpu(running.pid).used - before) / answers.requests
    return perf.read(perf.report(output), each * 1e9)


def rows(found: Mapping[str, Costs], unit: str, top: int) -> list[list[str]]:
    """Return a table: what a request takes in all, in relation to the first way, and the functions that take most beyond it."""
    first = next(iter(found.values()))
    totals = {name: sum(costs.values()) for name, costs in found.items()}
    base = sum(first.values())

    def over(function: str) -> float:
        return max(costs.get(function, 0.0) - first.get(function, 0.0) for costs in found.values())

    functions = sorted({function for costs in found.values() for function in costs}, key=over, reverse=True)
    shown = [function for function in functions[:top] if over(function) > 0]
    lines = [["", *found], [f"{unit} for a request", *(f"{total:,.0f}" for total in totals.values())]]
    lines.append(["in relation to the first", *(f"{total / base:.3f}" for total in totals.values())])
    lines += [[function, *(f"{costs.get(function, 0):,.0f}" for costs in found.values())] for function in shown]
    rest = [sum(amount for function, amount in costs.items() if function not in shown) for costs in found.values()]
    return [*lines, ["all others", *(f"{amount:,.0f}" for amount in rest)]]


if __name__ == "__main__":
    raise SystemExit(main())
