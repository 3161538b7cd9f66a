# SPDX-License-Identifier: Apache-2.0
"""``make bench-lab``: what the gateways add to real OpenStack services, and what a workflow across clouds costs in calls.

Ends with 0 when every goal is met, with 1 and the names of the figures when one is not, with 2 when nothing could be measured.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.goals import Verdict, judge
from bench.lab import boots, turns
from bench.lab.calls import count
from bench.lab.client import Client
from bench.lab.dead import dead_glance
from bench.lab.goals import LAB_GOALS, table
from bench.lab.place import HERE, THERE, Place, standing
from bench.lab.samples import Sample, part_of
from bench.lab.terminator import chain, terminator
from bench.lab.things import PAUSE, Things, prepared
from bench.lab.ways import PROCESSES, QUESTIONS, SIZE, Question, questions
from bench.machine import Noise, here, not_pinned
from bench.options import positive
from bench.report import markdown, show, show_verdicts
from bench.results import Part
from openstackoid.errors import OpenstackoidError

PARTS = (*QUESTIONS, "boot", "calls")

COUNTED = 3
"""How often the calls of each workflow are counted at most: often enough to tell them from what a service does by its clock."""

_SERVERS = 2
_WIDTH = 160
_RESULTS = Path(__file__).parents[1] / "results"
_NOTES = (
    "'Straight' is the same process of the same cloud, asked without a gateway and without TLS, with a token that it accepts.",
    "Connections to gateways are kept, and made before the clock starts. The lab's services close theirs after each answer: "
    "a straight request makes a new one each time, within its own time; else the gateway does, within its own.",
    "The gateways speak TLS with the client and with each other: what TLS costs for an answer, not for a handshake, is in what "
    "they add. A plain HAProxy with TLS shows what of it any cloud with https has.",
    "Every cache knows the token, but that the other cloud's gateway asks again after 60 s.",
)
_BOOT_NOTES = (
    f"It is looked for every {PAUSE:g} s and the time that a look takes: a single boot is known to about a tenth of a second.",
    "The compute node keeps no image: each server's image is fetched anew, so a gateway is never spared that.",
    "Services reach each other through their gateways in all three ways; 'straight' is that for the user's own requests.",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, report, and return the exit code."""
    arguments = _arguments(argv)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A terminal that is closed ends it as Ctrl-C does: what is in the clouds is deleted.
        signal.signal(number, signal.default_int_handler)
    try:
        return _run(arguments, console)
    except OpenstackoidError as error:
        print(f"bench-lab: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench-lab: interrupted; what it had made in the clouds is deleted", file=sys.stderr)
        return 2


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.lab", description="What the gateways add to real OpenStack services.", allow_abbrev=False
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=positive, default=13, help="rounds in which all ways take turns (default: 13)")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder for the results (default: one of the time in bench/results)"
    )
    arguments = parser.parse_args(argv)
    if unknown := sorted(set(arguments.parts) - set(PARTS)):
        parser.error(f"unknown part {unknown[0]!r}; accepted are {', '.join(PARTS)}")
    return arguments


def _run(arguments: argparse.Namespace, console: Console) -> int:
    output = arguments.output or _RESULTS / time.strftime("lab-%Y%m%d-%H%M%S")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OpenstackoidError(f"--output {output} cannot be made: {error.strerror}") from None
    with standing(console) as place:
        machine, noise = describe(place), Noise()
        for name, words in machine.items():
            console.print(f"{name + ':':12} {words}", highlight=False, soft_wrap=True)
        say = _progress(console)
        say(f"an image of {SIZE // 2**20} MiB and {_SERVERS} servers in each cloud")
        with prepared(place, SIZE, _SERVERS) as things:
            wanted = arguments.parts or PARTS
            parts = measure(place, things, arguments.rounds, say, wanted)
            if "calls" in wanted:
                parts += count(place, things, min(COUNTED, arguments.rounds), say)
        machine |= noise.words()
    console.print()
    for part in parts:
        if not part.key.startswith("calls_"):
            show(console, part)
    verdicts = judge(parts, LAB_GOALS)
    _write(output, machine, arguments.rounds, parts, verdicts)
    _show_goals(console, table(verdicts, parts))
    show_verdicts(console, verdicts)
    console.print(
        f"results: {os.path.relpath(output)} ({machine['duration']}; {machine['noise']})", highlight=False, soft_wrap=True
    )
    return 0 if all(verdict.met for verdict in verdicts) else 1


def describe(place: Place) -> dict[str, str]:
    """Return the machine, the versions, and how the lab is set up, each as words."""
    site = next((place.lab.venv / "lib").glob("python*/site-packages"))
    wanted = ("keystone", "glance", "nova", "neutron", "keystonemiddleware", "pyuwsgi")
    found = {one.metadata["Name"].lower(): one.version for one in distributions(path=[str(site)])}
    services = ", ".join(f"{name} {found[name.lower()]}" for name in wanted)
    with closing(Client(place.frontend(HERE, "image"), place.tls())) as client:
        client.ask("GET", "/v2/", {})
        tls = client.tls
    return {
        **here(),
        "versions": f"{services}; the client's Python {platform.python_version()}",
        "lab": f"{place.lab.name}: {', '.join(f'{cloud.name} ({cloud.layout})' for cloud in place.lab.clouds)}",
        "tls": f"{tls} between user and gateway; the same library between gateways",
        "not pinned": f"processes to cores; {not_pinned()}",
    }


def measure(place: Place, things: Things, rounds: int, say: Callable[[str], None], wanted: Collection[str]) -> list[Part]:
    """Return the parts in which ways are compared, of those that are wanted. All of them are measured in each round."""
    near, far = (place.lab.certificates / f"{cloud}.pem" for cloud in (HERE, THERE))
    here, there = ({service: place.backend(cloud, service) for service in PROCESSES} for cloud in (HERE, THERE))
    cores = frozenset(os.sched_getaffinity(0))
    with (
        TemporaryDirectory(prefix="oid-bench-") as folder,
        terminator(Path(folder), near, here, cores) as alone,
        chain(Path(folder), (near, far), place.lab.authority, there, cores) as in_a_row,
    ):
        for one in (alone, *in_a_row):
            place = replace(place, processes=place.processes.and_haproxy(one.pid))
        asked = [question for question in questions(place, things, alone, in_a_row[0]) if question.key in wanted]
        apart = [question for question in asked if question.glance_is_dead]
        asked = [question for question in asked if not question.glance_is_dead]
        ways = boots.boots(place) if "boot" in wanted else ()
        parts = _compared(place, things, asked, ways, rounds=rounds, say=say) if asked or ways else []
        if apart:
            say(f"{HERE}'s Glance is dead from now on: nothing listens at its address")
            with dead_glance(place) as without:
                parts += _compared(without, things, apart, (), rounds=rounds, say=say)
        for part in parts[:1]:
            part.notes.extend(_NOTES)
        return parts


def _compared(
    place: Place,
    things: Things,
    asked: Sequence[Question],
    ways: tuple[boots.Boot, ...],
    *,
    rounds: int,
    say: Callable[[str], None],
) -> list[Part]:
    samples: dict[str, dict[str, list[Sample]]] = {key: {} for key in (*(question.key for question in asked), "boot")}

    def take(part: str, found: dict[str, Sample]) -> None:
        for key, sample in found.items():
            samples[part].setdefault(key, []).append(sample)

    with ExitStack() as connections:
        for client in (*(way.client for question in asked for way in question.ways), *(way.client for way in ways)):
            connections.enter_context(closing(client))
        if ways:
            say("one boot by each way, which is not counted")
        boots.one_round(ways, place, things)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for question in asked:
                take(question.key, turns.one_round(question, place, things.token))
            take("boot", boots.one_round(ways, place, things))
    parts = [part_of(one.key, one.title, one.ways, samples[one.key], beside=one.beside, spared=one.spared) for one in asked]
    return [*parts, *([part_of("boot", boots.TITLE, ways, samples["boot"], notes=_BOOT_NOTES)] if ways else [])]


def _progress(console: Console) -> Callable[[str], None]:
    began = time.monotonic()
    return lambda words: console.print(f"{time.monotonic() - began:6.1f} s  {words}", highlight=False)


def _show_goals(console: Console, lines: Sequence[Sequence[str]]) -> None:
    first, *rest = lines
    grid = Table(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in first:
        grid.add_column(heading)
    for line in rest:
        grid.add_row(*line)
    console.print(grid)


def _write(output: Path, machine: dict[str, str], rounds: int, parts: Sequence[Part], verdicts: Sequence[Verdict]) -> None:
    first, *rest = table(verdicts, parts)
    goals = [
        {"goal": str(verdict), "met": verdict.met, "how_sure": line[-1]} for verdict, line in zip(verdicts, rest, strict=True)
    ]
    found = {
        "machine": machine,
        "options": {"rounds": rounds},
        "parts": {part.key: part.as_json() for part in parts},
        "goals": goals,
    }
    (output / "results.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    lines = [f"| {' | '.join(line)} |" for line in (first, ["---"] * len(first), *rest)]
    text = markdown(machine, parts, verdicts) + "\n### How sure\n\n" + "\n".join(lines) + "\n"
    (output / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
