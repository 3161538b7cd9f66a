# SPDX-License-Identifier: Apache-2.0
"""The ways of a request: straight to a service, through this cloud's gateway, across two; and what is asked by each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bench.composed import SLACK_MS
from bench.lab.client import Client, SideBySide
from bench.lab.goals import ACROSS, CHAIN, THROUGH
from bench.lab.place import HERE, THERE, Place, marked
from bench.lab.terminator import Terminator
from bench.lab.things import ABROAD, Things
from bench.lab.traced import Traced

STRAIGHT, TLS_ALONE, STRAIGHT_THERE, ENTRANCE = "straight", "tls_alone", "straight_there", "entrance"
GUEST, DELEGATED = "guest", "delegated"
IMAGE_HERE = '{"image":"CloudOne"}'
IMAGE_THERE = '{"image":"CloudTwo"}'
BOTH, SIDE_BY_SIDE, TRACED, OTHERWISE_DEAD = "both", "side_by_side", "traced", "otherwise_dead"
IMAGE_OF_BOTH = '{"image":"CloudOne & CloudTwo"}'
IMAGE_OTHERWISE = '{"image":"CloudOne | CloudTwo"}'
COMPUTE_THERE = '{"compute":"CloudTwo"}'
SIZE = 64 * 1024 * 1024

PROCESSES = {"image": "glance", "compute": "nova-api"}
"""The lab's name for the process of a service."""

_BESIDE = ((THROUGH, TLS_ALONE), (ACROSS, CHAIN), (GUEST, ENTRANCE), (BOTH, ACROSS))

QUESTIONS = ("images", "servers", "download", "delegated", "delegated_first", "composition", "otherwise", "first")
"""The keys of what :func:`questions` returns."""

_FIRST_ID = "req-a0d17000-3e1c-4c5b-9d52-6a1d0f7a9c11"
"""As the gateway of the user's cloud gives one to a request that leaves."""


@dataclass(frozen=True)
class Way:
    """One way of a question. ``headers`` makes its headers of the user's token; ``baseline``: the key of the way that it is
    put in relation to, or None; ``process``: the id of the service's process that answers. ``before``: the path that is asked
    first, in the same time, or None.
    """

    key: str
    title: str
    client: Client
    path: str
    headers: Callable[[str], Mapping[str, str]]
    baseline: str | None
    process: int | None = None
    digest: str | None = None
    before: str | None = None


@dataclass(frozen=True)
class Question:
    """What is asked by all its ways in turns: ``repeats`` times in each round, by a new token each time or by the run's own.

    ``spared``: seconds that a way's ratio leaves out. ``glance_is_dead``: it is asked while Glance of :data:`HERE` is dead.
    """

    key: str
    title: str
    ways: tuple[Way, ...]
    repeats: int
    new_tokens: bool = False
    length: int | None = None
    spared: float = 0.0
    glance_is_dead: bool = False

    @property
    def beside(self) -> list[tuple[str, str]]:
        """The keys of ways that are also put in relation to another than their baseline, and of that other one."""
        keys = {way.key for way in self.ways}
        return [pair for pair in _BESIDE if keys.issuperset(pair)]


def plain(token: str) -> dict[str, str]:
    """Return the headers of a request without a scope."""
    return {"X-Auth-Token": token}


def scoped(scope: str) -> Callable[[str], dict[str, str]]:
    """Return what makes the headers of a user's request with a scope."""
    return lambda token: {"X-Auth-Token": token, "X-Scope": scope}


def as_handed_on(scope: str) -> Callable[[str], dict[str, str]]:
    """Return what makes the headers that a request with a scope has behind the gateway of the user's cloud."""
    return lambda token: {"X-Auth-Token": marked(token, scope), "X-OpenStack-Request-Id": _FIRST_ID}


def _as_bound(place: Place, scope: str) -> Callable[[str], dict[str, str]]:
    """Return what makes the headers of a request with a token that is bound to the other cloud."""
    return lambda token: {"X-Auth-Token": place.bound(token, scope), "X-OpenStack-Request-Id": _FIRST_ID}


def questions(place: Place, things: Things, alone: Terminator, chain: Terminator) -> list[Question]:
    """Return all that is asked, but the boot of a server.

    ``alone`` is a HAProxy that does nothing but TLS, and ``chain`` the first of two in a row.
    """

    def ways(service: str, here: str, there: str, scope: str, digest: str | None = None) -> tuple[Way, ...]:
        process = PROCESSES[service]
        ids = {cloud: place.processes.services.get((cloud, process)) for cloud in (HERE, THERE)}

        def way(key: str, title: str, client: Client, headers: Callable[[str], Mapping[str, str]], baseline: str | None) -> Way:
            at_home = key in (STRAIGHT, TLS_ALONE, THROUGH)
            path, pid = (here, ids[HERE]) if at_home else (there, ids[THERE])
            return Way(key, title, client, path, headers, baseline, pid, digest)

        near, far = place.frontend(HERE, service), place.frontend(THERE, service)
        return (
            way(STRAIGHT, f"straight, {HERE}", Client(place.backend(HERE, service)), plain, None),
            way(TLS_ALONE, f"a plain HAProxy with TLS, {HERE}", Client(alone.urls[service], place.tls()), plain, STRAIGHT),
            way(THROUGH, f"through {HERE}'s gateway", Client(near, place.tls()), plain, STRAIGHT),
            way(STRAIGHT_THERE, f"straight, {THERE}", Client(place.backend(THERE, service)), as_handed_on(scope), None),
            way(ENTRANCE, f"{THERE}'s gateway alone", Client(far, place.tls(HERE)), as_handed_on(scope), STRAIGHT_THERE),
            way(
                CHAIN,
                "two plain HAProxys with TLS in a row",
                Client(chain.urls[service], place.tls()),
                as_handed_on(scope),
                STRAIGHT_THERE,
            ),
            way(ACROSS, "across both gateways", Client(near, place.tls()), scoped(scope), STRAIGHT_THERE),
        )

    images = ways("image", "/v2/images", "/v2/images", IMAGE_THERE)
    servers = ways("compute", "/v2.1/servers/detail", "/v2.1/servers/detail", ABROAD)
    files = [f"/v2/images/{things.payload[cloud]}/file" for cloud in (HERE, THERE)]
    file = ways("image", files[0], files[1], IMAGE_THERE, things.digest)
    first = ways("image", "/v2/images", "/v2/images", IMAGE_THERE)

    def guest(of: tuple[Way, ...]) -> Way:
        entrance = next(way for way in of if way.key == ENTRANCE)
        title = "the same with a bound token, as gateways send it"
        return replace(entrance, key=GUEST, title=title, headers=_as_bound(place, IMAGE_THERE))

    # glanceclient asks for the document right before the bytes.
    documents = {path: path.removesuffix("/file") for path in files}
    read = replace(
        file[0],
        key=DELEGATED,
        before=documents[files[0]],
        title=f"{THERE}'s gateway in the name of a user of {HERE}, at {HERE}'s gateway",
        client=Client(place.frontend(HERE, "image"), place.tls(THERE)),
        headers=_as_bound(place, COMPUTE_THERE),
        baseline=GUEST,
    )
    beside = replace(
        guest(file), title=f"a guest: {HERE}'s gateway, at {THERE}'s gateway", before=documents[files[1]], baseline=None
    )
    slowest = replace(next(way for way in images if way.key == ACROSS), title=f"{THERE} alone", baseline=None)
    branches = [(Client(place.frontend(HERE, "image"), place.tls()), {"X-Scope": scope}) for scope in (IMAGE_HERE, IMAGE_THERE)]
    side_by_side = replace(
        slowest, key=SIDE_BY_SIDE, title="both clouds, asked by the client", client=SideBySide(branches), headers=plain
    )
    both = replace(slowest, key=BOTH, title="both in one list", headers=scoped(IMAGE_OF_BOTH), baseline=SIDE_BY_SIDE)
    traced = replace(
        both,
        key=TRACED,
        title="the same, traced: in relation to its own slowest cloud",
        client=Traced(place.frontend(HERE, "image"), place.tls()),
        baseline=None,
    )
    otherwise = replace(slowest, key=OTHERWISE_DEAD, title=f"{HERE} | {THERE}", headers=scoped(IMAGE_OTHERWISE), baseline=ACROSS)
    return [
        Question("images", "GET /v2/images", (*images, guest(images)), 50),
        Question("servers", "GET /servers/detail, two servers", servers, 10),
        Question("download", "An image of 64 MiB, downloaded", file, 3, length=SIZE),
        Question(
            "delegated",
            "An image of 64 MiB, as a peer's Nova reads it here, beside a guest's download",
            (beside, read),
            3,
            length=SIZE,
        ),
        Question(
            "delegated_first",
            "The same, each time with a new token",
            (beside, read),
            1,
            new_tokens=True,
            length=SIZE,
        ),
        Question(
            "composition",
            "GET /v2/images of both clouds in one list",
            (slowest, side_by_side, both, traced),
            20,
            spared=SLACK_MS / 1000,
        ),
        Question(
            "otherwise",
            f"GET /v2/images while {HERE}'s Glance is dead, from the second request on",
            (slowest, otherwise),
            20,
            glance_is_dead=True,
        ),
        Question("first", "GET /v2/images, each time with a new token", first, 1, new_tokens=True),
    ]
