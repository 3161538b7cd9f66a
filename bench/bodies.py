# SPDX-License-Identifier: Apache-2.0
"""Part 3: large bodies, up and down, here and across, beside plain HAProxy; and whether anybody keeps them in memory."""

import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import haproxy as configurations
from bench.blob import BlobError, blob, download, upload
from bench.compare import Rounds
from bench.cores import on
from bench.errors import BenchError
from bench.gateway import gateway
from bench.haproxy import instance
from bench.headers import AUTH, said_twice, scope
from bench.meshes import IMAGE_BYTES, SERVICES, two_clouds
from bench.processes import cpu, forget_peak, free_ports, peak_mb, resident_mb, running
from bench.results import Part, Row
from bench.spread import Spread, ratios
from openstackoid.haproxy.binary import Haproxy


@dataclass(frozen=True)
class _Way:
    key: str
    title: str
    port: int
    headers: tuple[str, ...]
    haproxy: int
    bridge: int | None
    served_by: str
    baseline: str | None

    @property
    def uploads(self) -> bool:
        return self.key.startswith("up_")


@dataclass(frozen=True)
class _Sample:
    bytes_a_second: float
    haproxy: float
    bridge: float
    grown_mb: float


def measure_bodies(haproxy: Haproxy, folder: Path, rounds: Rounds, size: int) -> Part:
    """Measure part 3, with bodies of ``size`` bytes."""
    cores = rounds.cores
    backend, two, plain_port, one = free_ports(4)
    server = [sys.executable, "-m", "bench.blob", str(size), f"CloudOne={backend}", f"CloudTwo={two}"]
    with ExitStack() as stack:
        run = stack.enter_context
        run(running(server, cores.load, lambda: accepts(backend) and accepts(two)))
        plain_files = configurations.plain(folder / "plain", plain_port, SERVICES, backend)
        plain = run(instance(haproxy, folder / "plain", plain_files, cores.gateway)).pid
        ours = run(gateway(haproxy, folder / "ours", two_clouds(one, two, backend), cores))
        leaves = (AUTH, scope(image="CloudTwo"))
        twice = said_twice("CloudTwo")
        ways = []
        for way, word in (("down", "down"), ("up", "up")):
            base = f"{way}_plain"
            ways += [
                _Way(base, f"{word}, plain HAProxy", plain_port, (AUTH,), plain, None, "CloudOne", None),
                _Way(f"{way}_local", f"{word}, no scope", one, (AUTH,), ours.haproxy, None, "CloudOne", base),
                _Way(f"{way}_remote", f"{word}, a scope that leaves", one, leaves, ours.haproxy, None, "CloudTwo", base),
                _Way(f"{way}_bridge", f"{word}, by the Python service", one, twice, ours.haproxy, ours.bridge, "CloudTwo", base),
            ]
        with on(cores.load):
            samples = _in_turns(ways, rounds, size)
    notes = ["Memory grown: of HAProxy, and of the Python service where it takes part, at the peak of a transfer."]
    return Part("bodies", f"Bodies of {size / 2**20:,.0f} MiB, one at a time", _rows(ways, samples), notes)


def _in_turns(ways: Sequence[_Way], rounds: Rounds, size: int) -> dict[str, list[_Sample]]:
    samples: dict[str, list[_Sample]] = {way.key: [] for way in ways}
    source = blob(size)
    try:
        for way in ways:
            _once(way, source, min(size, 2**20))
        for number in range(rounds.count):
            first = number % len(ways)
            for way in [*ways[first:], *ways[:first]]:
                rounds.say(f"round {number + 1} of {rounds.count}: {way.title}")
                samples[way.key].append(_once(way, source, size))
    finally:
        os.close(source)
    return samples


def _once(way: _Way, source: int, size: int) -> _Sample:
    pids = [pid for pid in (way.haproxy, way.bridge) if pid is not None]
    for pid in pids:
        forget_peak(pid)
    memory = sum(map(resident_mb, pids))
    before = [cpu(pid).used for pid in pids]
    started = time.perf_counter()
    try:
        if way.uploads:
            count, by = upload(way.port, IMAGE_BYTES, way.headers, source, size)
        else:
            count, by = download(way.port, IMAGE_BYTES, way.headers)
    except (BlobError, OSError) as error:
        raise BenchError(f"bodies: {way.key}: {error}") from None
    lasted = time.perf_counter() - started
    if by != way.served_by or (way.uploads and count != size):
        raise BenchError(f"bodies: {way.key}: {count} bytes, of {by}, and not of {way.served_by}")
    used = [cpu(pid).used - earlier for pid, earlier in zip(pids, before, strict=True)]
    grown = sum(map(peak_mb, pids)) - memory
    return _Sample(count / lasted, used[0] / count, sum(used[1:]) / count, max(0.0, grown))


def _rows(ways: Sequence[_Way], samples: dict[str, list[_Sample]]) -> list[Row]:
    rows = []
    for way in ways:
        mine = samples[way.key]
        figures = {
            "mb_s": Spread.of([sample.bytes_a_second / 1e6 for sample in mine]),
            "cpu_s_gb": Spread.of([sample.haproxy * 1e9 for sample in mine]),
            "grown_mb": Spread.of([sample.grown_mb for sample in mine]),
        }
        if way.bridge is not None:
            figures["bridge_s_gb"] = Spread.of([sample.bridge * 1e9 for sample in mine])
        if way.baseline is not None:
            plain = samples[way.baseline]
            figures["rate_ratio"] = ratios([s.bytes_a_second for s in mine], [s.bytes_a_second for s in plain])
            figures["cpu_ratio"] = ratios([s.haproxy for s in mine], [s.haproxy for s in plain])
        rows.append(Row(way.key, way.title, figures))
    return rows


def accepts(port: int) -> bool:
    """Return whether something listens at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
