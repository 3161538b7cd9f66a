# SPDX-License-Identifier: Apache-2.0
"""The answers with links to rewrite, and the meanings of links."""

import pytest

from openstackoid.mesh import Endpoint, parse_mesh
from openstackoid.routing import Request, answers_with_links, own_identity, own_places, peer_places
from openstackoid.routing.links import rewrites_links

MESH = parse_mesh("""
mesh: 1
clouds:
  One:
    services:
      image: {frontend: "http://one/image", backend: "http://b:9292/glance"}
      compute: {frontend: {public: "http://one/compute", internal: "http://inside/compute"}, backend: "http://b:8774"}
      block-storage: {frontend: "http://one/volume", backend: "http://b:8776"}
      identity: {frontend: {public: "http://one/identity", internal: "http://inside/identity"}, backend: "http://b:5000"}
  Ports:
    services:
      image: {frontend: "http://ports:9292"}
      compute: {frontend: "http://ports:8774/v2.1"}
      object-store: {frontend: "http://ports:8080"}
  Plain:
    services:
      compute: {frontend: "http://plain/compute"}
      block-storage: {frontend: "http://plain/volume"}
  Same:
    services:
      image: {frontend: "http://same/image"}
      compute: {frontend: "http://same/compute", links: fixed}
""")

OTHERS = {"compute": "compute", "identity": "identity", "volume": "block-storage"}


def endpoint(cloud: str, service: str, interface: str = "public") -> Endpoint:
    found = MESH.clouds[cloud].endpoint(service, interface)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("cloud", "service", "which"),
    [
        ("One", "compute", None),
        ("Ports", "compute", "all"),
        ("Ports", "image", "images"),
        ("Same", "image", "images"),
        ("One", "image", None),
        ("Plain", "compute", "documents"),
        ("Plain", "block-storage", "documents"),
        ("Same", "compute", "all"),
    ],
)
def test_the_answers_with_links_to_rewrite(cloud: str, service: str, which: str | None) -> None:
    assert answers_with_links(endpoint("One", service), endpoint(cloud, service)) == which


@pytest.mark.parametrize(
    ("service", "method", "path", "headers", "rewritten"),
    [
        ("image", "GET", "/image", (), True),
        ("image", "HEAD", "/image/v2/", (), True),
        ("image", "GET", "/image/versions", (), True),
        ("image", "POST", "/image/v2/images", (), True),
        ("image", "GET", "/image/v2/images/i", (), True),
        ("image", "PUT", "/image/v2/images/i/file", (), False),
        ("image", "GET", "/image/v2/images", (), True),
        ("image", "GET", "/image/v2/images/i/file", (), False),
        ("compute", "DELETE", "/compute/v2.1/servers/1", (), True),
        ("compute", "GET", "/compute/v2.1/console", (("Upgrade", "WebSocket"),), False),
        ("compute", "GET", "/compute/v2.1/console", (("Upgrade", "h2c"),), True),
    ],
)
def test_which_answers(service: str, method: str, path: str, headers: tuple[tuple[str, str], ...], rewritten: bool) -> None:
    here = endpoint("One", service)
    assert rewrites_links(here, endpoint("Ports", service), Request(method, here.listener, path, headers)) == rewritten


@pytest.mark.parametrize(
    ("service", "method", "path", "read"),
    [
        ("compute", "GET", "/compute", True),
        ("compute", "HEAD", "/compute/v2.1/", True),
        ("compute", "POST", "/compute/v2.1/", False),
        ("compute", "GET", "/compute/v2.1/servers", True),
        ("compute", "HEAD", "/compute/v2.1/servers", False),
        ("compute", "GET", "/compute/v2.1/servers/7", False),
        ("block-storage", "GET", "/volume/v3/", True),
        ("block-storage", "GET", "/volume/v3/p/volumes/detail", True),
        ("block-storage", "GET", "/volume/v3/p/volumes/7", False),
    ],
)
def test_of_a_peer_with_the_same_prefixes_documents_and_lists_are_read(service: str, method: str, path: str, read: bool) -> None:
    here = endpoint("One", service)
    request = Request(method, here.listener, path)
    assert rewrites_links(here, endpoint("Plain", service), request) == read
    assert not rewrites_links(here, here, request)


@pytest.mark.parametrize("query", [None, "", "limit=200"])
def test_each_list_of_images_is_read(query: str | None) -> None:
    here = endpoint("One", "image")
    request = Request("GET", here.listener, "/image/v2/images", query=query)
    assert rewrites_links(here, endpoint("Same", "image"), request)
    assert not rewrites_links(here, here, request)


def test_a_scope_in_the_url_has_links_rewritten_at_home_and_images_read_abroad() -> None:
    here = endpoint("One", "image")
    request = Request("GET", here.listener, "/image/v2/images/i")
    assert rewrites_links(here, endpoint("Same", "image"), request, scoped=True)
    assert not rewrites_links(here, here, request, scoped=True)


def test_a_peer_may_name_its_prefix_or_ours_on_the_clients_host() -> None:
    image = endpoint("One", "image")
    assert own_places(MESH.clouds["One"], image, endpoint("Ports", "image")) == {"/image": image, "": image}


def test_at_home_every_frontend_of_the_socket_the_backends_own_path_and_none() -> None:
    image = endpoint("One", "image")
    others = {f"/{path}": endpoint("One", service) for path, service in OTHERS.items()}
    assert own_places(MESH.clouds["One"], image, image) == {"/image": image, "/glance": image, "": image, **others}


def test_a_peers_frontends_are_ours_of_the_same_service_where_there_is_one() -> None:
    image, inside = endpoint("One", "image"), endpoint("One", "compute", "internal")
    places = list(peer_places(MESH.clouds["One"], MESH.clouds["Ports"], "internal"))
    assert places == [("ports:9292", "", image), ("ports:8774", "", inside)]


def test_the_keystone_of_the_interface_that_was_asked() -> None:
    identities = [own_identity(MESH.clouds["One"], endpoint("One", "compute", interface)) for interface in ("public", "internal")]
    assert [found.root() if found else None for found in identities] == ["http://one:80/identity", "http://inside:80/identity"]
    assert own_identity(MESH.clouds["Same"], endpoint("Same", "image")) is None
