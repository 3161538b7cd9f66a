# SPDX-License-Identifier: Apache-2.0
"""Part 4: what a gateway of one cloud costs among many, each with eight services and three interfaces.

A mesh of many clouds takes turns with one of two only as a whole, before and after: two that start and stop beside each other
would disturb each other. What is foreseen to take longer than the run has patience for is left out, and said so.
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
from bench.gateway import AT, generated, runtime_in
from bench.haproxy import instance, one_thread
from bench.many import PEERS, Budget, Places
from bench.meshes import token_document, two_clouds
from bench.processes import cpu, free_ports, resident_mb
from bench.reload import Site, first_start, measure_run
from bench.results import Part, Row
from bench.spread import Spread
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.process import CONFIGURATION

FEWEST = 2
START, MEMORY = "HAProxy's start", "HAProxy's memory"


def measure_scale(haproxy: Haproxy, folder: Path, rounds: Rounds, sizes: Sequence[int], patience: float) -> Part:
    """Measure part 4 for these numbers of clouds, fewest first; no step may take longer than ``patience`` seconds."""
    ports = free_ports(7)
    places = Places(ports[:3], ports[3:6], ports[6])
    clouds = {AT: [f"127.0.0.1:{places.backend}"], PEERS: [f"*:{port}" for port in places.peers]}
    files = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    budget = Budget(patience)
    with ExitStack() as stack:
        stack.enter_context(instance(haproxy, folder / "backends", files, rounds.cores.load))
        rows = [_Scale(Site(places, folder / str(size), haproxy, rounds, budget)).row(size) for size in sorted(sizes)]
    notes = [
        "The rate's ratio is to a mesh of 2 clouds, measured before and after; the requests leave for the last cloud.",
        "The first start has no state of an earlier one; each start is that of all of a gateway, until it serves.",
        "A change: one more file, SIGHUP, and the time until a request with that cloud in its scope is served there.",
        "A start has all cores. Under load, all of a gateway has one: reading the description and serving requests compete.",
    ]
    return Part("scale", "Scale: clouds with 8 services and 3 interfaces each", rows, notes, upright=True)


@dataclass(frozen=True)
class _Scale:
    site: Site

    def row(self, clouds: int) -> Row:
        """Return what could be measured with so many clouds, and why the rest could not."""
        figures: dict[str, Spread] = {}
        notes = []
        self.site.rounds.say(f"{clouds:,} clouds")
        try:
            files = first_start(self.site, clouds, figures)
            before = self._two() if clouds > FEWEST else []
            samples = self._serve(files, clouds, figures)
            after = self._two() if clouds > FEWEST else []
            _relate(samples, [*before, *after], figures)
        except BenchError as error:
            notes.append(str(error))
        try:
            measure_run(self.site, clouds, figures)
        except BenchError as error:
            notes.append(str(error))
        return Row(str(clouds), f"{clouds:,} clouds", figures, "; ".join(notes))

    def _two(self) -> list[Sample]:
        folder, rounds = self.site.folder / "two", self.site.rounds
        files = Places.taught(generated(self.site.places.mesh(FEWEST), runtime_in(folder)), FEWEST)
        with instance(self.site.haproxy, folder, files, rounds.cores.gateway) as running:
            return self._samples(FEWEST, running.pid, rounds.count // 2 + 1)

    def _serve(self, files: Mapping[str, str], clouds: int, figures: dict[str, Spread]) -> list[Sample]:
        """Measure HAProxy alone on the files of the gateway, with one thread."""
        site, budget = self.site, self.site.budget
        budget.check(START, clouds)
        # Others use this machine, too.
        budget.check(MEMORY, clouds, psutil.virtual_memory().available / 2e6, "MB")
        files = Places.taught({**files, CONFIGURATION: one_thread(files[CONFIGURATION])}, clouds)
        started = time.perf_counter()
        with instance(site.haproxy, site.folder / "alone", files, site.rounds.cores.gateway, patience=budget.seconds) as running:
            figures["haproxy_start_s"] = Spread.of([time.perf_counter() - started])
            budget.note(START, clouds, figures["haproxy_start_s"].median)
            figures["memory_mb"] = Spread.of([resident_mb(running.pid)])
            budget.note(MEMORY, clouds, figures["memory_mb"].median)
            figures["idle_busy"] = Spread.of([self._idle(running.pid)])
            return self._samples(clouds, running.pid, site.rounds.count)

    def _idle(self, pid: int) -> float:
        before, started = cpu(pid).used, time.perf_counter()
        time.sleep(3 * self.site.rounds.seconds)
        return (cpu(pid).used - before) / (time.perf_counter() - started) * 100

    def _samples(self, clouds: int, pid: int, count: int) -> list[Sample]:
        way, rounds = self.site.places.leaving(clouds, pid), self.site.rounds
        check(way)
        return [measure(way, rounds.seconds, rounds.cores, None) for _ in range(count)]


def _relate(many: Sequence[Sample], two: Sequence[Sample], figures: dict[str, Spread]) -> None:
    figures["rate"] = Spread.of([sample.answers.rate for sample in many])
    figures["cpu_us"] = Spread.of([sample.cost * 1e6 for sample in many])
    figures["failed"] = total_failed(many)
    if two:
        rate, cost = median(sample.answers.rate for sample in two), median(sample.cost for sample in two)
        figures["rate_ratio"] = Spread.of([sample.answers.rate / rate for sample in many])
        figures["cpu_ratio"] = Spread.of([sample.cost / cost for sample in many])
