# SPDX-License-Identifier: Apache-2.0
"""Lines of HAProxy's log as a gateway with users has them: clients, methods, paths, services, peers, statuses and times differ.

They are the same in each run: the seed is fixed.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from openstackoid.bridge.audit.admission_header import Admission, encode
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.routing.admission import encoded_roles

BATCH = 65536
"""Bytes that the pipe of HAProxy's log holds."""

HERE = "CloudOne"
_PEERS = [f"Cloud{number}" for number in range(2, 22)]
MIXED = {"local": 75, "remote": 15, "guest": 10}
"""The kinds of :meth:`Traffic.mixed`, in percent."""

_CLIENTS, _USERS = 500, 200
_STATUSES = {200: 70, 404: 8, 204: 6, 201: 5, 202: 4, 401: 2, 409: 2, 300: 1, 500: 1, 503: 1}
_METHODS = {"GET": 80, "POST": 10, "DELETE": 5, "PUT": 3, "HEAD": 2}
_SPREAD = 0.9
"""Of the logarithms of the times: 1 in 100 takes eight times as long as the median."""


@dataclass(frozen=True)
class _Service:
    """A service's part of the requests, the median of its times in milliseconds, and its paths, with * for an id."""

    key: str
    share: int
    median: float
    paths: tuple[str, ...]


_SERVICES = (
    _Service("identity.public", 20, 25, ("/identity/v3/auth/tokens", "/identity/v3/projects/*", "/identity/v3")),
    _Service("compute.public", 30, 150, ("/compute/v2.1/servers/detail", "/compute/v2.1/servers/*", "/compute/v2.1/flavors/*")),
    _Service("network.public", 20, 60, ("/network/v2.0/ports", "/network/v2.0/ports/*", "/network/v2.0/networks/*")),
    _Service("image.public", 12, 30, ("/image/v2/images", "/image/v2/images/*", "/image/v2/images/*/file")),
    _Service("volumev3.public", 8, 80, ("/volumev3/v3/*/volumes/detail", "/volumev3/v3/*/volumes/*")),
    _Service("placement.public", 5, 15, ("/placement/resource_providers/*/inventories", "/placement/allocations/*")),
    _Service("object-store.public", 3, 12, ("/object-store/v1/AUTH_*/backups/*",)),
    _Service("orchestration.public", 2, 200, ("/orchestration/v1/*/stacks/*",)),
)


class Traffic:
    """Makes lines, one kind a method. Each is about one request, but for those of a write."""

    def __init__(self, seed: int = 17) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for lines, not for secrets
        self._uses = [encode(self._admission()) for _ in range(_USERS)]
        self._roles = encoded_roles(("member", "reader"))
        self._services = _weighted({service: service.share for service in _SERVICES})
        self._methods, self._statuses = _weighted(_METHODS), _weighted(_STATUSES)

    def local(self) -> str:
        """Return the line of a request of this cloud."""
        service, request = self._request()
        return f"{request} -> local.{service.key} - {self._answer(service)} ---- - -\n"

    def remote(self) -> str:
        """Return the line of a request that leaves."""
        service, request = self._request()
        left = f"left={service.key} home={HERE} id=req-{self._id()} use={self._random.choice(self._uses)}"
        return f"{request} -> peer {self._random.choice(_PEERS)} {self._answer(service)} ---- - {left}\n"

    def guest(self) -> str:
        """Return the line of a request of another cloud's user that HAProxy admits."""
        service, request = self._request()
        peer, use = self._random.choice(_PEERS), self._random.choice(self._uses)
        admitted = f"admitted={service.key} from={peer} id=req-{self._id()} use={use}|{self._roles}|{peer}"
        return f"{request} -> guests.{service.key} - {self._answer(service)} ---- - {admitted}\n"

    def write(self) -> str:
        """Return the two lines of a write that leaves: the Python service's, and the client's."""
        service, request = self._request()
        peer, answer = self._random.choice(_PEERS), self._answer(service)
        return f"{request} -> peer {peer} {answer} ----{BY_PYTHON} - -\n{request} -> bridge - {answer} ---- - -\n"

    def mixed(self) -> str:
        """Return the line of a request of any kind but a write."""
        (kind,) = self._random.choices(list(MIXED), list(MIXED.values()))
        return str(getattr(self, kind)())

    def answers(self, number: int) -> list[tuple[str, int, float]]:
        """Return paths, statuses, and times in seconds, of answered requests."""
        found = [self._request() for _ in range(number)]
        return [(request.split(" ")[2], *self._told(service)) for service, request in found]

    def _told(self, service: _Service) -> tuple[int, float]:
        status = self._random.choice(self._statuses)
        return status, service.median * self._random.lognormvariate(0, _SPREAD) / 1000

    def _request(self) -> tuple[_Service, str]:
        random_ = self._random
        service, method = random_.choice(self._services), random_.choice(self._methods)
        client = random_.randrange(_CLIENTS)
        path = self._random.choice(service.paths)
        while "*" in path:
            path = path.replace("*", self._id(), 1)
        return service, f"192.0.{2 + client // 250}.{1 + client % 250} {method} {path}"

    def _answer(self, service: _Service) -> str:
        status, seconds = self._told(service)
        return f"{status} {int(seconds * 1000)} ms"

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _admission(self) -> Admission:
        user, project = self._id().replace("-", ""), self._id().replace("-", "")
        return Admission(
            Party(user, f"user-{user[:8]}", "Default"), Party(project, f"project-{project[:8]}", "Default"), "members"
        )


def _weighted(weights: Mapping[Any, int]) -> list[Any]:
    return [value for value, weight in weights.items() for _ in range(weight)]


def batches(line: Callable[[], str], number: int) -> list[bytes]:
    """Return ``number`` lines, or pairs of lines, as a busy pipe has them: as many at once as it holds."""
    return list(_joined(line().encode("ascii") for _ in range(number)))


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > BATCH:
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    yield b"".join(batch)
