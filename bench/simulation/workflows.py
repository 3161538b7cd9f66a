# SPDX-License-Identifier: Apache-2.0
"""Who asks whom in a workflow, in which order: what :mod:`bench.simulation.walk` walks through.

The requests of a new server are those that real services sent on the lab, each kind once, in the order of the first table of
docs/understand/coverage.md. The questions about the user's token are not among them: the walk adds them where they are asked.
"""

from dataclasses import dataclass, replace

CLIENT, NOVA = "client", "nova"
DOWNLOAD = "GET /images/*/file"
VERSIONS = "GET /"


@dataclass(frozen=True, slots=True)
class Hop:
    """One request: who sends it to which service; ``remote``: of a peer, the one of this number among the workflow's.

    ``python``: the gateway at home does not decide it in HAProxy alone.
    """

    sender: str
    service: str
    request: str
    remote: bool = False
    python: bool = False
    peer: int = 0

    @property
    def token(self) -> bool:
        """Whether a token comes with it, which the service validates."""
        return self.request not in (VERSIONS, "POST /auth/tokens")

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return not self.request.startswith("GET ")


Steps = tuple[tuple[Hop, ...], ...]
"""One after the other; the requests of one step are sent at once, and the last answer ends it."""


@dataclass(frozen=True)
class Workflow:
    """What a user wants, in the words of a table, and the requests that it takes. Without a scope all of them are local."""

    title: str
    steps: Steps
    scoped: bool = True

    @property
    def peers(self) -> int:
        """How many other clouds take part."""
        return 1 + max((hop.peer for step in self.steps for hop in step if hop.remote), default=-1)


_SERVER = """
client identity GET /
client identity POST /auth/tokens
client image> GET /
client image> GET /images/*
client image> GET /images
client compute GET /
client compute GET /flavors/*
client compute GET /flavors/detail
client compute+ POST /servers
nova image> GET /images/*
nova image> GET /schemas/image
nova network GET /networks
nova network GET /quotas/*
nova network GET /ports
nova network+ GET /extensions
nova placement+ GET /allocation_candidates
nova placement+ GET /allocations/*
nova placement+ PUT /allocations/*
nova placement+ GET /resource_providers/*/allocations
nova image> GET /images/*/file
nova network+ POST /ports
nova network GET /extensions
nova network+ PUT /ports/*
nova network+ GET /ports
nova network+ GET /floatingips
nova network+ GET /subnets
nova network+ GET /networks/*
client compute GET /servers/*
nova network GET /security-groups
"""
"""``>``: sent to the peer. ``+``: by the Python service at home, for it changes something, or follows a workflow by its id."""


def _server() -> Steps:
    steps = []
    for line in _SERVER.split("\n")[1:-1]:
        sender, service, request = line.split(" ", 2)
        steps.append((Hop(sender, service.rstrip(">+"), request, ">" in service, "+" in service),))
    return tuple(steps)


def _at_home(steps: Steps) -> Steps:
    return tuple(tuple(replace(hop, remote=False, python=False) for hop in step) for step in steps)


IMAGES: Steps = ((Hop(CLIENT, "image", "GET /images", remote=True),),)
SERVER = _server()
MANY = 10
WORKFLOWS = (
    Workflow("images of this cloud", _at_home(IMAGES), scoped=False),
    Workflow("images of another cloud", IMAGES),
    Workflow(f"images of {MANY} other clouds at once", (tuple(replace(IMAGES[0][0], peer=peer) for peer in range(MANY)),)),
    Workflow("a server, its image of this cloud", _at_home(SERVER), scoped=False),
    Workflow("a server, its image of another cloud", SERVER),
)
