# SPDX-License-Identifier: Apache-2.0
"""Part 1, over TLS: users speak https to a gateway, and gateways prove to each other who they are; beside plain HAProxy.

The certificates are those of ``openstackoid certs``: keys of the curve P-256. What leaves is put in relation to a plain HAProxy
that forwards to the same peer over TLS and checks its certificate as the gateway does.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import haproxy as configurations
from bench.compare import Rounds, Sample, Way, in_turns, rates_and_costs
from bench.cores import Cores
from bench.gateway import gateway
from bench.haproxy import Wire, instance
from bench.headers import AUTH, scope
from bench.load import Request
from bench.meshes import IMAGE_BYTES, SERVICES, token_document, two_clouds
from bench.processes import free_ports
from bench.results import Part, Row
from bench.spread import differences
from openstackoid.certs import issue, make_authority
from openstackoid.haproxy.binary import Haproxy
from openstackoid.mesh import Tls

_PATH = IMAGE_BYTES
_CONNECTIONS = 16
"""Fewer than without TLS: each sample begins with as many handshakes, which are not what it is about."""
_GENERAL = (
    "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
    "ssl-default-server-options ssl-min-ver TLSv1.2",
)


@dataclass(frozen=True)
class _Place:
    """A running HAProxy, and the URL at which it is asked."""

    pid: int
    url: str


def measure_tls(haproxy: Haproxy, folder: Path, rounds: Rounds) -> Part:
    """Measure routing over TLS."""
    with _stage(haproxy, folder, rounds.cores) as places:
        compared = _ways(places)
        samples = in_turns(compared, rounds)
    return Part(
        "tls",
        "Routing over TLS: GET of 1 KB, in relation to plain HAProxy with TLS",
        _rows(compared, samples),
        [
            "What leaves is in relation to plain HAProxy that forwards to the same peer over TLS, with both sides' certificates.",
            "On two cores, load and peer take as much for TLS as HAProxy does: rates are theirs, too; CPU time is HAProxy's.",
            "A handshake: CPU time of a request on a connection of its own, less that of one on a connection that is there.",
        ],
    )


@contextmanager
def _stage(haproxy: Haproxy, folder: Path, cores: Cores) -> Iterator[Mapping[str, _Place]]:
    """Run backends, a peer, our gateway, and two plain HAProxy: one in front of the backends, one in front of the peer."""
    names = ("backend", "peer", "plain", "plain_peer", "ours")
    port = dict(zip(names, free_ports(len(names)), strict=True))
    certificates = folder / "certificates"
    authority = make_authority(certificates)
    one, two = (issue(certificates, cloud, ["127.0.0.1"]) for cloud in ("CloudOne", "CloudTwo"))
    peer = secure_peer(port["peer"], two, authority)
    clouds = {"CloudOne": [f"127.0.0.1:{port['backend']}"], "CloudTwo": [peer]}
    answering = configurations.backends(folder / "backends", clouds, token_document(two_clouds(1, 2, 3)))
    abroad_wire = wire_to_peer(one, authority)
    here_wire = replace(abroad_wire, server="")
    here = configurations.plain(folder / "plain", port["plain"], SERVICES, port["backend"], wire=here_wire)
    abroad = configurations.plain(folder / "plain_peer", port["plain_peer"], SERVICES, port["peer"], wire=abroad_wire)
    description = two_clouds(port["ours"], port["peer"], port["backend"], Tls(str(one), str(authority)))
    with ExitStack() as stack:
        run = stack.enter_context
        run(instance(haproxy, folder / "backends", answering, cores.load))
        pids = {
            "plain": run(instance(haproxy, folder / "plain", here, cores.gateway)).pid,
            "plain_peer": run(instance(haproxy, folder / "plain_peer", abroad, cores.gateway)).pid,
            "ours": run(gateway(haproxy, folder / "ours", description, cores)).haproxy,
        }
        yield {name: _Place(pid, f"https://127.0.0.1:{port[name]}{_PATH}") for name, pid in pids.items()}


def secure_peer(port: int, certificate: Path, authority: Path) -> str:
    """Return the socket of a peer's gateway, with its options."""
    word = configurations.word
    return f"127.0.0.1:{port} ssl crt {word(certificate)} ca-file {word(authority)} verify required"


def wire_to_peer(certificate: Path, authority: Path) -> Wire:
    """Return the TLS of a plain HAProxy between users and a peer, as the gateway has it."""
    word = configurations.word
    proved = f" ssl verify required ca-file {word(authority)} crt {word(certificate)}"
    proved += " sni str(CloudTwo) check-sni CloudTwo verifyhost CloudTwo no-ssl-reuse"
    return Wire(_GENERAL, f" ssl crt {word(certificate)} alpn http/1.1", proved)


def _ways(places: Mapping[str, _Place]) -> list[Way]:
    plain, plain_peer, ours = places["plain"], places["plain_peer"], places["ours"]
    request = Request(plain.url, (AUTH,))
    own = replace(request, url=ours.url)
    stays, leaves = (replace(own, headers=(AUTH, scope(image=cloud))) for cloud in ("CloudOne", "CloudTwo"))
    abroad = replace(request, url=plain_peer.url)
    ways = [
        Way("plain", "plain HAProxy with TLS", request, plain.pid, baseline=None),
        Way("none", "TLS, no scope", own, ours.pid),
        Way("stays", "TLS, a scope that stays", stays, ours.pid),
        Way("plain_leaves", "plain HAProxy with TLS, to the peer", abroad, plain_peer.pid, served_by="CloudTwo", baseline=None),
        Way("leaves", "TLS, a scope that leaves", leaves, ours.pid, served_by="CloudTwo", baseline="plain_leaves"),
        Way("plain_anew", "plain HAProxy with TLS, on new connections", request, plain.pid, baseline=None, anew=True),
        Way("none_anew", "TLS, no scope, on new connections", own, ours.pid, baseline="plain_anew", anew=True),
    ]
    return [replace(way, connections=_CONNECTIONS) for way in ways]


def _rows(ways: list[Way], samples: Mapping[str, list[Sample]]) -> list[Row]:
    rows = {row.key: row for row in rates_and_costs(ways, samples)}
    for way in ("plain", "none"):
        new, kept = ([sample.cost * 1e6 for sample in samples[key]] for key in (f"{way}_anew", way))
        rows[f"{way}_anew"].figures["handshake_us"] = differences(new, kept)
    return list(rows.values())
