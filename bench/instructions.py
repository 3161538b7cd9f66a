# SPDX-License-Identifier: Apache-2.0
"""HAProxy's costs for a request without a scope, with one that stays and with one that leaves, beside plain HAProxy.

Counted by valgrind they are instructions, which no other load on the machine changes: that is what routing is judged by.
"""

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import callgrind
from bench import haproxy as configurations
from bench.asking import Asking
from bench.cores import Cores
from bench.errors import BenchError
from bench.gateway import bridge, generated, runtime_in
from bench.haproxy import instance
from bench.headers import AUTH, GUEST, scope
from bench.least import least
from bench.load import Request
from bench.meshes import IMAGE_BYTES, SERVICES, token_document, two_clouds
from bench.processes import free_ports
from bench.tls import secure_peer, wire_to_peer
from openstackoid.certs import issue, make_authority
from openstackoid.gateway.folder import write_files
from openstackoid.haproxy.binary import Haproxy
from openstackoid.mesh import Tls
from openstackoid.routing.places import REQUESTS as PER_SECOND

REQUESTS = 400
"""Requests that are counted, where nothing else is said."""

_CHECKS = re.compile(r"\b((?:down)?inter) \w+")
"""How often servers are checked: a slow machine would have more checks counted among the same requests."""

_PATIENCE = 120.0
_FEW = 100

_BETWEEN_FIRSTS = 1.2 / PER_SECOND
"""Seconds between requests that the Python service decides: faster ones are refused, as no Keystone has accepted their token."""

Costs = Mapping[str, float]
"""What each function takes for a request."""


@dataclass(frozen=True)
class ProfiledWay:
    """The files of an HAProxy, which are to lie in a folder, and what it is asked.

    With a ``description`` the Python service runs beside it, which decides the first request of a scope; with ``spelt``, a scope,
    each request is the first.
    """

    files: Callable[[Path], Mapping[str, str]]
    request: Request
    served_by: str
    description: str | None = None
    spelt: str | None = None

    def header(self, number: int) -> list[str]:
        """Return the header of a scope that is spelt as in no other request: ten characters of white space are the number."""
        if self.spelt is None:
            return []
        return [f"X-Scope: {self.spelt.replace('{', '{' + f'{number:010b}'.translate({48: ' ', 49: chr(9)}))}"]


Profile = Callable[[Haproxy, Cores, Path, ProfiledWay, int], Costs]
"""Finds out the costs of one way; the folder is its own, the number is that of the requests."""


def profiles(profile: Profile, haproxy: Haproxy, cores: Cores, folder: Path, requests: int) -> dict[str, Costs]:
    """Return the costs of each way by its name, the plain one first."""
    backend, peer, port, secure = free_ports(4)
    authority = make_authority(folder / "certificates")
    one, two = (issue(folder / "certificates", cloud, ["127.0.0.1"]) for cloud in ("CloudOne", "CloudTwo"))
    clouds = {"CloudOne": [f"127.0.0.1:{backend}"], "CloudTwo": [f"127.0.0.1:{peer}", secure_peer(secure, two, authority)]}
    answering = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    ways = _ways(port, backend, peer, two_clouds(port, peer, backend))
    ways |= _secure_ways(port, secure, two_clouds(port, secure, backend, Tls(str(one), str(authority))), one, authority)
    with instance(haproxy, folder / "backends", answering, cores.load):
        return {name: profile(haproxy, cores, folder / name, way, requests) for name, way in ways.items()}


def _ways(port: int, backend: int, peer: int, description: str) -> dict[str, ProfiledWay]:
    def plain(folder: Path) -> Mapping[str, str]:
        return configurations.plain(folder, port, SERVICES, backend)

    def ours(folder: Path) -> Mapping[str, str]:
        return generated(description, runtime_in(folder))

    def asked(*headers: str) -> Request:
        return Request(f"http://127.0.0.1:{port}{IMAGE_BYTES}", (AUTH, *headers))

    def by_hand(folder: Path) -> Mapping[str, str]:
        return least(folder, port, SERVICES, backend, peer)

    def compact(cloud: str) -> Request:
        return asked(f'X-Scope: {{"image":"{cloud}"}}')

    guest = Request(f"http://127.0.0.1:{port}/image/v2/images", GUEST)
    return {
        "plain": ProfiledWay(plain, asked(), "CloudOne"),
        "least_stays": ProfiledWay(by_hand, compact("CloudOne"), "CloudOne"),
        "least_leaves": ProfiledWay(by_hand, compact("CloudTwo"), "CloudTwo"),
        "none": ProfiledWay(ours, asked(), "CloudOne"),
        "stays": ProfiledWay(ours, asked(scope(image="CloudOne")), "CloudOne", description),
        "leaves": ProfiledWay(ours, asked(scope(image="CloudTwo")), "CloudTwo", description),
        "in_turns": ProfiledWay(ours, asked(scope(image="CloudOne | CloudTwo")), "CloudOne", description),
        "guest": ProfiledWay(ours, guest, "CloudOne", description),
        "first": ProfiledWay(ours, asked(), "CloudOne", description, '{"image":"CloudOne"}'),
    }


def _secure_ways(port: int, peer: int, description: str, certificate: Path, authority: Path) -> dict[str, ProfiledWay]:
    """Return the ways over TLS, of which the second leaves with a bound token."""

    def plain(folder: Path) -> Mapping[str, str]:
        return configurations.plain(folder, port, SERVICES, peer, wire=wire_to_peer(certificate, authority))

    def ours(folder: Path) -> Mapping[str, str]:
        return generated(description, runtime_in(folder))

    request = Request(f"https://127.0.0.1:{port}{IMAGE_BYTES}", (AUTH, scope(image="CloudTwo")))
    return {
        "plain_tls": ProfiledWay(plain, request, "CloudTwo"),
        "bound_tls": ProfiledWay(ours, request, "CloudTwo", description),
    }


def counted(haproxy: Haproxy, cores: Cores, folder: Path, way: ProfiledWay, requests: int) -> Costs:
    """Count instructions twice, with few requests and with more, so that the start is left out."""
    few, many = (_count(haproxy, cores, folder / str(number), way, number) for number in (_FEW, _FEW + requests))
    return callgrind.for_each(few, many, requests)


def _count(haproxy: Haproxy, cores: Cores, folder: Path, way: ProfiledWay, requests: int) -> Counter[str]:
    output = folder / "callgrind.out"
    files = {name: _CHECKS.sub(r"\1 1h", text) for name, text in way.files(folder).items()}
    with ExitStack() as stack:
        if way.description is not None:
            write_files(folder, {"mesh.yaml": way.description})
            stack.enter_context(bridge(folder, runtime_in(folder), cores))
        stack.enter_context(instance(haproxy, folder, files, cores.gateway, patience=_PATIENCE, under=callgrind.under(output)))
        send(way, requests)
    return callgrind.read(output.read_text(errors="replace"))


def send(way: ProfiledWay, times: int) -> None:
    """Send a way's request some times, one after the other. Raises :class:`BenchError` for an answer of another cloud."""
    with Asking(way.request) as asking:
        for number in range(times):
            if way.spelt is not None:
                time.sleep(_BETWEEN_FIRSTS)
            status, by, _body = asking.ask(*way.header(number))
            if (status, by) != (200, way.served_by):
                raise BenchError(f"{way.request.url}: {status}, served by {by}, not {way.served_by}")


def count_instructions(haproxy: Haproxy, cores: Cores, folder: Path, seconds: float) -> dict[str, float] | None:
    """Return the instructions of a request by way; None where valgrind is not installed.

    ``seconds``: the duration of other measurements; if it is less than one, fewer requests are counted.
    """
    if shutil.which(callgrind.TOOL) is None:
        return None
    found = profiles(counted, haproxy, cores, folder, min(REQUESTS, max(_FEW, int(REQUESTS * seconds))))
    return {name: sum(costs.values()) for name, costs in found.items()}
