# SPDX-License-Identifier: Apache-2.0
"""Part 4: what a gateway of one cloud costs among many, each with eight services and three interfaces.

A mesh of many clouds takes turns with one of two only as a whole, before and after: the checks of thousands of peers would
disturb a gateway beside theirs. What is foreseen to take longer than the run has patience for is left out, and said so.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from bench import haproxy as configurations
from bench.compare import Rounds, Sample, check, measure, total_failed
from bench.errors import BenchError
from bench.gateway import AT, runtime_in
from bench.haproxy import instance, one_thread
from bench.many import PEERS, Budget, Places
from bench.meshes import token_document, two_clouds
from bench.processes import cpu, free_ports, resident_mb
from bench.reload import measure_run
from bench.results import Part, Row
from bench.spread import Spread
from openstackoid.haproxy import compile_gateway
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.process import CONFIGURATION
from openstackoid.mesh import parse_mesh

FEWEST = 2
READ, COMPILE, START, MEMORY = "reading the description", "compiling", "HAProxy's start", "HAProxy's memory"


def measure_scale(haproxy: Haproxy, folder: Path, rounds: Rounds, sizes: Sequence[int], patience: float) -> Part:
    """Measure part 4 for these numbers of clouds, fewest first; no step may take longer than ``patience`` seconds."""
    ports = free_ports(7)
    places = Places(ports[:3], ports[3:6], ports[6])
    clouds = {AT: [f"127.0.0.1:{places.backend}"], PEERS: [f"*:{port}" for port in places.peers]}
    files = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    with ExitStack() as stack:
        stack.enter_context(instance(haproxy, folder / "backends", files, rounds.cores.load))
        scale = _Scale(haproxy, folder, rounds, places, Budget(patience))
        rows = [scale.row(size) for size in sorted(sizes)]
    notes = [
        "The rate's ratio is to a mesh of 2 clouds, measured before and after; the requests leave for the last cloud.",
        "A change: one more cloud, SIGHUP, and the time until a request with that cloud in its scope is served there.",
        "All of a gateway has one core, so that after a change reading the description and serving requests compete for it.",
    ]
    return Part("scale", "Scale: clouds with 8 services and 3 interfaces each", rows, notes, upright=True)


@dataclass(frozen=True)
class _Scale:
    haproxy: Haproxy
    folder: Path
    rounds: Rounds
    places: Places
    budget: Budget

    def row(self, clouds: int) -> Row:
        """Return what could be measured with so many clouds, and why the rest could not."""
        figures: dict[str, Spread] = {}
        notes = []
        try:
            before = self._two() if clouds > FEWEST else []
            samples = self._serve(clouds, figures)
            after = self._two() if clouds > FEWEST else []
            _relate(samples, [*before, *after], figures)
        except BenchError as error:
            notes.append(str(error))
        try:
            folder = self.folder / f"{clouds}-run"
            measure_run(
                folder, self.places, clouds, haproxy=self.haproxy, rounds=self.rounds, budget=self.budget, figures=figures
            )
        except BenchError as error:
            notes.append(str(error))
        return Row(str(clouds), f"{clouds:,} clouds", figures, "; ".join(notes))

    def _two(self) -> list[Sample]:
        folder = self.folder / "two"
        files, *_ = self._files(folder, FEWEST)
        with instance(self.haproxy, folder, files, self.rounds.cores.gateway) as running:
            return self._samples(FEWEST, running.pid, self.rounds.count // 2 + 1)

    def _serve(self, clouds: int, figures: dict[str, Spread]) -> list[Sample]:
        for step in (READ, COMPILE, START):
            self.budget.check(step, clouds)
        # Others use this machine, too.
        self.budget.check(MEMORY, clouds, psutil.virtual_memory().available / 2e6, "MB")
        folder = self.folder / str(clouds)
        files, parsing, compiling = self._files(folder, clouds)
        for step, name, seconds in ((READ, "parse_s", parsing), (COMPILE, "compile_s", compiling)):
            figures[name] = Spread.of([seconds])
            self.budget.note(step, clouds, seconds)
        started = time.perf_counter()
        with instance(self.haproxy, folder, files, self.rounds.cores.gateway, patience=self.budget.seconds) as running:
            figures["haproxy_start_s"] = Spread.of([time.perf_counter() - started])
            self.budget.note(START, clouds, figures["haproxy_start_s"].median)
            figures["memory_mb"] = Spread.of([resident_mb(running.pid)])
            self.budget.note(MEMORY, clouds, figures["memory_mb"].median)
            figures["idle_busy"] = Spread.of([self._idle(running.pid) for _ in range(3)])
            return self._samples(clouds, running.pid, self.rounds.count)

    def _files(self, folder: Path, clouds: int) -> tuple[Mapping[str, str], float, float]:
        """Return HAProxy's files, and the seconds that reading the description and compiling them took."""
        text = self.places.mesh(clouds)
        started = time.perf_counter()
        mesh = parse_mesh(text)
        parsed = time.perf_counter()
        files = compile_gateway(mesh, AT, runtime_in(folder))
        compiled = time.perf_counter()
        return files | {CONFIGURATION: one_thread(files[CONFIGURATION])}, parsed - started, compiled - parsed

    def _idle(self, pid: int) -> float:
        before, started = cpu(pid).used, time.perf_counter()
        time.sleep(self.rounds.seconds)
        return (cpu(pid).used - before) / (time.perf_counter() - started) * 100

    def _samples(self, clouds: int, pid: int, count: int) -> list[Sample]:
        way = self.places.leaving(clouds, pid)
        check(way)
        return [measure(way, self.rounds.seconds, self.rounds.cores, None) for _ in range(count)]


def _relate(many: Sequence[Sample], two: Sequence[Sample], figures: dict[str, Spread]) -> None:
    figures["rate"] = Spread.of([sample.answers.rate for sample in many])
    figures["cpu_us"] = Spread.of([sample.cost * 1e6 for sample in many])
    figures["failed"] = total_failed(many)
    if two:
        rate, cost = median(sample.answers.rate for sample in two), median(sample.cost for sample in two)
        figures["rate_ratio"] = Spread.of([sample.answers.rate / rate for sample in many])
        figures["cpu_ratio"] = Spread.of([sample.cost / cost for sample in many])
