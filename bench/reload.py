# SPDX-License-Identifier: Apache-2.0
"""A whole gateway, as an operator runs it: its starts, its memory, and a change of its mesh while it is under full load.

The mesh is described in a folder, a file for each cloud. The first start finds no state of an earlier one, the second does.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path

import psutil

from bench.asking import Asking
from bench.compare import Rounds, Way, check
from bench.errors import BenchError
from bench.gateway import AT
from bench.haproxy import answers
from bench.load import Running, load
from bench.many import Budget, Places
from bench.processes import cpu, resident_mb, running
from bench.spread import Spread
from openstackoid.haproxy.binary import BUNDLED, Haproxy

START, AGAIN, CHANGE = "the gateway's first start", "the gateway's start", "a change of the mesh"
_BETWEEN = 0.02


@dataclass(frozen=True)
class Site:
    """Where a gateway among many clouds is run: the clouds' places, the folders of description and state, and its HAProxy."""

    places: Places
    folder: Path
    haproxy: Haproxy
    rounds: Rounds
    budget: Budget

    @property
    def description(self) -> Path:
        """The folder with a file for each cloud."""
        return self.folder / "mesh"

    @property
    def everything(self) -> frozenset[int]:
        """All cores: while a gateway starts, nothing else runs."""
        return self.rounds.cores.gateway | self.rounds.cores.load

    @property
    def state(self) -> Path:
        """The gateway's ``--state-dir``."""
        return self.folder / "state"


def first_start(site: Site, clouds: int, figures: dict[str, Spread]) -> Mapping[str, str]:
    """Measure a gateway's start without any state, add it to ``figures``, and return the files that its HAProxy runs on.

    Their paths are as if they stood in ``site.folder / "alone"``. Raises :class:`BenchError` where it takes too long.
    """
    site.budget.check(START, clouds)
    site.places.describe(site.description, clouds)
    with _started(site, site.everything) as (supervisor, seconds):
        _add(figures, "start_s", seconds)
        site.budget.note(START, clouds, seconds)
        at = _configuration(supervisor)
        return {path.name: path.read_text().replace(str(site.state), str(site.folder / "alone")) for path in _texts(at)}


def measure_run(site: Site, clouds: int, figures: dict[str, Spread]) -> None:
    """Measure a gateway that has run before, and add to ``figures`` as far as it comes.

    Raises :class:`BenchError` where a step takes longer than the budget allows.
    """
    rounds, budget = site.rounds, site.budget
    budget.check(AGAIN, clouds)
    with _started(site, site.everything) as (_, seconds):
        _add(figures, "start_again_s", seconds)
        budget.note(AGAIN, clouds, seconds)
    with _started(site, rounds.cores.gateway) as (supervisor, _):
        _add(figures, "python_mb", sum(resident_mb(one.pid) for one in _family(supervisor) if one.name() != "haproxy"))
        way = site.places.leaving(2, supervisor)
        check(way)
        before = cpu(supervisor).used
        served = load(way.request, way.connections, rounds.seconds, rounds.cores.load)
        _add(figures, "relay_us", (cpu(supervisor).used - before) / served.requests * 1e6)
        budget.check(CHANGE, clouds)

        def go() -> None:
            site.places.add(site.description, clouds + 1)
            os.kill(supervisor, signal.SIGHUP)

        live, failed = _change(way, site.places.leaving(clouds + 1, supervisor), rounds, budget.seconds, go)
        _add(figures, "change_failed", failed)
        if live is None:
            raise BenchError(f"{CHANGE}: not live within {budget.seconds:g} s")
        _add(figures, "change_s", live)
        budget.note(CHANGE, clouds, live)


@contextmanager
def _started(site: Site, cores: frozenset[int]) -> Iterator[tuple[int, float]]:
    """Run ``openstackoid gateway run`` on ``cores``: its process id, and how long it took until it served, in seconds."""
    argv = [sys.executable, "-m", "openstackoid", "gateway", "run", "--cloud", AT]
    argv += ["--config", str(site.description), "--state-dir", str(site.state)]
    argv += ["--haproxy", BUNDLED if site.haproxy.libraries else str(site.haproxy.path)]
    started = time.perf_counter()
    # The Python service is ready before HAProxy is started.
    ready = partial(answers, site.state / "haproxy.sock")
    with running(argv, cores, ready, patience=site.budget.seconds) as supervisor:
        yield supervisor.pid, time.perf_counter() - started


def _family(supervisor: int) -> list[psutil.Process]:
    return [psutil.Process(supervisor), *psutil.Process(supervisor).children(recursive=True)]


def _configuration(supervisor: int) -> Path:
    """Return the folder of the configuration that the HAProxy of a gateway runs on, by its command."""
    for process in _family(supervisor):
        if process.name() == "haproxy":
            words = process.cmdline()
            return Path(words[words.index("-f") + 1]).parent
    raise BenchError("the gateway runs no HAProxy")


def _texts(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix in (".cfg", ".map"))


def _add(figures: dict[str, Spread], name: str, value: float) -> None:
    figures[name] = Spread.of([value])


def _change(way: Way, new: Way, rounds: Rounds, patience: float, go: Callable[[], None]) -> tuple[float | None, int]:
    """Return the seconds until the new way leads to its end, or None, and the number of requests of the load that failed."""
    loaded = Running(way.request, way.connections, rounds.cores.load)
    live = None
    try:
        time.sleep(rounds.seconds / 3)
        go()
        started = time.perf_counter()
        while live is None and time.perf_counter() - started < patience:
            time.sleep(_BETWEEN)
            if _serves(new):
                live = time.perf_counter() - started
        time.sleep(rounds.seconds / 3)
    finally:
        found = loaded.stop()
    return live, found.failed


def _serves(way: Way) -> bool:
    with suppress(OSError, HTTPException), Asking(way.request) as asking:
        return asking.ask()[0] == 200
    return False
