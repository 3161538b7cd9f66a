# SPDX-License-Identifier: Apache-2.0
"""Part 11, metrics: what counting adds to a request, in relation to all CPU time that the request takes.

HAProxy's part is judged by instructions, with an address for metrics and without one. Python's part is CPU time, in runs that
each measure the request, and read the same lines with counting and without, in turn. The lines are as real traffic has them. The
Python service counts what it has answered.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import cast

from bench import callgrind
from bench import haproxy as configurations
from bench.compare import Rounds, Sample, check, measure
from bench.gateway import AT, generated, runtime_in
from bench.haproxy import instance
from bench.headers import AUTH
from bench.instructions import REQUESTS, ProfiledWay, counted
from bench.load import Request
from bench.meshes import SERVICES, token_document, two_clouds
from bench.processes import free_ports
from bench.results import Part, Row
from bench.routing import ways
from bench.spread import Spread
from bench.stage import Stage
from bench.traffic import MIXED, Traffic, batches
from openstackoid.bridge.audit.admitted_lines import AuditedRequest
from openstackoid.bridge.audit.audit_file import Audit, UncountedAudit
from openstackoid.bridge.audit.audit_log import ALLOWED, lost_line
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.haproxy_log import HaproxyLog
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.executor import Executor
from openstackoid.bridge.telemetry.answered import answered
from openstackoid.bridge.telemetry.haproxy_lines import LineCounts
from openstackoid.bridge.telemetry.token_answers import TokenAnswerCounts
from openstackoid.mesh import parse_mesh
from openstackoid.telemetry import count_request

RUNS = 20
"""Runs that each measure everything once; fewer in a short trial."""

PAIRS = 5
"""Pairs of readings of a kind of request in each run, of the same lines, one with counting."""

LINES = {"local": 20_000, "remote": 2_000, "guest": 2_000, "mixed": 5_000, "write": 2_000}
"""Requests between two questions of Prometheus, by kind: 4,000 to 400 a second, asked every 5 s, as deploy/prometheus has it.
HAProxy's share of a request is that under full load, in which more lines would be equal."""

_LOADED = {"local": "none", "remote": "leaves", "guest": "guest", "write": "write"}
"""The way whose CPU time a kind of request takes."""

_TITLES = {
    "local": "a request of this cloud",
    "remote": "a request that leaves",
    "guest": "a request of a known guest",
    "mixed": "these three, {} of 100".format(", ".join(map(str, MIXED.values()))),
    "write": "a write through the Python service",
}


@dataclass(frozen=True, slots=True)
class _Costs:
    """Seconds of CPU of a request without counting, and of its counting."""

    request: float
    counting: float


def measure_metrics(stage: Stage, rounds: Rounds) -> Part:
    """Measure part 11."""
    loaded = [way for way in ways(stage) if way.key in _LOADED.values()]
    for way in loaded:
        check(way)
    trial = rounds.seconds < 1
    runs, traffic = 2 if trial else RUNS, Traffic()
    lines = {key: number // 10 if trial else number for key, number in LINES.items()}
    service = _PythonService(traffic, lines["write"])
    readers = {key: _Reader(stage.folder / "metrics-audit") for key in _TITLES}
    for key, reader in readers.items():
        # The first request with some labels takes longer.
        reader.costs(batches(getattr(traffic, key), lines[key]), counting_first=True)
    found: dict[str, list[_Costs]] = {key: [] for key in _TITLES}
    for number in range(runs):
        rounds.say(f"run {number + 1} of {runs}")
        first = number % len(loaded)
        turns = [*loaded[first:], *loaded[:first]]
        used = {way.key: _used(measure(way, rounds.seconds / 2, rounds.cores, None)) for way in turns}
        asked = {key: used[way] for key, way in _LOADED.items()}
        asked["mixed"] = sum(asked[key] * share for key, share in MIXED.items()) / 100
        for key, costs in found.items():
            reading, counting = readers[key].pairs(getattr(traffic, key), lines[key])
            more = service.counted() if key == "write" else 0.0
            costs.append(_Costs(asked[key] + reading, counting + more / lines[key]))
    rows = [_row(key, costs) for key, costs in found.items()]
    instructions = _instructions(stage, rounds)
    if instructions is not None:
        rows.append(Row("haproxy", "HAProxy's instructions, with an address for metrics", {"instructions_ratio": instructions}))
    unjudged = frozenset({"instructions_ratio"} if instructions is None else ())
    notes = ["In relation to all CPU time of the request: HAProxy's, that of the Python service, and that of reading the log."]
    return Part("metrics", "Metrics: a request with counting, in relation to one without", rows, notes, not_judged=unjudged)


def _used(sample: Sample) -> float:
    return (sample.haproxy.used + sample.bridge.used) / sample.answers.requests


def _row(key: str, costs: Sequence[_Costs]) -> Row:
    figures = {
        "cpu_ratio": Spread.of([(cost.request + cost.counting) / cost.request for cost in costs]),
        "request_us": Spread.of([cost.request * 1e6 for cost in costs]),
        "counting_us": Spread.of([cost.counting * 1e6 for cost in costs]),
    }
    return Row(key, _TITLES[key], figures)


class _NoCounts(LineCounts):
    """Counts nothing."""

    def add(self, answers: Iterable[bytes], *, some_audited: bool = False) -> None:
        """Count nothing."""

    def add_audited(self, requests: Iterable[AuditedRequest], written: bool = True) -> None:
        """Count nothing."""


class _Reader:
    """Reads lines as the process of HAProxy's log does, from a pipe, in ``folder``, with counting and without."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts, self._none = LineCounts(), _NoCounts()

    def pairs(self, line: Callable[[], str], number: int) -> tuple[float, float]:
        """Return the CPU seconds of reading a line without counting, and of counting it: the medians of pairs of readings."""
        costs = [self.costs(batches(line, number), counting_first=bool(pair % 2)) for pair in range(PAIRS)]
        return median(cost for cost, _ in costs) / number, median(cost for _, cost in costs) / number

    def costs(self, lines: Sequence[bytes], *, counting_first: bool) -> tuple[float, float]:
        """Read batches of lines until Prometheus asks, twice. Return the CPU seconds without counting, and what counting adds."""
        used = {counting: self._read(lines, counting=counting) for counting in (counting_first, not counting_first)}
        return used[False], used[True] - used[False]

    def _read(self, lines: Sequence[bytes], *, counting: bool) -> float:
        self._folder.mkdir(exist_ok=True)
        counts = self._counts if counting else self._none
        audit, used = UncountedAudit(self._folder / "audit.log"), 0.0
        reading, writing = os.pipe()
        log = HaproxyLog(reading, EgressLines(AT, audit, requests=counts.add_audited), counts, TokenAnswerCounts())
        try:
            with _silent():
                for batch in lines:
                    os.write(writing, batch)
                    began = time.process_time()
                    log.read()
                    used += time.process_time() - began
            began = time.process_time()
            counts.settle()
            return used + time.process_time() - began
        finally:
            os.close(reading)
            os.close(writing)
            audit.close()
            (self._folder / "audit.log").unlink(missing_ok=True)


@contextmanager
def _silent() -> Iterator[None]:
    """Write what goes to standard error to nowhere."""
    with Path(os.devnull).open("w", encoding="ascii") as nowhere, redirect_stderr(nowhere):
        yield


class _PythonService:
    """Counts requests as the Python service does at their ends: writes that leave, with the audit line of each."""

    def __init__(self, traffic: Traffic, number: int) -> None:
        self._audit = Audit(None)
        self._line = replace(lost_line(AT, 0, 1, ""), cloud="CloudTwo", outcome=ALLOWED)
        mesh = parse_mesh(two_clouds(1, 2, 3))
        self._here = mesh.clouds[AT]
        listener = self._here.endpoints[0].listener
        plan = SimpleNamespace(plan=None, route="bridge")
        self._requests = [
            (
                Head("POST", listener, path, None, ()),
                cast(Executor, SimpleNamespace(cloud="CloudTwo", decision=plan)),
                status,
                seconds,
            )
            for path, status, seconds in traffic.answers(number)
        ]

    def counted(self) -> float:
        """Return the CPU seconds of counting all of them."""
        began = time.process_time()
        for head, executor, status, seconds in self._requests:
            count_request(answered(self._here, head, executor, None, status), seconds)
            self._audit.count((self._line,))
        return time.process_time() - began


def _instructions(stage: Stage, rounds: Rounds) -> Spread | None:
    if shutil.which(callgrind.TOOL) is None:
        return None
    backend, peer, port, metrics = free_ports(4)
    description = two_clouds(port, peer, backend)
    measured = description.replace("    gateway: {", f'    gateway: {{metrics: "127.0.0.1:{metrics}", ', 1)
    folder = stage.folder / "metrics"
    clouds = {"CloudOne": [f"127.0.0.1:{backend}"]}
    files = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    request = Request(f"http://127.0.0.1:{port}/{SERVICES[2]}/v2/images", (AUTH,))
    number = min(REQUESTS, max(100, int(REQUESTS * rounds.seconds)))
    rounds.say("instructions")
    with ExitStack() as stack:
        stack.enter_context(instance(stage.haproxy, folder / "backends", files, rounds.cores.load))
        found = []
        for name, text in (("without", description), ("with", measured)):

            def ours(place: Path, text: str = text) -> Mapping[str, str]:
                return generated(text, runtime_in(place))

            costs = counted(stage.haproxy, rounds.cores, folder / name, ProfiledWay(ours, request, "CloudOne"), number)
            found.append(sum(costs.values()))
    return Spread.of([found[1] / found[0]])
