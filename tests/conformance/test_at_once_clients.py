# SPDX-License-Identifier: Apache-2.0
"""Merged lists as gophercloud, and Terraform's provider with it, page them: by links, by the last id, and by name.

The rules are those of gophercloud's ``pagination`` and of its pages of servers, networks, images and containers.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from conformance.lists import CLOUDS, LISTS, Clouds
from conformance.test_at_once import COUNT, filled

PATHS = {"servers": "/v2.1/servers/detail", "images": "/v2/images", "networks": "/v2.0/networks", "containers": "/v1/AUTH_1"}
SERVICES = {**LISTS, "containers": "object-store"}
TWO, THREE = CLOUDS[:2], CLOUDS
Item = dict[str, Any]


@dataclass(frozen=True)
class Carrier:
    """A way for a scope to come: the path of the service, and headers."""

    prefix: str = ""
    scope: str | None = None
    token: str = "tok"


def carrier(kind: str, service: str, clouds: tuple[str, ...]) -> Carrier:
    match kind:
        case "header":
            return Carrier(scope=f"{service}={' & '.join(clouds)}")
        case "URL":
            return Carrier(prefix=f"/scope/{service}={'+'.join(clouds)}")
        case "URL for all":
            return Carrier(prefix=f"/scope/{'+'.join(clouds)}")
        case "token":
            # The log-in at a URL with a scope gives it.
            text = json.dumps({service: "+".join(clouds)})
            return Carrier(token=f"tok~{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}")
    raise AssertionError(kind)


@dataclass
class Client:
    """Asks for the list ``name`` of several clouds; every request goes to a whole URL, as gophercloud's do."""

    gateway: Clouds
    name: str
    carrier: Carrier

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}/{SERVICES[self.name]}{self.carrier.prefix}"

    def url(self, **query: object) -> str:
        return f"{self.endpoint}{PATHS[self.name]}" + (f"?{urlencode(query)}" if query else "")

    def get(self, url: str) -> Any:
        where = urlsplit(url)
        assert (where.scheme, where.netloc) == ("http", f"127.0.0.1:{self.gateway.port}")
        path, carrier = where.path + (f"?{where.query}" if where.query else ""), self.carrier
        got = self.gateway.ask("GET", path, carrier.scope, X_Auth_Token=carrier.token)
        # Without the type, gophercloud takes a page for bytes.
        assert (got.status, got.headers["content-type"].partition(";")[0]) == (200, "application/json"), got
        return json.loads(got.body)

    def items(self, document: Any) -> list[Item]:
        found: list[Item] = document if self.name == "containers" else document[self.name]
        return found

    def all_pages(self, url: str, following: Callable[[str, Any], str]) -> Iterator[list[Item]]:
        """Yield the pages as ``EachPage`` does: it ends at an empty one, and where no URL of a next one is found."""
        while url:
            document = self.get(url)
            items = self.items(document)
            if not items:
                return
            yield items
            url = following(url, document)


def next_link(url: str, document: Any) -> str:
    """``LinkedPageBase``, and ``NextPageURL`` of servers and networks."""
    (links,) = [value for name, value in document.items() if name.endswith("_links")] or [[]]
    return next((str(link["href"]) for link in links if link["rel"] == "next"), "")


def next_of_images(url: str, document: Any) -> str:
    """``NextPageURL`` of images: the URL of the service, cut at its version, and the path that Glance says."""
    if not document.get("next"):
        return ""
    where, told = urlsplit(url), urlsplit(document["next"])
    path = where.path[: match.start()] if (match := re.search(r"v[0-9.]+/?", where.path)) else where.path
    return f"{where.scheme}://{where.netloc}{path.rstrip('/')}/{told.path.removeprefix('/')}?{told.query}"


def next_by_marker(id_: str) -> Callable[[str, Any], str]:
    """``MarkerPageBase``: the same URL, with the last id of the page as the marker."""

    def following(url: str, document: Any) -> str:
        items = document if isinstance(document, list) else next(value for value in document.values() if isinstance(value, list))
        where = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(where.query).items()} | {"marker": items[-1][id_]}
        return where._replace(query=urlencode(query)).geturl()

    return following


NEXT = {"servers": next_link, "networks": next_link, "images": next_of_images}


@pytest.fixture
def gateway(listed_clouds: Clouds) -> Clouds:
    filled(listed_clouds)
    for number, cloud in enumerate(CLOUDS):
        listed_clouds.lists[cloud, "object-store"].items = [
            {"name": f"c{each:03}", "count": 0, "bytes": 0} for each in range(number, COUNT, len(CLOUDS))
        ]
    return listed_clouds


def owners(gateway: Clouds, name: str, clouds: tuple[str, ...]) -> dict[str, str]:
    """Return the cloud of each item, by its id."""
    id_ = "name" if name == "containers" else "id"
    return {item[id_]: cloud for cloud in clouds for item in gateway.lists[cloud, SERVICES[name]].items}


@pytest.mark.parametrize("clouds", [TWO, THREE], ids=len)
@pytest.mark.parametrize("kind", ["header", "URL", "URL for all", "token"])
@pytest.mark.parametrize("name", sorted(NEXT))
def test_all_pages_of_gophercloud_follow_the_links(name: str, kind: str, clouds: tuple[str, ...], gateway: Clouds) -> None:
    client = Client(gateway, name, carrier(kind, SERVICES[name], clouds))
    pages = list(client.all_pages(client.url(limit=7), NEXT[name]))
    found = [item for page in pages for item in page]
    assert all(len(page) == 7 for page in pages[:-1])
    assert len(found) == len({item["id"] for item in found})
    assert {item["id"]: item["os_scope_cloud"] for item in found} == owners(gateway, name, clouds)


@pytest.mark.parametrize("name", ["images", "networks", "servers"])
def test_without_a_limit_all_pages_come_too(name: str, gateway: Clouds) -> None:
    client = Client(gateway, name, carrier("URL", SERVICES[name], THREE))
    found = [item["id"] for page in client.all_pages(client.url(), NEXT[name]) for item in page]
    assert len(found) == COUNT
    assert set(found) == set(owners(gateway, name, THREE))


@pytest.mark.parametrize("clouds", [TWO, THREE], ids=len)
@pytest.mark.parametrize("kind", ["header", "URL", "token"])
@pytest.mark.parametrize("name", sorted(PATHS))
def test_the_last_id_is_the_marker_until_a_page_is_empty(name: str, kind: str, clouds: tuple[str, ...], gateway: Clouds) -> None:
    client = Client(gateway, name, carrier(kind, SERVICES[name], clouds))
    id_ = "name" if name == "containers" else "id"
    query = {"limit": 7} | ({"format": "json"} if name == "containers" else {})
    found = [item for page in client.all_pages(client.url(**query), next_by_marker(id_)) for item in page]
    assert len(found) == len({item[id_] for item in found})
    assert {item[id_]: item["os_scope_cloud"] for item in found} == owners(gateway, name, clouds)


@pytest.mark.parametrize("kind", ["header", "URL", "token"])
@pytest.mark.parametrize("name", sorted(NEXT))
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_data_source_finds_exactly_one_item_by_its_name(cloud: str, name: str, kind: str, gateway: Clouds) -> None:
    """Terraform's data sources fail unless all pages of a list by name have one item."""
    wanted = gateway.lists[cloud, SERVICES[name]].items[3]
    client = Client(gateway, name, carrier(kind, SERVICES[name], THREE))
    found = [item for page in client.all_pages(client.url(name=wanted["name"]), NEXT[name]) for item in page]
    assert [(item["id"], item["os_scope_cloud"]) for item in found] == [(wanted["id"], cloud)]


def test_containers_as_plain_text_are_paged_by_the_last_name(gateway: Clouds) -> None:
    """Without ``Full``, gophercloud asks for text; it reads the type of each page, and ends at an empty one."""
    marker, found = "", list[str]()
    while True:
        path = f"/object-store{PATHS['containers']}?limit=7&marker={marker}"
        got = gateway.ask("GET", path, "object-store=One & Two & Three", Accept="text/plain")
        assert got.headers["content-type"].partition(";")[0] == "text/plain"
        if not (names := got.body.decode().split()):
            break
        found += names
        marker = names[-1]
    assert found == sorted(owners(gateway, "containers", THREE))
