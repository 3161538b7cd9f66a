# SPDX-License-Identifier: Apache-2.0
"""A peer's image service names no place that services here would follow: drivers clone any volume that an image names."""

import gzip
import json
from typing import Any

import pytest

from conformance.hostile import ODD, PLAIN, Answer, Play, Site
from conformance.hostile_plays import error, json_head, says

PLACE = "rbd://fsid/pool/another-project/snap"
IMAGE = {
    "id": "i",
    "name": "fedora",
    "direct_url": PLACE,
    "locations": [{"url": PLACE, "metadata": {}}],
    "Direct_url": "a property of the user",
    "tags": ["locations"],
    "schema": "/v2/schemas/image",
}
KEPT = {"id": "i", "name": "fedora", "Direct_url": "a property of the user", "tags": ["locations"], "schema": "/v2/schemas/image"}
WAY = {
    f"{cloud} {way}": headers[cloud]
    for cloud in ("CloudTwo", "CloudThree")
    for way, headers in (("as HAProxy reads it", PLAIN), ("as Python alone reads it", ODD))
}
ONE = "/image/v2/images/i"


def document(content: Any, *lines: str) -> Play:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return says(json_head(*lines, f"Content-Length: {len(body)}"), body)


def played(site: Site, play: Play) -> None:
    site.plays["two"] = site.plays["three"] = play


@pytest.mark.parametrize("way", WAY)
def test_an_image_hides_its_location(way: str, site: Site) -> None:
    played(site, document(IMAGE))
    answer = site.get(ONE, WAY[way])
    assert (answer.status, json.loads(answer.body)) == (200, KEPT)


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/image/v2/images", 201), ("PATCH", ONE, 200)])
def test_the_answer_to_its_creation_or_change_hides_the_location(
    method: str, path: str, status: int, way: str, site: Site
) -> None:
    body = json.dumps(IMAGE).encode()
    head = f"HTTP/1.1 {status} Done\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    played(site, says(head.encode(), body))
    got = site.send(f"{method} {path} HTTP/1.1\r\nHost: h\r\n{WAY[way]}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}")
    assert (got.statuses, json.loads(got.answers[0].body)) == ([status], KEPT)


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("lines", [(), ("Location: /image/v2/images/i/file",), ("Location: http://127.0.0.1/image/v2/info",)])
@pytest.mark.parametrize("path", [ONE, "/image/v2/images?limit=2", "/image/v2/schemas/image"])
def test_no_redirect_without_a_readable_location_is_followed(path: str, lines: tuple[str, ...], way: str, site: Site) -> None:
    """glanceclient takes the body of a redirect without ``Location`` for the answer."""
    body = json.dumps(IMAGE).encode()
    head = "\r\n".join(["HTTP/1.1 302 Found", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines, "", ""])
    played(site, says(head.encode(), body))
    answer = site.get(path, WAY[way])
    assert answer.status == 502
    assert "rbd" not in answer.body.decode()


@pytest.mark.parametrize("way", WAY)
def test_nor_does_a_page_of_the_list_or_the_list_of_locations(way: str, site: Site) -> None:
    played(site, document({"images": [IMAGE, IMAGE]}))
    assert json.loads(site.get("/image/v2/images?limit=2", WAY[way]).body) == {"images": [KEPT, KEPT]}
    played(site, document([{"url": PLACE, "metadata": {}}]))
    assert json.loads(site.get(f"{ONE}/locations", WAY[way]).body) == []


@pytest.mark.parametrize("way", WAY)
def test_the_next_page_is_one_of_the_same_service(way: str, site: Site) -> None:
    """glanceclient, in Nova and Cinder too, asks the host that it names, with the user's token."""
    astray = ["http://127.0.0.1:9/", "//127.0.0.1:9/", "HTTP://evil", "http:\\\\evil", "/../identity/v3", "/v2/..\\x", ["/v2"], 1]
    for link in [*astray, "\thttp://evil/", "http://127.0.0.1/compute/v2.1/servers"]:
        played(site, document({"images": [], "next": link}))
        assert json.loads(site.get("/image/v2/images?limit=2", WAY[way]).body) == {"images": []}, link
    for link in ("/v2/images?limit=2&marker=i", "http://127.0.0.1/image/v2/images?marker=i", None):
        played(site, document({"images": [], "next": link}))
        assert json.loads(site.get("/image/v2/images?limit=2", WAY[way]).body) == {"images": [], "next": link}


@pytest.mark.parametrize("way", WAY)
def test_a_schema_names_no_other_document(way: str, site: Site) -> None:
    """A validator of JSON schemas fetches what ``$ref`` names, from any host."""
    evil = {"$ref": "http://127.0.0.1:9/latest", "type": "string"}
    schema = {"$schema": "http://evil/", "$id": "http://evil/", "properties": {"name": evil, "min": {"$ref": "#/definitions/x"}}}
    played(site, document(schema | {"allOf": [evil]}))
    answer = site.get("/image/v2/schemas/image", WAY[way])
    string = {"type": "string"}
    assert json.loads(answer.body) == {
        "properties": {"name": string, "min": {"$ref": "#/definitions/x"}},
        "allOf": [string],
    }


SAME = f'"direct_url": "{PLACE}"'
SPELLED: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "escaped": (SAME.replace("d", "\\u0064", 1).encode(), ()),
    "twice": (f'{SAME}, "direct_url": null, {SAME}'.encode(), ()),
    "with space": (f"\r\n\t {SAME.replace(':', ' : ', 1)}".encode(), ()),
    "as text": (SAME.encode(), ("Content-Type: text/plain",)),
    "as bytes": (SAME.encode(), ("Content-Type: application/octet-stream",)),
    "of no type": (SAME.encode(), ("Content-Type: ",)),
    "in UTF-7, to who reads what the type says": (
        SAME.replace("_", "+AF8-").encode(),
        ("Content-Type: application/json; charset=utf-7",),
    ),
    "in two codings that are none": (SAME.encode(), ("Content-Encoding: identity", "Content-Encoding: identity")),
}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("name", SPELLED)
def test_no_spelling_hides_a_place(name: str, way: str, site: Site) -> None:
    entry, lines = SPELLED[name]
    body = b'{"id": "i", ' + entry + b"}"
    kinds = [line for line in lines if line.startswith("Content-Type")] or ["Content-Type: application/json"]
    others = [line for line in lines if not line.startswith("Content-Type")]
    head = "\r\n".join(["HTTP/1.1 200 OK", *kinds, *others, f"Content-Length: {len(body)}", "", ""])
    played(site, says(head.encode(), body))
    answer = site.get(ONE, WAY[way])
    assert answer.status == 200
    assert values(answer, "content-type") == ["application/json"]
    assert "direct_url" not in json.loads(answer.body)
    assert answer.body.isascii()
    assert values(answer, "content-encoding") == []


UNREADABLE: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "no JSON": (b"<xml/>", ()),
    "two documents": (b'{"id": "i"}{}', ()),
    "another encoding": (json.dumps(IMAGE).encode("utf-16"), ()),
    "an encoding that is broken": (b'{"a": "\xff"}', ()),
    "no number": (b'{"a": NaN}', ()),
    "a number without measure": (b'{"a": 1e999}', ()),
    "a number that nobody reads": (b'{"a": ' + b"1" * 5000 + b"}", ()),
    "nested deeply": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, ()),
    "packed": (gzip.compress(json.dumps(IMAGE).encode()), ("Content-Encoding: gzip",)),
    "packed twice": (gzip.compress(json.dumps(IMAGE).encode()), ("Content-Encoding: identity", "Content-Encoding: gzip")),
    "packed, in one line": (gzip.compress(json.dumps(IMAGE).encode()), ("Content-Encoding: identity, gzip",)),
}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_answer_that_cannot_be_read_is_refused_by_name(name: str, way: str, site: Site) -> None:
    body, lines = UNREADABLE[name]
    played(site, document(body, *lines))
    answer = site.get(ONE, WAY[way])
    assert answer.status == 502
    cloud = way.partition(" ")[0]
    assert error(answer).startswith(f"gateway of CloudOne: image of {cloud} at ")
    assert "its answer is " in error(answer)


@pytest.mark.parametrize("way", WAY)
def test_a_part_of_an_image_document_is_read_too(way: str, site: Site) -> None:
    body = json.dumps(IMAGE).encode()
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-{len(body) - 1}/9999\r\nContent-Length: {len(body)}\r\n\r\n"
    played(site, says(head.encode(), body))
    assert json.loads(site.get(ONE, WAY[way]).body) == KEPT


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize(
    "path",
    [f"{ONE}?x=/file", "/image/v2/images?", "/image/v2.17/images/i", "/image/v2/images/i/", "/image/v2//images/i"],
)
def test_no_spelling_of_the_path_hides_a_place(path: str, way: str, site: Site) -> None:
    played(site, document(IMAGE))
    assert json.loads(site.get(path, WAY[way]).body) == KEPT


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("path", [f"{ONE}/file", f"{ONE}/file?prefer=a", f"{ONE}/stage"])
def test_the_bytes_of_an_image_are_its_own(path: str, way: str, site: Site) -> None:
    body = json.dumps(IMAGE).encode()
    played(site, document(body))
    assert site.get(path, WAY[way]).body == body


def test_haproxy_serves_bytes_alone_also_when_it_has_learnt_the_scope(site: Site) -> None:
    body = b"{ } "
    played(site, document(body))
    for _ in range(3):
        assert site.get(f"{ONE}/file", PLAIN["CloudTwo"]).body == body
        assert site.get("/image/v2/images", PLAIN["CloudTwo"]).body == b"{}"
        assert site.get(ONE, PLAIN["CloudTwo"]).body == b"{}"


@pytest.mark.parametrize("way", WAY)
def test_an_error_and_an_empty_success_pass(way: str, site: Site) -> None:
    played(site, says(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"))
    assert (site.get(ONE, WAY[way]).status, site.get(ONE, WAY[way]).body) == (404, b"<html>")
    for status in (202, 204):
        length = "" if status == 204 else "Content-Length: 0\r\n"
        played(site, says(f"HTTP/1.1 {status} Done\r\n{length}\r\n".encode()))
        assert site.get(ONE, WAY[way]).status == status


def values(answer: Answer, name: str) -> list[str]:
    pairs = [line.partition(":") for line in answer.head.decode().split("\r\n")[1:]]
    return [value.strip() for key, _, value in pairs if key.lower() == name]
