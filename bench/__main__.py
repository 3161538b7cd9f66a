# SPDX-License-Identifier: Apache-2.0
"""``make bench``: what the gateway costs, measured beside plain HAProxy in one run, and judged by the goals.

Ends with 0 when every goal is met or out of reach, with 1 and the names of the figures when one is missed, with 2 when nothing
could be measured.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench.abuse import measure_abuse
from bench.bodies import measure_bodies
from bench.bridge import measure_bridge
from bench.compare import Rounds
from bench.composition import measure_composition
from bench.cores import on, share_cores
from bench.errors import BenchError
from bench.goals import judge
from bench.latency import measure_latency
from bench.load import find_wrk
from bench.machine import Noise, describe
from bench.options import positive
from bench.plot import svg
from bench.refusals import measure_refusals
from bench.report import markdown, show, show_verdicts
from bench.results import Part
from bench.routing import measure_routing
from bench.scale import measure_scale
from bench.stage import stage
from bench.tls import measure_tls
from bench.yardstick import measure_yardstick
from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy.binary import BUNDLED, Haproxy, find_haproxy
from openstackoid.lab.packages import install_packages

PARTS = ("routing", "tls", "yardstick", "latency", "bodies", "scale", "bridge", "abuse", "composition", "refusals")
_ON_STAGE = {"routing": measure_routing, "latency": measure_latency, "bridge": measure_bridge}
_WIDTH = 160
"""Columns of what is not written to a terminal."""
_RESULTS = Path(__file__).parent / "results"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, report, and return the exit code."""
    arguments = _arguments(argv)
    console = Console(stderr=arguments.markdown)
    if not console.is_terminal:
        console = Console(stderr=arguments.markdown, width=_WIDTH)
    try:
        return _run(arguments, console)
    except OpenstackoidError as error:
        print(f"bench: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 2


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What the gateway costs, beside plain HAProxy.", allow_abbrev=False
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=positive, default=7, help="rounds in which all ways take turns (default: 7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="time of each way in each round (default: 1)")
    parser.add_argument("--body", type=positive, default=1024, metavar="MIB", help="size of a large body (default: 1024)")
    parser.add_argument(
        "--clouds", type=_sizes, default=[2, 100, 1000, 10000], metavar="N,N", help="sizes of a mesh (default: 2,100,1000,10000)"
    )
    parser.add_argument(
        "--patience", type=float, default=90.0, metavar="S", help="what a step of 'scale' may take, in seconds (default: 90)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder for the results (default: one of the time in bench/results)"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown, for a document")
    parser.add_argument("--haproxy", default=BUNDLED, metavar="WHICH", help="bundled (the default), system, or a path")
    parser.add_argument(
        "--install", action="store_true", help="install Debian's package wrk, the load generator, if it is missing"
    )
    arguments = parser.parse_args(argv)
    if unknown := sorted(set(arguments.parts) - set(PARTS)):
        parser.error(f"unknown part {unknown[0]!r}; accepted are {', '.join(PARTS)}")
    if arguments.seconds <= 0:
        parser.error("--seconds: a time is longer than 0")
    return arguments


def _sizes(text: str) -> list[int]:
    sizes = text.split(",")
    if not all(size.isdecimal() and int(size) >= 2 for size in sizes):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers of 2 or more, as in 2,100,1000")
    return [int(size) for size in sizes]


def _run(arguments: argparse.Namespace, console: Console) -> int:
    output = arguments.output or _RESULTS / time.strftime("%Y%m%d-%H%M%S")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"--output {output} cannot be made: {error.strerror}") from None
    haproxy, cores = find_haproxy(arguments.haproxy), share_cores()
    wrk = _wrk(arguments.install, output, console)
    machine, noise = describe(haproxy, wrk, cores), Noise()
    for name, words in machine.items():
        console.print(f"{name + ':':12} {words}", highlight=False, soft_wrap=True)
    parts = []
    # What this process itself does stays off the gateway's core; so does who tells of it, once a second.
    with (
        on(cores.load),
        tempfile.TemporaryDirectory(prefix="oid-bench-") as folder,
        console.status("starting", refresh_per_second=1) as status,
    ):
        rounds = Rounds(arguments.rounds, arguments.seconds, cores, status.update)
        for part in _timed(_parts(arguments, haproxy, Path(folder), rounds)):
            parts.append(part)
            console.print()
            show(console, part)
    parts.sort(key=lambda part: PARTS.index(part.key))
    machine |= noise.words()
    machine["duration"] += "".join(f"; {part.key} {part.seconds:.0f} s" for part in parts)
    verdicts = judge(parts)
    goals = [{"goal": str(verdict), "verdict": verdict.word} for verdict in verdicts]
    options = {"rounds": arguments.rounds, "seconds": arguments.seconds, "body_mib": arguments.body, "clouds": arguments.clouds}
    found = {"machine": machine, "options": options, "parts": {part.key: part.as_json() for part in parts}, "goals": goals}
    text = markdown(machine, parts, verdicts)
    (output / "results.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (output / "results.svg").write_text(svg(parts), encoding="utf-8")
    (output / "results.md").write_text(text, encoding="utf-8")
    if arguments.markdown:
        print(text, end="")
    show_verdicts(console, verdicts)
    console.print(
        f"results: {os.path.relpath(output)} ({machine['duration']}; {machine['noise']})", highlight=False, soft_wrap=True
    )
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _wrk(install: bool, output: Path, console: Console) -> str:
    try:
        return find_wrk()
    except BenchError:
        if not install:
            raise
    console.print("installing Debian's package wrk, the load generator")
    install_packages(["wrk"], output / "apt.log")
    return find_wrk()


def _timed(parts: Iterator[Part]) -> Iterator[Part]:
    """Return the parts with how long each took."""
    began = time.monotonic()
    for part in parts:
        yield replace(part, seconds=time.monotonic() - began)
        began = time.monotonic()


def _parts(arguments: argparse.Namespace, haproxy: Haproxy, folder: Path, rounds: Rounds) -> Iterator[Part]:
    """Measure the parts that are asked for; those that share a stage come first, for it need not stand beside the others."""
    alone: dict[str, Callable[[Rounds], Part]] = {
        "tls": lambda told: measure_tls(haproxy, folder / "tls", told),
        "yardstick": lambda told: measure_yardstick(haproxy, folder / "yardstick", told),
        "bodies": lambda told: measure_bodies(haproxy, folder / "bodies", told, arguments.body * 2**20),
        "scale": lambda told: measure_scale(haproxy, folder / "scale", told, arguments.clouds, arguments.patience),
        "abuse": lambda told: measure_abuse(haproxy, folder / "abuse", told),
        "composition": lambda told: measure_composition(haproxy, folder / "composition", told),
        "refusals": measure_refusals,
    }
    wanted = [part for part in (*_ON_STAGE, *alone) if part in (arguments.parts or PARTS)]

    def telling(part: str) -> Rounds:
        where = f"{part} ({wanted.index(part) + 1} of {len(wanted)})"
        rounds.say(where)
        return replace(rounds, say=lambda what: rounds.say(f"{where}: {what}"))

    on_stage = [part for part in wanted if part in _ON_STAGE]
    if on_stage:
        with stage(haproxy, folder / "stage", rounds.cores) as running:
            for part in on_stage:
                yield _ON_STAGE[part](running, telling(part))
    for part in wanted[len(on_stage) :]:
        yield alone[part](telling(part))


if __name__ == "__main__":
    raise SystemExit(main())
