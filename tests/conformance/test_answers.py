# SPDX-License-Identifier: Apache-2.0
"""Answers stay inside: every link names the frontend that the client used, from any cloud."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.case import WEBSOCKET
from conformance.services import PAGES
from conformance.world import CLOUDS, LISTS, PREFIXES, World, ask, ask_on, connection_to, scope_of, whole_world
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.links import Links
from openstackoid.mesh import Listener


@pytest.fixture(scope="module", params=["http", "https"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole_world(tmp_path_factory.mktemp("certificates") if request.param == "https" else None) as running:
        yield running


def following(service: str, document: dict[str, Any]) -> str | None:
    """Return the link to the next page, as the clients of these services find it."""
    match service:
        case "image":
            return document.get("next")
        case "identity":
            found = document["links"]["next"]
        case _:
            ((_, found),) = [(key, value) for key, value in document.items() if key.endswith("_links")]
            found = found[0]["href"] if found else None
    return found if found is None else str(found)


@pytest.mark.parametrize("how", ["plain", "oddly"])
@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("service", LISTS)
def test_pages_are_followed_link_by_link(service: str, cloud: str, how: str, world: World) -> None:
    """User data that looks like a link stays as the service said it."""
    root = PREFIXES[service]
    path: str | None = f"{root}{LISTS[service]}?limit=1"
    seen = 0
    while path is not None:
        got = ask(world, "GET", path, scope_of(service, cloud, how))
        assert (got.status, got.headers["x-cloud"]) == (200, cloud)
        document = got.json()
        (item,) = document[LISTS[service].rpartition("/")[2]]
        theirs = item["name"].removesuffix(LISTS[service])
        assert item == {"name": theirs + LISTS[service], "cloud": cloud, "metadata": {"href": theirs, "rel": "x"}}
        assert len(got.body) == int(got.headers["content-length"])
        seen += 1
        link = following(service, document)
        if link is None:
            break
        if service == "image":
            # A path below Glance's root: its clients put their endpoint before it.
            assert link.startswith("/v2/images?")
            path = root + link
        else:
            assert link.startswith(f"{world.origin}{root}/v")
            path = link.removeprefix(world.origin)
    assert seen == PAGES


@pytest.mark.parametrize("how", ["plain", "oddly"])
@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("service", PREFIXES)
def test_version_documents(service: str, cloud: str, how: str, world: World) -> None:
    got = ask(world, "GET", f"{PREFIXES[service]}/", scope_of(service, cloud, how))
    expected = f"{world.origin}{PREFIXES[service]}/v2/"
    assert (got.status, got.headers["x-cloud"], got.headers["location"]) == (300, cloud, expected)
    assert got.json()["versions"][0]["links"] == [{"rel": "self", "href": expected}]


# No gateway stands before the Glance of Same and of Fixed that would do so.
MAKERS = [
    (service, cloud) for service in LISTS for cloud in CLOUDS if (service, cloud) not in (("image", "Same"), ("image", "Fixed"))
]


@pytest.mark.parametrize("how", ["plain", "oddly"])
@pytest.mark.parametrize(("service", "cloud"), MAKERS)
def test_the_location_of_what_was_made(service: str, cloud: str, how: str, world: World) -> None:
    """Glance forgets its prefix, and the gateway of its own cloud gives it back."""
    got = ask(world, "POST", PREFIXES[service] + LISTS[service], scope_of(service, cloud, how), b"{}")
    assert got.status == 201
    assert got.headers["location"] == f"{world.origin}{PREFIXES[service]}{LISTS[service]}/new"
    assert (got.json(), got.headers["etag"]) == ({"id": "new"}, '"1"')


@pytest.mark.parametrize("how", ["plain", "oddly"])
@pytest.mark.parametrize(
    ("service", "cloud"), [("compute", "Ports"), ("image", "Same"), ("identity", "Ports"), ("image", "Home")]
)
def test_the_keystone_to_authenticate_at_is_ours(service: str, cloud: str, how: str, world: World) -> None:
    got = ask(world, "GET", PREFIXES[service] + LISTS[service], {**scope_of(service, cloud, how), "X-Refused": "1"})
    version = "" if cloud == "Home" else "/v3"
    assert got.status == 401
    assert got.headers["www-authenticate"] == f'Keystone uri="{world.origin}/identity{version}"'


HOSTS: list[Callable[[World], str]] = [
    lambda world: f"http://{world.host}",
    lambda world: f"https://{world.host}",
    lambda world: f"https://127.0.0.1:{world.mesh.clouds['Fixed'].endpoints[0].frontend.port}",
    lambda world: f"http://{world.host.upper()}",
    lambda world: world.mesh.clouds["Ports"].endpoints[0].frontend.origin(),
    lambda world: world.mesh.clouds["Ports"].endpoints[2].frontend.origin(),
    lambda world: world.mesh.clouds["Same"].endpoints[0].frontend.origin(),
    lambda world: world.mesh.clouds["Fixed"].endpoints[0].frontend.origin(),
    lambda world: f"http://{world.host}0",
    lambda _: "http://objects.example.org:8080",
    lambda _: "https://login.example.org",
    lambda _: "",
    lambda _: "/",
    lambda _: "http://",
    lambda _: "x",
]
PATHS = [
    "",
    "?q",
    "/",
    "/image",
    "/image/v2/a?b=http://c/d",
    "/image?x",
    "/imagefoo/v2",
    "/v2/a",
    "/compute/v2.1",
    "//a",
    "/v2?p#f",
    "/image//evil.example/x",
    "/compute/v2.1///evil.example/x",
    "/.\t./x",
]


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("service", ["image", "network", "compute"])
def test_haproxy_and_bridge_read_a_location_alike(service: str, cloud: str, world: World) -> None:
    here, target = world.mesh.clouds["Home"], world.mesh.clouds[cloud]
    frontend_endpoint = here.endpoint(service, "public")
    answering = target.endpoint(service, "public")
    assert frontend_endpoint is not None
    assert answering is not None
    links = Links(world.mesh, frontend_endpoint, answering, world.host)
    with closing(connection_to(world)) as connection:
        for host, path in product(HOSTS, PATHS):
            said = host(world) + path
            expected = dict(links.headers((("location", said), ("content-location", said))))
            for how in ("plain", "oddly") if path == "/image" else ("plain",):
                # HAProxy asks the bridge for no WebSocket, whatever its answer.
                headers = {**scope_of(service, cloud, how), "X-Say": said, **dict(WEBSOCKET)}
                got = ask_on(connection, world, "GET", f"{PREFIXES[service]}/v1/location", headers)
                assert {name: got.headers.get(name) for name in expected} == expected, (said, how)
                assert ("content-location" in got.headers) == ("content-location" in expected), (said, how)
                # The bridge has a list lead to lists alone.
                head = Head("GET" if how == "oddly" else "HEAD", Listener("gw", 1), f"{PREFIXES[service]}/v1/redirect", None, ())
                astray = links.astray(302, head, (("location", said),))
                got = ask_on(connection, world, "GET", f"{PREFIXES[service]}/v1/redirect", headers)
                assert got.status == (502 if astray else 302), (said, how)


def test_head_of_a_document_says_no_length_that_would_be_wrong(world: World) -> None:
    got = ask(world, "HEAD", "/compute/v2.1/servers", scope_of("compute", "Ports"))
    assert (got.status, got.headers["etag"], got.body) == (200, 'W/"7"', b"")
    assert "content-length" not in got.headers
    assert "content-md5" not in got.headers


def test_headers_about_the_bytes_are_dropped_when_a_document_changes(world: World) -> None:
    changed = ask(world, "GET", "/compute/v2.1/servers", scope_of("compute", "Ports"))
    assert changed.headers["etag"] == 'W/"7"'
    assert "content-md5" not in changed.headers
    same = ask(world, "GET", "/compute/v2.1/servers?marker=9", scope_of("compute", "Ports"))
    assert (same.headers["etag"], same.headers["content-md5"]) == ('"7"', "y")


@pytest.mark.parametrize(("what", "words"), [("huge", "larger than 33554432 bytes"), ("packed", "compressed")])
def test_a_document_that_cannot_be_mended_is_refused_by_name(what: str, words: str, world: World) -> None:
    got = ask(world, "GET", f"/compute/v2.1/{what}", scope_of("compute", "Ports"))
    at = world.mesh.clouds["Ports"].endpoint("compute", "public")
    assert at is not None
    message = got.json()["error"]["message"]
    assert got.status == 502
    assert message.startswith(f"gateway of Home: compute of Ports at {at.frontend.root()}: its answer is ")
    assert words in message


def test_a_client_cannot_tell_a_backend_its_prefix(world: World) -> None:
    got = ask(world, "GET", "/networking/v2.0/a/b", {"X-Auth-Token": "tok", "X-Forwarded-Prefix": "/evil"})
    assert urlsplit(got.json()["links"][0]["href"]).path == "/networking/v2.0/a/b"
