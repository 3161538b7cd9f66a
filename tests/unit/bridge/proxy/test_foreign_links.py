# SPDX-License-Identifier: Apache-2.0
"""A peer's links to other hosts than this cloud's frontends are removed: a client would send its token there."""

import json

import pytest

from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.links import Links
from openstackoid.mesh import Listener, parse_mesh

MESH = parse_mesh("""
mesh: 1
clouds:
  One:
    services:
      compute: {frontend: "http://gw:8801/compute"}
      image: {frontend: "http://gw:8801/image"}
      block-storage: {frontend: "http://volumes:8776"}
  Two:
    services:
      compute: {frontend: "http://peer:8801/compute"}
      image: {frontend: "http://peer:8801/image"}
      block-storage: {frontend: "http://peer:8776"}
      dns: {frontend: "http://peer:9001"}
  Three:
    services:
      compute: {frontend: "http://third:8801/compute"}
  Secure:
    gateway: {tls: {certificate: /c, authority: /a}}
    services:
      compute: {frontend: {public: "https://safe/compute", internal: "http://inner/compute"}}
""")


def links(service: str = "compute", of: str = "Two", at: str = "One", interface: str = "public") -> Links:
    ours, theirs = MESH.clouds[at].endpoint(service, interface), MESH.clouds[of].endpoint(service, "public")
    assert ours is not None
    assert theirs is not None
    return Links(MESH, ours, theirs, {"One": "gw:8801"}.get(at))


FOREIGN = [
    "http://evil.example/v2.1/",
    "https://evil.example/v2.1/",
    "HTTP://evil.example/",
    "//evil.example/",
    "\thttp://evil.example/",
    " //evil.example",
    "/\t/evil.example",
    "\\\\evil.example\\v2",
    "http:\\\\evil.example",
    "http:evil.example",
    "ftp://evil.example/",
    "http://gw:8801@evil.example/compute",
    "http://gw:8801\\@evil.example/compute",
    "http://user@gw:8801/compute",
    "http://gw:88010/compute",
    "http://peer:9001/v2",
    "http://third:8801/compute/v2.1",
    "\u00a0http://evil.example/",
]
KEPT = [
    ("http://peer:8801/compute/v2.1", "http://gw:8801/compute/v2.1"),
    ("/v2.1/", "/v2.1/"),
    ("v2.1/", "v2.1/"),
    ("", ""),
    ("2013-07-23T11:33:21Z", "2013-07-23T11:33:21Z"),
    ("application/vnd.openstack.compute+json;version=2.1", "application/vnd.openstack.compute+json;version=2.1"),
    ("CURRENT", "CURRENT"),
    ("/v2.1/servers/{server_id}", "/v2.1/servers/{server_id}"),
]
ASIDE = [
    "http://gw:8801/image/images/i",
    "http://volumes:8776/v3",
    "https://gw:8801/compute/v2.1/",
    "/image/v2/images",
]
"""Links to other places of this cloud, whose answers nobody reads."""
UNREAD = [
    "http://gw:8801/compute/v2.1/servers/7",
    "http://peer:8801/compute/v2.1/servers/7",
    "http://gw:8801/compute/v2.1/things/16a6b227147f4a81a02dc908e3155304",
    "http://gw:8801/compute/v2.1/../compute/v2.1/servers",
    "http://gw:8801/compute/v2.1/servers/%37",
    "/v2.1/servers/7",
    "/compute/v2.1/servers/7",
    "servers/7",
    "7",
]
"""Links to an answer of the service that HAProxy passes alone, or that a client may ask for otherwise."""


@pytest.mark.parametrize("link", FOREIGN)
def test_a_link_to_another_host_goes(link: str) -> None:
    listed = {"rel": "self", "href": link}
    version = {"versions": [{"id": "v2.1", "links": [listed, {"rel": "self", "href": "/v2.1/"}]}]}
    assert links().rewritten(version, whole=True)["versions"][0]["links"] == [{"rel": "self", "href": "/v2.1/"}]
    assert links().rewritten({"servers": [], "servers_links": [listed], "next": link}, whole=False) == {
        "servers": [],
        "servers_links": [],
    }


@pytest.mark.parametrize(("link", "becomes"), KEPT)
def test_a_link_to_a_frontend_of_this_cloud_and_a_path_stay(link: str, becomes: str) -> None:
    assert links().rewritten({"links": [link]}, whole=True) == {"links": [becomes]}


@pytest.mark.parametrize("link", [*ASIDE, *UNREAD])
def test_no_version_or_next_page_is_at_an_answer_that_is_not_read(link: str) -> None:
    listed = [{"rel": "next", "href": link}]
    assert links().followed({"servers": [], "servers_links": listed, "next": link}, whole=False) == {
        "servers": [],
        "servers_links": [],
    }
    assert links().followed({"version": {"links": listed}}, whole=True) == {"version": {"links": []}}


@pytest.mark.parametrize("link", ["/v?x=/servers/7", "/v9/7", "/v2", "/v/7", "/v//evil.example/servers", "/v2.1//evil/servers"])
def test_no_next_page_is_at_an_unread_answer_once_openstacksdk_has_cut_its_link(link: str) -> None:
    listed = [{"rel": "next", "href": link}]
    assert links().followed({"servers": [], "servers_links": listed, "next": link}, whole=False) == {
        "servers": [],
        "servers_links": [],
    }


@pytest.mark.parametrize("link", [*ASIDE[:2], *UNREAD])
def test_an_item_may_name_any_place_of_this_cloud(link: str) -> None:
    item = {"links": [{"rel": "self", "href": link.replace("peer", "gw")}]}
    assert links().followed({"servers": [item], "server": item}, whole=False) == {"servers": [item], "server": item}


@pytest.mark.parametrize("link", ["/v2.1/?x=1", "/v2.1/#x", "http://gw:8801/compute/v2.1/x?y="])
def test_clients_add_paths_to_a_version_so_its_link_has_no_query(link: str) -> None:
    assert links().followed({"version": {"links": [{"href": link}]}}, whole=True) == {"version": {"links": []}}


@pytest.mark.parametrize("link", ["http://gw:8801/compute/v2.1/servers?marker=7#x", "/v2.1/servers/detail?marker=7", "?marker=7"])
def test_a_next_page_of_the_list_stays(link: str) -> None:
    assert links().followed({"next": link}, whole=False) == {"next": link}


@pytest.mark.parametrize("odd", ["7#", "7?", "7/../8", "7\\8"])
def test_no_item_has_an_id_that_leads_to_another_path(odd: str) -> None:
    for name in ("id", "uuid", "stack_name"):
        listed = {"servers": [{name: odd, "name": odd}, {name: "7", "name": odd}]}
        read = json.loads(links().strict_document(json.dumps(listed).encode(), whole=False))
        assert read == {"servers": listed["servers"][1:]}
    with pytest.raises(ValueError, match="an id would lead to another path"):
        links().strict_document(json.dumps({"server": {"id": odd}}).encode(), whole=False)


@pytest.mark.parametrize(
    ("asked", "told", "astray"),
    [
        ("/compute/v2.1/servers", "/compute/v2.1/servers/7", True),
        ("/compute/v2.1/servers", "/compute/v2.1/servers/detail?limit=7", False),
        ("/compute/v2.1/servers/7", "/compute/v2.1/servers/8", False),
        ("/compute/", "/compute/v2.1/", False),
        ("/compute/", "/compute/v2.1/servers/7", True),
    ],
)
def test_a_redirect_of_a_list_leads_to_one(asked: str, told: str, astray: bool) -> None:
    head = Head("GET", Listener("gw", 8801), asked, None, ())
    assert links().astray(302, head, (("Location", told),)) == astray


def test_a_service_at_home_may_name_any_place() -> None:
    assert links(of="One").rewritten({"next": FOREIGN[0]}, whole=False) == {"next": FOREIGN[0]}


def test_a_gateway_with_tls_lets_no_link_lead_to_its_host_without() -> None:
    for host, kept in (("https://safe/other", True), ("http://safe/other", False), ("https://inner/other", True)):
        item = {"links": {"self": host}}
        assert (links(at="Secure").rewritten({"server": item}, whole=False) == {"server": item}) == kept
    item = {"links": {"self": "http://inner/x"}}
    assert links(at="Secure", interface="internal").rewritten({"server": item}, whole=False) == {"server": item}


@pytest.mark.parametrize(
    ("service", "method", "path", "status", "location", "read"),
    [
        ("compute", "GET", "/compute/", 200, False, True),
        ("compute", "GET", "/compute/", 300, True, True),
        ("compute", "GET", "/compute/", 302, False, True),
        ("compute", "GET", "/compute/", 302, True, False),
        ("compute", "GET", "/compute/", 404, False, False),
        ("compute", "GET", "/compute/", 101, False, False),
        ("compute", "GET", "/compute/v2.1/servers", 200, False, True),
        ("compute", "GET", "/compute/v2.1/servers/7", 200, False, False),
        ("compute", "POST", "/compute/v2.1/servers", 202, False, False),
        ("block-storage", "GET", "/v3/p/volumes", 200, False, True),
        ("block-storage", "POST", "/v3/p/volumes", 202, False, False),
        ("image", "GET", "/image/v2/images/i", 200, False, True),
        ("image", "GET", "/image/v2/images/i", 302, False, False),
        ("image", "GET", "/image/", 300, False, True),
    ],
)
def test_what_clients_read_as_json_under_any_type(
    service: str, method: str, path: str, status: int, location: bool, read: bool
) -> None:
    head = Head(method, Listener("gw", 8801), path, None, ())
    headers = (("Location", path),) if location else ()
    assert links(service).must_be_read(head, status, headers) == read
    assert not links(service, of="One").must_be_read(head, status, headers)


def test_a_document_is_written_in_one_way() -> None:
    twice = b'{"volumes_links": [{"rel": "next", "href": "http://evil/"}], "volumes_links": [], "name": "\xc3\xa9"}'
    assert links().strict_document(twice, whole=False) == b'{"volumes_links": [], "name": "\\u00e9"}'
    assert links().strict_document(b" <html>", whole=True) == b" <html>"


@pytest.mark.parametrize(
    "body", [b"{text", b'{"a": "\xff"}', json.dumps({"next": "http://evil/"}).encode("utf-16"), b'{"a": NaN}', b"+AHs-"]
)
def test_a_document_that_may_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        links().strict_document(body, whole=True)
