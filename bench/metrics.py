# SPDX-License-Identifier: Apache-2.0
"""Part 10, metrics: what counting adds to a request, in relation to all CPU time that the request takes.

HAProxy's part is judged by instructions, with an address for metrics and without one. Python's part is the CPU time of counting,
in runs that take turns with the work without it.
"""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from bench import callgrind
from bench import haproxy as configurations
from bench.compare import Rounds, Sample, in_turns
from bench.gateway import generated, runtime_in
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
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.telemetry.haproxy_lines import count_lines
from openstackoid.haproxy.trace import shown_line
from openstackoid.telemetry import Served, count_request

RUNS = 20
"""Runs with counting and without it, in turns."""

_LINES = 600
_LOCAL = b"127.0.0.1 GET /image/v2/images/%d -> local.image.public - 200 %d ms ---- - -\n"
_LEFT = (
    _LOCAL.replace(b"local.image.public -", b"peer CloudTwo")[:-2] + b"left=image.public home=CloudOne id=req-a0d17000-1 use=-\n"
)


def measure_metrics(stage: Stage, rounds: Rounds) -> Part:
    """Measure part 10."""
    compared = [replace(way, baseline=None) for way in ways(stage) if way.key in ("none", "leaves", "write")]
    samples = in_turns(compared, rounds)
    cost = {key: median(map(_cost, found)) for key, found in samples.items()}
    rows = []
    for key, title, line in (("local", "a request in this cloud", _LOCAL), ("remote", "a request that leaves", _LEFT)):
        text = b"".join(line % (number, number % 5) for number in range(_LINES))
        base = cost["none" if key == "local" else "leaves"]
        rows.append(
            _row(key, f"{title}, HAProxy alone", _lines(text, stage.folder), partial(count_lines, text), number=_LINES, cost=base)
        )
    served = Served("local", "image", "", 200, 0.01)
    count = partial(count_request, served)
    rows.append(_row("python", "a request by the Python service", lambda: None, count, number=1, cost=cost["write"]))
    instructions = _instructions(stage, rounds)
    if instructions is not None:
        rows.append(Row("haproxy", "HAProxy's instructions, with an address for metrics", {"instructions_ratio": instructions}))
    unjudged = frozenset({"instructions_ratio"} if instructions is None else ())
    notes = ["In relation to all CPU time of the request: HAProxy's, that of the Python service, and that of reading the log."]
    return Part("metrics", "Metrics: a request with counting, in relation to one without", rows, notes, not_judged=unjudged)


def _cost(sample: Sample) -> float:
    return (sample.haproxy.used + sample.bridge.used) / sample.answers.requests


def _lines(text: bytes, folder: Path) -> Callable[[], object]:
    """Return the work of reading lines: those of requests that left are audited, each is shown, and all are written."""
    sink, egress = os.open(os.devnull, os.O_WRONLY), EgressLines("CloudOne", Audit(folder / "audit.log"))
    return lambda: os.write(sink, b"".join(map(shown_line, egress(text).splitlines(keepends=True))))


def _row(key: str, title: str, work: Callable[[], object], count: Callable[[], object], *, number: int, cost: float) -> Row:
    """Return the ratio of a request with counting to one without; ``number``: the requests of one call."""
    values = []
    for _ in range(RUNS):
        without, counting = _cpu(work) / number, _cpu(count) / number
        values.append((cost + without + counting) / (cost + without))
    return Row(key, title, {"cpu_ratio": Spread.of(values)})


def _cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    calls, began = 0, time.process_time()
    while (used := time.process_time() - began) < 0.01:
        work()
        calls += 1
    return used / calls


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
