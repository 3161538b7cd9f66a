# SPDX-License-Identifier: Apache-2.0
"""No link of a peer leads a client, or a service that acts for it, to another host, with the token of the user."""

import json
from typing import Any

import pytest

from conformance.hostile import ODD, PLAIN, Play, Site
from conformance.hostile_plays import error, json_head, says

WAY = {
    f"{cloud} {way}": headers[cloud]
    for cloud in ("CloudTwo", "CloudThree")
    for way, headers in (("as HAProxy reads it", PLAIN), ("as Python alone reads it", ODD))
}
EVIL = ("http://evil.example/v3", "//evil.example/v3", "HTTPS://evil.example/", "\thttp://evil.example/", "http:\\\\evil.example")
UNREAD = ("7", "http://127.0.0.1/compute/v2.1/servers/7", "/compute/v2.1/servers/7", "servers/7")
"""Links to an answer that HAProxy passes alone. Nobody reads the links in it."""
IMAGE_BYTES = ("/v2/images/i/file", "http://127.0.0.1/image/v2/images/i/file", "/v2/images/../images/i", "/v2/images/%69/file")
DOCUMENTS = ("/compute", "/compute/", "/compute/v2.1/", "/image/versions", "/volume/v3/")
NEXT_PAGES = (
    ("/compute/v2.1/servers/detail", {"servers": [], "servers_links": [{"rel": "next", "href": "EVIL"}]}, ("servers_links",)),
    ("/compute/v2.1/flavors", {"flavors": [], "links": {"next": "EVIL"}}, ("links",)),
    (
        "/compute/v2.1/os-simple-tenant-usage/7",
        {"tenant_usage_links": [{"rel": "next", "href": "EVIL"}]},
        ("tenant_usage_links",),
    ),
    ("/compute/v2.1/other-things/new-name", {"things": [], "next": "EVIL"}, ("next",)),
    ("/identity/v3/users", {"users": [], "links": {"next": "EVIL", "previous": "EVIL"}}, ("links",)),
    ("/image/v2/images", {"images": [], "next": "EVIL", "first": "EVIL"}, ("next", "first")),
)
ALONE = "/volume/v3/p/volumes/16a6b227-147f-4a81-a02d-c908e3155304"
LISTS = ("/volume/v3/p/volumes/detail", "/volume/v3/p/volumes?limit=2", "/volume/v3/p/snapshots/detail", "/volume/v3/p/types")


def document(content: Any, *lines: str, status: str = "200 OK") -> Play:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = json_head(*lines, f"Content-Length: {len(body)}").replace(b"200 OK", status.encode())
    return says(head, body)


def played(site: Site, play: Play) -> None:
    site.plays["two"] = site.plays["three"] = play


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_version_document_names_no_other_host(path: str, way: str, site: Site) -> None:
    """keystoneauth sends the token to what a version's ``href`` names."""
    for status in ("200 OK", "300 Multiple Choices"):
        for evil in (*EVIL, *(() if path.startswith("/image") else UNREAD)):
            links = [{"rel": "self", "href": evil}, {"rel": "self", "href": "/v2.1/"}]
            played(site, document({"versions": [{"id": "v2.1", "links": links}], "url": evil}, status=status))
            answer = site.get(path, WAY[way])
            assert (answer.status, json.loads(answer.body)) == (
                int(status[:3]),
                {"versions": [{"id": "v2.1", "links": links[1:]}]},
            )


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_volumes_has_no_next_page_at_another_host(path: str, way: str, site: Site) -> None:
    """cinderclient, in Nova and Horizon, sends the token to ``next``."""
    for evil in EVIL:
        volume = {"id": "v", "metadata": {"next": evil}, "links": [{"rel": "self", "href": evil}]}
        played(site, document({"volumes": [volume], "volumes_links": [{"rel": "next", "href": evil}]}))
        volume |= {"links": []}
        assert json.loads(site.get(path, WAY[way]).body) == {"volumes": [volume], "volumes_links": []}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize(("path", "page", "names"), NEXT_PAGES, ids=lambda value: value if isinstance(value, str) else "")
def test_no_list_has_its_next_page_at_another_host(
    path: str, page: dict[str, Any], names: tuple[str, ...], way: str, site: Site
) -> None:
    """openstacksdk and gophercloud send the token to ``next``, and services that use openstacksdk their own."""
    stays = ',"identity":"CloudOne"'
    for evil in (*EVIL, *(IMAGE_BYTES if path.startswith("/image") else UNREAD)):
        played(site, document(json.loads(json.dumps(page).replace('"EVIL"', json.dumps(evil)))))
        for _ in range(2):
            found = json.loads(site.get(path, WAY[way].replace(stays, "") if path.startswith("/identity") else WAY[way]).body)
            assert [found.get(name) for name in names if found.get(name)] == []


@pytest.mark.parametrize("way", WAY)
def test_a_next_page_of_the_peer_leads_to_the_frontend_that_was_asked(way: str, site: Site) -> None:
    for port, prefix in (("two", "/volume"), ("three", "/vol")):
        link = f"http://127.0.0.1:{site.ports[port]}{prefix}/v3/p/volumes?marker=v"
        site.plays[port] = document({"volumes": [], "volumes_links": [{"rel": "next", "href": link}]})
    given = json.loads(site.get(LISTS[0], WAY[way]).body)["volumes_links"]
    assert given == [{"rel": "next", "href": "http://127.0.0.1/volume/v3/p/volumes?marker=v"}]


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("path", ["/compute/", LISTS[0]])
@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"{no JSON", ()),
        (b"\x1b no text", ()),
        (json.dumps({"next": EVIL[0]}).encode("utf-16"), ()),
        (b'{"next": "http://evil.example/", "x": NaN}', ()),
        (b'{"next": "http://evil.example/", "x": "\xff"}', ("Content-Type: text/plain",)),
        (b"+AHs-", ("Content-Type: application/json; charset=utf-7",)),
    ],
)
def test_a_document_that_may_be_read_otherwise_is_refused(
    body: bytes, lines: tuple[str, ...], path: str, way: str, site: Site
) -> None:
    head = "\r\n".join(["HTTP/1.1 200 OK", *lines, f"Content-Length: {len(body)}", "", ""])
    played(site, says(head.encode(), body))
    answer = site.get(path, WAY[way])
    assert answer.status == 502
    assert "its answer is not JSON that can be read" in error(answer)


@pytest.mark.parametrize("way", WAY)
def test_of_two_keys_clients_get_one(way: str, site: Site) -> None:
    body = b'{"volumes_links": [{"rel": "next", "href": "http://evil.example/"}], "volumes_links": [], "volumes": []}'
    played(site, document(body))
    assert json.loads(site.get(LISTS[0], WAY[way]).body) == {"volumes_links": [], "volumes": []}
    assert b"evil" not in site.get(LISTS[0], WAY[way]).body


@pytest.mark.parametrize("way", WAY)
def test_the_media_type_of_a_document_has_no_encoding(way: str, site: Site) -> None:
    for given, kept in (("application/json-home; charset=utf-7", "application/json-home"), ("text/x", "application/json")):
        played(site, says(f"HTTP/1.1 200 OK\r\nContent-Type: {given}\r\nContent-Length: 2\r\n\r\n".encode(), b"{}"))
        assert f"Content-Type: {kept}\r\n".lower() in site.get("/compute/", WAY[way]).head.decode().lower()


@pytest.mark.parametrize("way", WAY)
def test_a_page_an_error_and_nothing_pass(way: str, site: Site) -> None:
    for status, body in (("200 OK", b"<html>"), ("404 Not Found", b"none"), ("200 OK", b"")):
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        played(site, says(head.encode(), body))
        answer = site.get("/compute/", WAY[way])
        assert (answer.status, answer.body) == (int(status[:3]), body)
    for body in (b"OK", b"PK\x03\x04\xff", b"-----BEGIN CERTIFICATE-----", b"# YAML"):
        played(
            site,
            says(
                f"HTTP/1.1 200 OK\r\nContent-Type: text/x; charset=cp1026\r\nContent-Length: {len(body)}\r\n\r\n".encode(), body
            ),
        )
        answer = site.get("/compute/healthcheck", WAY[way])
        assert (answer.status, answer.body) == (200, body)
        assert "content-type: text/x; charset=utf-8\r\n" in answer.head.decode().lower()
    links = {"volume": {"links": [{"rel": "self", "href": "/v3/p/volumes/v"}]}}
    played(site, document(links))
    assert json.loads(site.get(ALONE, WAY[way]).body) == links


def test_haproxy_serves_one_volume_alone_and_no_list(site: Site) -> None:
    body = b'{ "volume": {} } '
    played(site, document(body))
    for _ in range(3):
        assert site.get(ALONE, PLAIN["CloudTwo"]).body == body
        assert site.get(LISTS[0], PLAIN["CloudTwo"]).body != body
