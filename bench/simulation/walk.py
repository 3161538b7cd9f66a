# SPDX-License-Identifier: Apache-2.0
"""How long workflows take while all is well: the way of each request through gateways, over the world, to a service and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from random import Random

from bench.simulation.assumptions import Assumptions
from bench.simulation.costs import LEAVES, NONE, VALIDATE, VISITOR, WRITE, Cost
from bench.simulation.globe import Site, round_trip, transfer
from bench.simulation.queueing import sojourns
from bench.simulation.workflows import CLIENT, DOWNLOAD, Hop, Steps

THERE, BACK = "there", "back"
"""The ways of connections: to the peer, and from it to the user's cloud."""

_POOL = 4_000
"""How many times with a busy process are made for each kind of request, to be drawn from."""


@dataclass(frozen=True)
class Met:
    """What earlier requests have left: kept connections, both ways, and what the guard and the service of a peer know of a token.

    What the guard knows, the user's own gateway knows for as long. ``here``: the services of the user's own cloud know the token,
    and he has a connection to his gateway.
    """

    connection: bool
    guard: bool
    service: bool
    here: bool


COLD, LATER, WARM = Met(False, False, False, False), Met(True, False, True, True), Met(True, True, True, True)
STATES = {"first of all": COLD, "a minute later": LATER, "again at once": WARM}


@dataclass
class Took:
    """Where the time of a workflow went, in seconds: round trips between clouds, the image's bytes, gateways, all inside a cloud.

    ``trips`` counts the round trips. Of requests that are sent at once, only the one that is answered last counts.
    """

    wan: float = 0.0
    image: float = 0.0
    gateways: float = 0.0
    services: float = 0.0
    trips: int = 0

    @property
    def total(self) -> float:
        """Seconds until the answer."""
        return self.wan + self.image + self.gateways + self.services

    def add(self, other: "Took") -> None:
        """Add what was done next."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


class World:
    """Assumptions and costs, with the queues of busy gateways ready to be drawn from."""

    def __init__(self, assumptions: Assumptions, costs: Mapping[str, Cost], seed: int) -> None:
        self.assumed = assumptions
        rng = Random(f"{seed} queues")
        self._pools: dict[str, list[float]] = {}
        for kind, cost in costs.items():
            both = self._pool(cost.haproxy_us, rng), self._pool(cost.python_us, rng)
            self._pools[kind] = [sum(one) for one in zip(*both, strict=True)]

    def _pool(self, mean_us: float, rng: Random) -> list[float]:
        return sojourns(mean_us / 1e6, self.assumed.load, _POOL, rng) if mean_us else [0.0] * _POOL

    def gateway(self, kind: str, rng: Random) -> float:
        """Return the seconds that one request of this kind is with a gateway's processes."""
        return rng.choice(self._pools[kind])

    def service(self, name: str) -> float:
        """Return the seconds that a service takes for an answer."""
        known = {"identity": self.assumed.identity_ms, "image": self.assumed.image_ms, "compute": self.assumed.compute_ms}
        return known.get(name, self.assumed.other_ms) / 1e3


class Walk:
    """One user's workflow between his cloud and peers that are there. ``slowly``: how much longer the peers' services take."""

    def __init__(self, world: World, home: Site, peers: Sequence[Site], met: Met, rng: Random, *, slowly: float = 1.0) -> None:
        self._world = world
        self._slowly = slowly
        self._trips = [round_trip(home, peer, world.assumed) for peer in peers]
        self._rng = rng
        self._met = met
        kept = range(len(peers)) if met.connection else ()
        # HAProxy shares kept connections among all senders; a peer asks home by its own.
        self._connected: set[tuple[str, int]] = {(way, peer) for way in (THERE, BACK) for peer in kept}
        self._guards = set(range(len(peers))) if met.guard else set()
        self._services = set(range(len(peers))) if met.service else set()
        self._accepted = met.guard
        self._senders = {CLIENT} if met.here else set()
        self._local: set[str] = {"identity"}

    def run(self, steps: Steps, scoped: bool = True) -> Took:
        """Return what all steps took."""
        took = Took()
        for step in steps:
            took.add(max((self._hop(hop, scoped) for hop in step), key=lambda one: one.total))
        return took

    def _hop(self, hop: Hop, scoped: bool) -> Took:
        """Return what one request takes, and remember what is known and connected afterwards."""
        world, assumed = self._world, self._world.assumed
        took = Took()
        near = (assumed.user_ms if hop.sender == CLIENT else assumed.lan_ms) / 1e3
        took.services += near if hop.sender in self._senders else near * (1 + assumed.handshake_trips)
        self._senders.add(hop.sender)
        took.gateways += world.gateway(WRITE if hop.python else LEAVES if scoped else NONE, self._rng)
        if hop.python and hop.changes and not self._accepted:
            # Before it remembers the workflow, the gateway asks the user's Keystone, which is beside it.
            took.services += assumed.lan_ms / 1e3 + world.service("identity")
            self._accepted = True
        if hop.remote:
            self._abroad(hop, took)
        else:
            took.services += assumed.lan_ms / 1e3 + world.service(hop.service)
            if hop.token and hop.service not in self._local and not self._met.here:
                took.services += 2 * assumed.lan_ms / 1e3 + world.service("identity")
                took.gateways += world.gateway(NONE, self._rng)
                self._local.add(hop.service)
        if hop.request == DOWNLOAD:
            self._download(hop, took)
        return took

    def _abroad(self, hop: Hop, took: Took) -> None:
        world, assumed, peer = self._world, self._world.assumed, hop.peer
        self._travel(took, peer, THERE)
        if hop.token:
            took.gateways += world.gateway(VISITOR, self._rng)
            if peer not in self._guards:
                self._ask_home(took, peer)
                self._guards.add(peer)
            if peer not in self._services:
                took.gateways += world.gateway(VALIDATE, self._rng)
                # Answered from what the guard has heard.
                took.services += assumed.lan_ms / 1e3
                self._services.add(peer)
        else:
            took.gateways += world.gateway(NONE, self._rng)
        took.services += assumed.lan_ms / 1e3 + world.service(hop.service) * self._slowly

    def _ask_home(self, took: Took, peer: int) -> None:
        """A peer asks the user's Keystone about the token."""
        self._travel(took, peer, BACK)
        took.gateways += self._world.gateway(NONE, self._rng)
        took.services += self._world.assumed.lan_ms / 1e3 + self._world.service("identity")

    def _travel(self, took: Took, peer: int, way: str) -> None:
        new = (way, peer) not in self._connected
        self._connected.add((way, peer))
        for _ in range(1 + (self._world.assumed.handshake_trips if new else 0)):
            took.wan += self._trips[peer] * self._rng.lognormvariate(0, self._world.assumed.jitter)
            took.trips += 1

    def _download(self, hop: Hop, took: Took) -> None:
        assumed = self._world.assumed
        trip, line = (self._trips[hop.peer], assumed.wan_mbit_s) if hop.remote else (assumed.lan_ms / 1e3, assumed.lan_mbit_s)
        took.image += transfer(assumed.image_mib * 2**20, trip, line, assumed)
