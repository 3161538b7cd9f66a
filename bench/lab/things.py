# SPDX-License-Identifier: Apache-2.0
"""What a run needs in the two clouds: an image of known bytes in each, servers to be listed, servers that come and go.

All of it is the lab member's own, has names that begin with :data:`NAME`, and is deleted at the end; what an earlier run that was
killed has left is deleted at the beginning. It is made straight at the services.
"""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.errors import BenchError
from bench.lab.client import Answer, Client, expect
from bench.lab.place import HERE, THERE, Place, marked

NAME = "bench-lab-"
ABROAD = '{"compute":"CloudTwo","image":"CloudTwo","network":"CloudTwo"}'
"""The scope of a user who does all in the other cloud but to log in."""

PAUSE = 0.05
"""Seconds between two looks at a server; a look takes about as long again, so a boot is known to a tenth of a second."""

_PATIENCE = 120.0
_LOOKS = 20
"""After so many looks, it is asked whether the server has failed."""


@dataclass
class Things:
    """Clients of both clouds' services without a gateway, and what was made by them. ``token`` is the run's own.

    ``cirros`` has the id of each cloud's own image of that name, ``payload`` that of the image which a run has uploaded there.
    """

    place: Place
    token: str
    cirros: dict[str, str] = field(default_factory=dict)
    payload: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    flavor: str = ""

    def __post_init__(self) -> None:
        self._clients = {
            (cloud, service): Client(self.place.backend(cloud, service))
            for cloud in (HERE, THERE)
            for service in ("image", "compute")
        }

    def ask(
        self, cloud: str, service: str, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask a service of a cloud straight, as the run's user. ``body``: bytes, or what is sent as JSON."""
        token = self.token if cloud == HERE else marked(self.token, ABROAD)
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        told = {"X-Auth-Token": token, "Content-Type": "application/json", **(headers or {})}
        return self._clients[cloud, service].ask(method, path, told, sent)

    def upload(self, cloud: str, content: bytes) -> str:
        """Make an image of these bytes, and return its id."""
        facts = {"name": NAME + uuid.uuid4().hex, "disk_format": "raw", "container_format": "bare", "visibility": "private"}
        made = expect(self.ask(cloud, "image", "POST", "/v2/images", facts), 201, "to make an image").json()["id"]
        kind = {"Content-Type": "application/octet-stream"}
        expect(self.ask(cloud, "image", "PUT", f"/v2/images/{made}/file", content, headers=kind), 204, "to upload an image")
        return str(made)

    def server(self, image: str, flavor: str | None = None) -> dict[str, Any]:
        """Return what is sent to Nova, by default to that of ``HERE``, to boot a server from an image."""
        return {"server": {"name": NAME + uuid.uuid4().hex, "imageRef": image, "flavorRef": flavor or self.flavor}}

    def is_listed(self, cloud: str, wanted: Mapping[str, Mapping[str, str]], status: str) -> bool:
        """Return whether a server that was wanted has a status. A list costs Nova less than to show a server, and asks nobody."""
        answer = self.ask(cloud, "compute", "GET", looked_for(wanted, status))
        return bool(expect(answer, 200, "to look for a server").json()["servers"])

    def delete(self, cloud: str, server: str) -> None:
        """Delete a server, and wait until it is gone."""
        self.ask(cloud, "compute", "DELETE", f"/v2.1/servers/{server}")
        deadline = time.monotonic() + _PATIENCE
        while self.ask(cloud, "compute", "GET", f"/v2.1/servers/{server}").status != 404:
            if time.monotonic() > deadline:
                raise BenchError(f"a server in {cloud} is not deleted within {_PATIENCE:g} s")
            time.sleep(PAUSE)

    def clean(self) -> None:
        """Delete all that has the name of a run's things, in both clouds."""
        # A question may have been broken off, and its answer still be under way.
        self.close()
        for cloud in (HERE, THERE):
            listed = expect(self.ask(cloud, "compute", "GET", f"/v2.1/servers?name=^{NAME}"), 200, "to list servers")
            for server in listed.json()["servers"]:
                self.delete(cloud, server["id"])
            for image in self._images(cloud):
                if image["name"].startswith(NAME):
                    expect(self.ask(cloud, "image", "DELETE", f"/v2/images/{image['id']}"), 204, "to delete an image")

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def prepare(self, size: int, servers: int) -> None:
        """Put an image of ``size`` bytes into each cloud, and boot so many servers in each."""
        content = os.urandom(size)
        self.digest = hashlib.sha256(content).hexdigest()
        for cloud in (HERE, THERE):
            self.cirros[cloud] = next(image["id"] for image in self._images(cloud) if image["name"] == "cirros")
            self.payload[cloud] = self.upload(cloud, content)
        self.flavor = self._flavor(HERE)
        wanted = [
            (cloud, self.server(self.cirros[cloud], self._flavor(cloud))) for cloud in (HERE, THERE) for _ in range(servers)
        ]
        for cloud, server in wanted:
            expect(self.ask(cloud, "compute", "POST", "/v2.1/servers", server), 202, "to boot a server")
        for cloud, server in wanted:
            until_active(partial(self.is_listed, cloud, server), f"a server in {cloud}")

    def _images(self, cloud: str) -> Any:
        return expect(self.ask(cloud, "image", "GET", "/v2/images"), 200, "to list images").json()["images"]

    def _flavor(self, cloud: str) -> str:
        flavors = expect(self.ask(cloud, "compute", "GET", "/v2.1/flavors"), 200, "to list flavors").json()["flavors"]
        return next(str(flavor["id"]) for flavor in flavors if flavor["name"] == "m1.tiny")


def looked_for(wanted: Mapping[str, Mapping[str, str]], status: str) -> str:
    """Return the path of the list that has the server which was wanted once it has a status."""
    return f"/v2.1/servers?name={wanted['server']['name']}&status={status}"


def until_active(has: Callable[[str], bool], what: str) -> None:
    """Return once a server is ACTIVE; ``has`` tells whether it has a status. Raises :class:`BenchError` where it never is."""
    deadline, looks = time.monotonic() + _PATIENCE, 0
    while not has("ACTIVE"):
        looks += 1
        if looks % _LOOKS == 0 and has("ERROR"):
            raise BenchError(f"{what} has failed; openstackoid lab logs {HERE} nova-compute, or that of {THERE}, has the reason")
        if time.monotonic() > deadline:
            raise BenchError(f"{what} is not ACTIVE within {_PATIENCE:g} s")
        time.sleep(PAUSE)


@contextmanager
def prepared(place: Place, size: int, servers: int) -> Iterator[Things]:
    """Yield what a run needs; delete it at the end, however that comes."""
    things = Things(place, place.new_token())
    things.clean()
    try:
        things.prepare(size, servers)
        yield things
    finally:
        things.clean()
        things.close()
