# SPDX-License-Identifier: Apache-2.0
"""Part 1, the yardstick: the old way, a Lua script that looks through a list of all services for each request.

Its list grows with the clouds, so that what it takes does, too. Beside it stand our configuration for as many clouds and plain
HAProxy, all in relation to the script. Plain HAProxy is the most that can be had there: nothing that is built on it is faster.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import haproxy as configurations
from bench.compare import Rounds, Way, in_turns, rates_and_costs
from bench.gateway import gateway
from bench.haproxy import instance, old_host
from bench.headers import AUTH, scope
from bench.load import Request
from bench.many import PEERS, Places
from bench.meshes import SERVICES, token_document, two_clouds
from bench.processes import free_ports
from bench.results import Part, Row
from openstackoid.haproxy.binary import Haproxy

SIZES = (2, 10, 100)
"""Numbers of clouds, each with eight services and three interfaces."""


def measure_yardstick(haproxy: Haproxy, folder: Path, rounds: Rounds, sizes: Sequence[int] = SIZES) -> Part:
    """Measure the old way, plain HAProxy and ours, for each number of clouds by itself."""
    ports = free_ports(7)
    places = Places(ports[:3], ports[3:6], ports[6])
    clouds = {"CloudOne": [f"127.0.0.1:{places.backend}"], PEERS: [f"*:{port}" for port in places.peers]}
    answering = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    rows = []
    with ExitStack() as stack:
        stack.enter_context(instance(haproxy, folder / "backends", answering, rounds.cores.load))
        for size in sizes:
            rows += _measure(haproxy, folder / str(size), rounds, places, size)
    return Part(
        "yardstick",
        "The yardstick: GET of 1 KB with a scope that stays, in relation to the old way, a Lua script",
        rows,
        ["CloudOne, which is asked for, stands first in the script's list, as is best for it. Its backends are not checked."],
    )


def _measure(haproxy: Haproxy, folder: Path, rounds: Rounds, places: Places, size: int) -> list[Row]:
    port, talking, plain_port = free_ports(3)
    clouds = {"CloudOne": places.backend} | {f"Cloud{number}": places.peers[0] for number in range(2, size + 1)}
    old_files = configurations.old_way(folder / "old", port, talking, SERVICES, clouds)
    plain_files = configurations.plain(folder / "plain", plain_port, SERVICES, places.backend)
    with ExitStack() as stack:
        run, core = stack.enter_context, rounds.cores.gateway
        plain = run(instance(haproxy, folder / "plain", plain_files, core)).pid
        old = run(instance(haproxy, folder / "old", old_files, core, quiet=True)).pid
        ours = run(gateway(haproxy, folder / "ours", places.mesh(size), rounds.cores)).haproxy
        request = Request(f"http://127.0.0.1:{port}/image/v2/images", (AUTH, scope(image="CloudOne")))
        known = replace(request, headers=(f"Host: {old_host('CloudOne')}", *request.headers))
        lua, words = f"lua_{size}", f"{size:,} clouds"
        ways = [
            Way(lua, f"{words}: the old way", known, old, baseline=None),
            Way(f"talks_{size}", f"{words}: with the prototype's lines in the log", _at(known, talking), old, baseline=lua),
            Way(f"plain_{size}", f"{words}: plain HAProxy, no scope read", _at(request, plain_port), plain, baseline=lua),
            Way(f"stays_{size}", f"{words}: ours", _at(request, places.own[0]), ours, baseline=lua),
        ]
        return rates_and_costs(ways, in_turns(ways, rounds))


def _at(request: Request, port: int) -> Request:
    return replace(request, url=f"http://127.0.0.1:{port}/image/v2/images")
