# SPDX-License-Identifier: Apache-2.0
"""A whole gateway, as an operator runs it: its start, its memory, and a change of its mesh while it is under full load."""

import http.client
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.compare import Rounds, Way, check
from bench.errors import BenchError
from bench.gateway import AT
from bench.haproxy import answers
from bench.load import Running, load
from bench.many import Budget, Places
from bench.processes import cpu, resident_mb, running
from bench.spread import Spread
from openstackoid.gateway.folder import write_files
from openstackoid.haproxy.binary import BUNDLED, Haproxy

START, CHANGE = "the gateway's start", "a change of the mesh"
_BETWEEN = 0.02


def measure_run(
    folder: Path, places: Places, clouds: int, *, haproxy: Haproxy, rounds: Rounds, budget: Budget, figures: dict[str, Spread]
) -> None:
    """Measure ``openstackoid gateway run`` with so many clouds, and add to ``figures`` as far as it comes.

    Raises :class:`BenchError` where a step takes longer than the budget allows.
    """
    budget.check(START, clouds)
    file, state = folder / "mesh.yaml", folder / "state"
    write_files(folder, {"mesh.yaml": places.mesh(clouds), "next.yaml": places.mesh(clouds + 1)})
    argv = [sys.executable, "-m", "openstackoid", "gateway", "run", "--cloud", AT]
    argv += ["--config", str(file), "--state-dir", str(state)]
    argv += ["--haproxy", BUNDLED if haproxy.libraries else str(haproxy.path)]
    started = time.perf_counter()
    # The Python service is ready before HAProxy is started.
    ready = partial(answers, state / "haproxy.sock")
    with running(argv, rounds.cores.gateway, ready, patience=budget.seconds) as supervisor:
        _add(figures, "start_s", time.perf_counter() - started)
        budget.note(START, clouds, figures["start_s"].median)
        _add(figures, "python_mb", _python_mb(supervisor.pid))
        way = places.leaving(2, supervisor.pid)
        check(way)
        before = cpu(supervisor.pid).used
        served = load(way.request, way.connections, rounds.seconds, rounds.cores.load)
        _add(figures, "relay_us", (cpu(supervisor.pid).used - before) / served.requests * 1e6)
        budget.check(CHANGE, clouds)
        change = _change(
            way, places.leaving(clouds + 1, supervisor.pid), rounds, budget.seconds, lambda: _go_over(folder, supervisor.pid)
        )
        _add(figures, "change_failed", change[1])
        if change[0] is None:
            raise BenchError(f"{CHANGE}: not live within {budget.seconds:g} s")
        _add(figures, "change_s", change[0])
        budget.note(CHANGE, clouds, change[0])


def _add(figures: dict[str, Spread], name: str, value: float) -> None:
    figures[name] = Spread.of([value])


def _python_mb(supervisor: int) -> float:
    family = [psutil.Process(supervisor), *psutil.Process(supervisor).children(recursive=True)]
    return sum(resident_mb(process.pid) for process in family if process.name() != "haproxy")


def _go_over(folder: Path, supervisor: int) -> None:
    (folder / "next.yaml").replace(folder / "mesh.yaml")
    os.kill(supervisor, signal.SIGHUP)


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
            if _status(new) == 200:
                live = time.perf_counter() - started
        time.sleep(rounds.seconds / 3)
    finally:
        found = loaded.stop()
    return live, found.failed


def _status(way: Way) -> int:
    parts = urlsplit(way.request.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    with suppress(OSError):
        connection.request("GET", parts.path, headers=dict(line.split(": ", 1) for line in way.request.headers))
        status = connection.getresponse().status
        connection.close()
        return status
    return 0
