# SPDX-License-Identifier: Apache-2.0
"""``python -m bench.route_cache``: what a hit, a miss and an added route cost HAProxy, beside the rules of today."""

import argparse
import base64
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from bench import callgrind
from bench import haproxy as configurations
from bench.asking import Asking
from bench.cores import Cores, on, share_cores
from bench.gateway import generated, runtime_in
from bench.haproxy import instance
from bench.headers import AUTH
from bench.load import Request, load
from bench.meshes import SERVICES, token_document, two_clouds
from bench.processes import free_ports
from bench.report import table
from bench.route_cache.configuration import cached
from bench.route_cache.teacher import teacher
from openstackoid.haproxy.binary import BUNDLED, Haproxy, find_haproxy
from openstackoid.haproxy.maps import CLOUDS
from openstackoid.haproxy.process import CONFIGURATION

_FEW, _MANY, _PATIENCE = 20, 120, 300.0
_SIZES = (0, 1000, 16384)
_SECONDS, _ROUNDS, _CONNECTIONS = 2.0, 3, 32

Files = Callable[[Path], Mapping[str, str]]


class _Bench:
    """The ports and the backends that all measurements share."""

    def __init__(self, haproxy: Haproxy, cores: Cores, folder: Path) -> None:
        self.haproxy, self.cores, self.folder = haproxy, cores, folder
        self.backend, self.peer, self.port = free_ports(3)
        self.description = two_clouds(self.port, self.peer, self.backend)
        self.runs = 0

    def backends(self) -> Mapping[str, str]:
        clouds = {"CloudOne": [f"127.0.0.1:{self.backend}"], "CloudTwo": [f"127.0.0.1:{self.peer}"]}
        return configurations.backends(self.folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))

    def plain(self, folder: Path) -> Mapping[str, str]:
        return configurations.plain(folder, self.port, SERVICES, self.backend)

    def today(self, folder: Path) -> Mapping[str, str]:
        return generated(self.description, runtime_in(folder))

    def routes(self, size: int, *, teaches: bool = True, threads: int = 1) -> Files:
        """Return the files with a cache that holds ``size`` routes beside the two that are asked for."""

        def files(folder: Path) -> Mapping[str, str]:
            rows = {_key(f"Old{number}"): (_mark("CloudOne"), "") for number in range(size)}
            place = next(row for row in self.today(folder)[CLOUDS].splitlines() if row.startswith("CloudTwo ")).split(" ")[1]
            rows |= {_key("CloudOne"): (_mark("CloudOne"), ""), _key("CloudTwo"): (_mark("CloudTwo"), place)}
            found = cached(self.description, folder, rows, teaches=teaches)
            return found | {CONFIGURATION: found[CONFIGURATION].replace("nbthread 1", f"nbthread {threads}")}

        return files

    def count(self, files: Files, scope: str | None) -> float:
        """Return the instructions of a request; a ``%d`` in the scope is another number in each."""
        few, many = (self._run(files, scope, number) for number in (_FEW, _MANY))
        return (sum(many.values()) - sum(few.values())) / (_MANY - _FEW)

    def _run(self, files: Files, scope: str | None, requests: int) -> Counter[str]:
        self.runs += 1
        folder = self.folder / str(self.runs)
        folder.mkdir()
        output = folder / "callgrind.out"
        with ExitStack() as stack:
            stack.enter_context(teacher(folder))
            made = quiet(files(folder))
            under = callgrind.under(output)
            stack.enter_context(instance(self.haproxy, folder, made, self.cores.gateway, patience=_PATIENCE, under=under))
            self.send(scope, requests)
        return callgrind.read(output.read_text(errors="replace"))

    def send(self, scope: str | None, requests: int, stop: Callable[[], bool] = lambda: False) -> int:
        """Send requests one after the other, and return how many got an answer of 200."""
        found = 0
        with Asking(self.request(AUTH)) as asking:
            for number in range(requests):
                if stop():
                    break
                more = () if scope is None else (f"X-Scope: {scope.replace('%d', str(number))}",)
                found += asking.ask(*more)[0] == 200
        return found

    def request(self, *headers: str) -> Request:
        return Request(f"http://127.0.0.1:{self.port}/image/v2/images", headers)

    def rates(self, size: int) -> list[str]:
        """Return the rate and the p99 of hits on two threads, alone and while others add routes."""
        folder = self.folder / f"rates{size}"
        folder.mkdir()
        both = self.cores.gateway | self.cores.load
        hit = self.request(AUTH, f"X-Scope: {_scope('CloudOne')}")
        alone, beside = [], []
        with teacher(folder), instance(self.haproxy, folder, self.routes(size, threads=2)(folder), both):
            for _ in range(_ROUNDS):
                alone.append(load(hit, _CONNECTIONS, _SECONDS, both))
                over = threading.Event()
                sending = threading.Thread(target=self.send, args=(_scope("New%d"), 10**9, over.is_set))
                sending.start()
                beside.append(load(hit, _CONNECTIONS, _SECONDS, both))
                over.set()
                sending.join()
        return [
            f"{size:,}",
            *(f"{min(a.rate for a in some):,.0f} to {max(a.rate for a in some):,.0f}" for some in (alone, beside)),
            *(f"{min(a.p99 for a in some):,.0f} to {max(a.p99 for a in some):,.0f}" for some in (alone, beside)),
        ]


def quiet(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files without health checks, which would be counted."""
    text = files[CONFIGURATION].replace("default-server check ", "default-server ")
    return {**files, CONFIGURATION: text.replace(" downinter 500ms fall 2 rise 1", "")}


def _scope(cloud: str) -> str:
    return f'{{"image":"{cloud}"}}'


def _key(cloud: str) -> str:
    return f"image.public|{_scope(cloud)}|"


def _mark(cloud: str) -> str:
    text = f'{{"*":"CloudOne","image":"{cloud}"}}'
    return "~" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _counted(bench: _Bench, sizes: list[int], *, all_ways: bool) -> Iterator[tuple[str, Files, str | None]]:
    """Yield the title of each row, the files, and the scope that is asked with; plain HAProxy is the first."""
    yield "plain", bench.plain, None
    if all_ways:
        for title, files in (("today", bench.today), ("routes", bench.routes(0))):
            yield f"{title}: no scope", files, None
            yield f"{title}: stays, known", files, _scope("CloudOne")
            yield f"{title}: leaves, known", files, _scope("CloudTwo")
    yield "routes: unknown, nothing added", bench.routes(0, teaches=False), _scope("New%d")
    for size in sizes:
        yield f"routes: unknown, added to {size:,}", bench.routes(size), _scope("New%d")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.route_cache", description=__doc__, allow_abbrev=False)
    parser.add_argument("--haproxy", default=BUNDLED, metavar="WHICH", help="bundled (the default), system, or a path")
    parser.add_argument("--sizes", default=",".join(map(str, _SIZES)), metavar="N,N", help="routes that the cache holds")
    parser.add_argument("--added", action="store_true", help="only what it costs to add a route")
    parser.add_argument("--rates", action="store_true", help="rates on two threads too")
    arguments = parser.parse_args(argv)
    haproxy, cores, sizes = find_haproxy(arguments.haproxy), share_cores(), [int(size) for size in arguments.sizes.split(",")]
    console = Console(width=120)
    console.print(str(haproxy.version), highlight=False)
    with tempfile.TemporaryDirectory(prefix="oid-routes-") as name, on(cores.load):
        bench = _Bench(haproxy, cores, Path(name))
        with instance(find_haproxy(), bench.folder / "backends", bench.backends(), cores.load):
            lines = [["", "instructions", "of plain"]]
            for title, files, scope in _counted(bench, sizes, all_ways=not arguments.added):
                found = bench.count(files, scope)
                first = float(lines[1][1].replace(",", "")) if len(lines) > 1 else found
                lines.append([title, f"{found:,.0f}", f"{found / first:.2f}"])
            console.print(table(lines))
            if arguments.rates:
                heads = ["", "hits/s alone", "hits/s beside additions", "p99 alone, µs", "p99 beside, µs"]
                console.print(table([heads, *(bench.rates(size) for size in sizes)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
