# SPDX-License-Identifier: Apache-2.0
"""Servers, images, volumes and networks of several clouds: made, listed and deleted by plain HTTP, by a member of CloudOne."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from lab.meaning import World

VERSIONS = {"compute": "compute 2.90", "block-storage": "volume 3.70"}
PATIENCE = 120
FEW_SERVERS = 4
GROUPS = "/v2.1/os-server-groups"


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its command, its list and the body that makes one. ``begun``: its status until it is made."""

    command: str
    service: str
    path: str
    collection: str
    body: dict[str, Any]
    listed: str = ""
    sdk: str = ""
    begun: str = ""

    def named(self, name: str) -> dict[str, Any]:
        """Return the body that makes one with this name."""
        wrap = next(iter(self.body))
        return {**self.body, "name": name} if self.service == "image" else {wrap: {**self.body[wrap], "name": name}}


IMAGE = Kind("image", "image", "/v2/images", "images", {"container_format": "bare", "disk_format": "raw"}, sdk="image.images")
NETWORK = Kind("network", "network", "/v2.0/networks", "networks", {"network": {}}, sdk="network.networks")
VOLUME = Kind(
    "volume", "block-storage", "/v3/volumes", "volumes", {"volume": {"size": 1}}, "/detail", "block_storage.volumes", "creating"
)
SERVER = Kind(
    "server", "compute", "/v2.1/servers", "servers", {"server": {"networks": "none"}}, "/detail", "compute.servers", "BUILD"
)
KINDS = (SERVER, IMAGE, VOLUME, NETWORK)
per_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.command)

Made = dict[tuple[str, str], list[str]]
"""The ids of what was made, by command and cloud."""


def alone(cloud: str) -> str:
    """Return the scope of all services at one cloud."""
    return f'{{"*":"{cloud}","identity":"CloudOne"}}'


def at_once(clouds: Iterable[str]) -> str:
    """Return the scope of all services at these clouds at once."""
    return alone(" & ".join(clouds))


class Clouds(World):
    """The lab by the token of a member of CloudOne."""

    def call(self, kind: Kind, method: str, path: str, scope: str, body: Any = None, **more: str) -> requests.Response:
        """Send a request about a kind of resource under a scope."""
        headers = {
            "X_Auth_Token": self.token("CloudOne"),
            "X_Scope": scope,
            "OpenStack_API_Version": VERSIONS.get(kind.service, ""),
        }
        return self.ask(method, "CloudOne", kind.service, path, body, **headers, **more)

    def get_as_admin(self, service: str, path: str, scope: str) -> requests.Response:
        """Send a GET by the token of CloudOne's administrator."""
        headers = {"X_Auth_Token": self.token("CloudOne-admin"), "X_Scope": scope}
        return self.ask("GET", "CloudOne", service, path, OpenStack_API_Version=VERSIONS.get(service, ""), **headers)

    def make(self, kind: Kind, cloud: str, name: str, count: int) -> list[str]:
        """Make some of a kind whose names begin so, and return their ids; of servers, by one request.

        More than a few servers are of one group on as many hosts, which the lab does not have: they are in error, which takes no
        time of a compute node.
        """
        body = kind.named(name)
        if kind is SERVER:
            image, flavor = self._id(IMAGE, "cirros", cloud), self._flavor(cloud)
            body["server"] |= {"imageRef": image, "flavorRef": flavor, "min_count": count, "return_reservation_id": True}
            if count > FEW_SERVERS:
                body["os:scheduler_hints"] = {"group": self._group(cloud, name)}
            reservation = self._made(kind, cloud, body)["reservation_id"]
            found = self.call(kind, "GET", f"{kind.path}?reservation_id={reservation}", alone(cloud)).json()["servers"]
            return [server["id"] for server in sorted(found, key=lambda server: str(server["name"]))]
        # With numbers as Nova gives them.
        made = [self._made(kind, cloud, kind.named(f"{name}-{number}")) for number in range(1, count + 1)]
        return [str((document if kind is IMAGE else document[kind.command])["id"]) for document in made]

    def _group(self, cloud: str, name: str) -> str:
        """Make a server group of this name, whose servers are on different hosts, and return its id."""
        asked = {"server_group": {"name": name, "policy": "anti-affinity"}}
        return str(self.call(SERVER, "POST", GROUPS, alone(cloud), asked).json()["server_group"]["id"])

    def _made(self, kind: Kind, cloud: str, body: dict[str, Any]) -> dict[str, Any]:
        made = self.call(kind, "POST", kind.path, alone(cloud), body)
        assert made.status_code in (200, 201, 202), made.text
        return dict(made.json())

    def delete(self, kind: Kind, cloud: str, ids: Collection[str]) -> None:
        """Delete these, and wait until lists do not have them."""
        for id in ids:
            assert self.call(kind, "DELETE", f"{kind.path}/{id}", alone(cloud)).status_code in (202, 204, 404)
        self.wait(lambda: self.ids(kind, cloud).isdisjoint(ids))

    def wait(self, done: Callable[[], bool]) -> None:
        """Return when it is done."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.3)

    def settle(self, clouds: Iterable[str], ids: Collection[str]) -> None:
        """Wait until all of these that have a status are made."""
        for kind, cloud in product(KINDS, clouds):
            if kind.begun:
                self.wait(lambda kind=kind, cloud=cloud: kind.begun not in self._statuses(kind, cloud, ids))  # type: ignore[misc]

    def _statuses(self, kind: Kind, cloud: str, ids: Collection[str]) -> set[str]:
        return {item["status"] for item in self.items(kind, cloud) if item["id"] in ids}

    def items(self, kind: Kind, cloud: str) -> list[dict[str, Any]]:
        """Return all of a kind that a cloud has."""
        path = f"{kind.path}{kind.listed}{'?limit=500' if kind is IMAGE else ''}"
        found: list[dict[str, Any]] = self.call(kind, "GET", path, alone(cloud)).json()[kind.collection]
        return found

    def ids(self, kind: Kind, cloud: str) -> set[str]:
        """Return the ids of all of a kind that a cloud has."""
        return {item["id"] for item in self.items(kind, cloud)}

    def _id(self, kind: Kind, name: str, cloud: str) -> str:
        return str(self.call(kind, "GET", f"{kind.path}?name={name}", alone(cloud)).json()[kind.collection][0]["id"])

    def _flavor(self, cloud: str) -> str:
        flavors = self.call(SERVER, "GET", "/v2.1/flavors", alone(cloud)).json()["flavors"]
        return str(next(flavor["id"] for flavor in flavors if flavor["name"] == "m1.tiny"))

    def pages(self, kind: Kind, limit: int, scope: str) -> Iterator[list[dict[str, Any]]]:
        """Follow the links to the next page, which ends where there is none."""
        path: str | None = f"{kind.path}{kind.listed}?limit={limit}"
        while path is not None:
            answer = self.call(kind, "GET", path, scope)
            assert answer.status_code == 200, answer.text
            assert "X-Scope-Partial" not in answer.headers
            body = answer.json()
            yield body[kind.collection]
            links = {link["rel"]: link["href"] for link in body.get(f"{kind.collection}_links", [])}
            following = links.get("next", body.get("next"))
            root = self.url("CloudOne", kind.service, "")
            path = None if following is None else urljoin(root + "/", following)
            if path is not None:
                assert path.startswith(root) or following.startswith("/v2/"), path
                path = following if following.startswith("/v2/") else path.removeprefix(root)

    @contextmanager
    def filled(self, names: Collection[str], prefix: str, count: int, purged: str = "") -> Iterator[Made]:
        """Make some of each kind in each of these clouds, side by side; delete them at the end, and those of a run before.

        ``purged``: the cloud that is purged at the end.
        """
        pairs = list(product(KINDS, names))
        made: Made = {}

        def remove(pair: tuple[Kind, str]) -> None:
            kind, cloud = pair
            self.delete(kind, cloud, [item["id"] for item in self.items(kind, cloud) if item["name"].startswith(prefix)])
            if kind is SERVER:
                for group in self.call(kind, "GET", GROUPS, alone(cloud)).json()["server_groups"]:
                    if group["name"].startswith(prefix):
                        self.call(kind, "DELETE", f"{GROUPS}/{group['id']}", alone(cloud))

        def fill(pair: tuple[Kind, str]) -> None:
            kind, cloud = pair
            made[kind.command, cloud] = self.make(kind, cloud, f"{prefix}-{cloud}".lower(), count)

        self.token("CloudOne")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(remove, pairs))
            try:
                list(pool.map(fill, pairs))
                self.settle(names, {id for ids in made.values() for id in ids})
                yield made
            finally:
                list(pool.map(remove, [pair for pair in pairs if pair[1] != purged]))
