# SPDX-License-Identifier: Apache-2.0
"""The links of an answer: rewritten where they are links of ours or the peer's, and nothing else touched."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.proxy.link_positions import USERS_OWN
from openstackoid.bridge.proxy.links import Links
from openstackoid.mesh import parse_mesh
from openstackoid.routing.links import answers_with_links


def links(theirs: str, ours: str, host: str | None = "gw:8801") -> Links:
    """Return the links of an answer of the peer's Glance, whose prefix is ``theirs`` where that of the gateway is ``ours``."""
    mesh = parse_mesh(f"""
mesh: 1
clouds:
  One:
    services:
      image: {{frontend: "http://gw:8801{ours}"}}
      compute: {{frontend: "http://gw:8802/compute"}}
      identity: {{frontend: "http://gw:8801/identity/v3"}}
  Two:
    services:
      image: {{frontend: {{public: "http://peer:9000{theirs}", internal: "http://inside{theirs}"}}}}
      compute: {{frontend: "http://peer:9001/nova"}}
      dns: {{frontend: "http://peer:9002"}}
""")
    frontend_endpoint, target = (mesh.clouds[name].endpoint("image", "public") for name in ("One", "Two"))
    assert frontend_endpoint is not None
    assert target is not None
    return Links(mesh, frontend_endpoint, target, host)


@pytest.mark.parametrize(
    ("theirs", "ours", "before", "after"),
    [
        ("", "/image", "http://gw:8801/v2/", "http://gw:8801/image/v2/"),
        ("", "/image", "http://gw:8801", "http://gw:8801/image"),
        ("", "/image", "http://gw:8801?a=b", "http://gw:8801/image?a=b"),
        ("", "/image", "http://gw:8801/image/v2/", "http://gw:8801/image/v2/"),
        ("/image", "", "http://gw:8801/image/v2/", "http://gw:8801/v2/"),
        ("/image", "", "http://gw:8801/image", "http://gw:8801/"),
        ("/image", "", "/image//evil.example/x", "/evil.example/x"),
        ("/image", "", "http://gw:8801/image//evil.example/x", "http://gw:8801/evil.example/x"),
        ("/image", "/os/image", "http://GW:8801/image/v2/", "http://gw:8801/os/image/v2/"),
        ("/image", "/os/image", "http://gw:8801/imagefoo/v2/", "http://gw:8801/imagefoo/v2/"),
        ("/os/image", "/os", "http://gw:8801/os/image/v2", "http://gw:8801/os/v2"),
        ("/image", "/os/image", "http://peer:9000/image/v2/?a=b", "http://gw:8801/os/image/v2/?a=b"),
        ("/image", "/image", "http://inside/image/v2/", "http://gw:8801/image/v2/"),
        ("/image", "/image", "http://inside:80/image/v2/", "http://gw:8801/image/v2/"),
        ("/image", "/image", "http://peer:9001/nova/v2.1/", "http://gw:8802/compute/v2.1/"),
        ("/image", "/image", "http://peer:9002/v2", "http://peer:9002/v2"),
        ("/image", "/image", "http://peer:9000/other/v2", "http://peer:9000/other/v2"),
        ("", "/image", "http://docs.example.org/v2/", "http://docs.example.org/v2/"),
        ("", "/image", "http://gw:88010/v2/", "http://gw:88010/v2/"),
        ("", "/image", "https://gw:8801/v2/", "https://gw:8801/v2/"),
        ("", "/image", "http://user@gw:8801/v2/", "http://user@gw:8801/v2/"),
        ("", "/image", "http://[gw/v2/", "http://[gw/v2/"),
        ("", "/image", "http:///v2/", "http:///v2/"),
        ("", "/image", "not a link to http://gw.example", "not a link to http://gw.example"),
        ("", "/image", "//gw:8801/v2/", "//gw:8801/v2/"),
    ],
)
def test_a_link_names_the_frontend_of_the_client(theirs: str, ours: str, before: str, after: str) -> None:
    assert links(theirs, ours).link(before) == after


def secure(public: bool = True) -> Links:
    """Return the links of an answer of a peer to a gateway with TLS, asked at its public interface or its internal one."""
    mesh = parse_mesh("""
mesh: 1
clouds:
  One:
    gateway: {tls: {certificate: /c, authority: /a}}
    services:
      image: {frontend: {public: "https://gw/image", internal: "http://inner/image"}}
      compute: {frontend: "https://gw:8802/compute"}
  Two:
    services:
      image: {frontend: "https://peer/image"}
      compute: {frontend: "https://peer:9001/nova"}
""")
    frontend_endpoint = mesh.clouds["One"].endpoint("image", "public" if public else "internal")
    target = mesh.clouds["Two"].endpoint("image", "public")
    assert frontend_endpoint is not None
    assert target is not None
    assert answers_with_links(frontend_endpoint, target) == "images"
    return Links(mesh, frontend_endpoint, target, "gw" if public else "inner")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://gw/image/v2", "https://gw/image/v2"),
        ("https://gw/image/v2", "https://gw/image/v2"),
        ("https://gw:443/image/v2", "https://gw/image/v2"),
        ("http://gw:80/image/v2", "https://gw/image/v2"),
        ("https://peer/image/v2", "https://gw/image/v2"),
        ("http://peer:443/image/v2", "https://gw/image/v2"),
        ("https://peer:9001/nova/v2.1", "https://gw:8802/compute/v2.1"),
        ("https://gw:8443/image/v2", "https://gw:8443/image/v2"),
        ("ftp://gw/image/v2", "ftp://gw/image/v2"),
        ("https://docs.example.org/image", "https://docs.example.org/image"),
    ],
)
def test_a_client_that_speaks_https_is_given_https(before: str, after: str) -> None:
    assert secure().link(before) == after
    rewritten = json.loads(secure().document(json.dumps({"image": {"links": {"self": before}}}).encode()))
    assert rewritten["image"] == {"links": {"self": after} if after.startswith(("https://gw/", "https://gw:8802/")) else {}}


def test_a_client_that_speaks_http_is_given_http() -> None:
    assert secure(public=False).link("https://inner/image/v2") == "http://inner/image/v2"


@pytest.mark.parametrize(
    ("theirs", "ours", "before", "after"),
    [
        ("", "/image", "/v2/", "/image/v2/"),
        ("/image", "", "/image/v2/", "/v2/"),
        ("/image", "", "/image", "/"),
        ("/image", "", "v2/", "v2/"),
        ("", "/image", "", ""),
        ("", "/image", "?a", "?a"),
        ("", "/image", "ftp:/v2/", "ftp:/v2/"),
    ],
)
def test_a_location_may_be_a_path(theirs: str, ours: str, before: str, after: str) -> None:
    assert links(theirs, ours).headers((("Location", before),)) == (("Location", after),)


def test_a_client_that_names_no_host_gets_the_frontend_of_the_mesh() -> None:
    assert links("", "/image", None).link("http://peer:9000/v2") == "http://gw:8801/image/v2"


def test_another_name_of_the_gateway_is_kept() -> None:
    assert links("/a", "/image", "alias:80").link("http://alias/a/v2") == "http://alias:80/image/v2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('Keystone uri="http://peer:5000/v3"', 'Keystone uri="http://gw:8801/identity/v3"'),
        ('Keystone uri="https://elsewhere.example/"', 'Keystone uri="http://gw:8801/identity"'),
        ('Keystone uri="http://peer:5000", x="y"', None),
        ('Basic realm="a"', None),
        ('Swift realm="a"', 'Swift realm="a"'),
    ],
)
def test_the_keystone_of_a_401_is_ours(before: str, after: str | None) -> None:
    kept = () if after is None else (("WWW-Authenticate", after),)
    assert links("", "/image").headers((("WWW-Authenticate", before),)) == kept


def at_home(backend: str) -> Links:
    mesh = parse_mesh(f"""
mesh: 1
clouds:
  One:
    services:
      image: {{frontend: "http://gw/image", backend: "http://b:9292{backend}"}}
      identity: {{frontend: "http://gw/identity", backend: "http://b:5000"}}
""")
    endpoint = mesh.clouds["One"].endpoints[0]
    return Links(mesh, endpoint, endpoint, "gw")


@pytest.mark.parametrize(
    ("backend", "before", "after"),
    [
        ("/image", "http://gw/v2/images/1", "http://gw/image/v2/images/1"),
        ("/image", "http://gw/image/v2/images/1", "http://gw/image/v2/images/1"),
        ("/glance", "http://gw/glance/v2/images/1", "http://gw/image/v2/images/1"),
        ("", "/v2/images/1", "/image/v2/images/1"),
        ("", "http://gw/identity/v3", "http://gw/identity/v3"),
        ("", "http://other/v2", "http://other/v2"),
    ],
)
def test_at_home_a_location_has_its_prefix(backend: str, before: str, after: str) -> None:
    given = (("Location", before), ("Content-Location", before), ("WWW-Authenticate", 'Keystone uri="x"'))
    assert at_home(backend).headers(given) == (("Location", after), *given[1:])


LINK, REWRITTEN = "http://gw:8801/v2", "http://gw:8801/image/v2"


@pytest.mark.parametrize(
    "document",
    [
        {"servers_links": [{"rel": "next", "href": LINK}]},
        {"servers": [{"image": {"links": [{"rel": "bookmark", "href": LINK}]}}]},
        {"users": [{"links": {"self": LINK}}], "links": {"next": LINK, "previous": None}},
        {"next": LINK, "previous": LINK, "first": LINK, "secrets": []},
        {"ports": [{"rel": "self", "href": LINK}, {"rel": "bookmark", "href": LINK}]},
        [{"links": [{"href": LINK}]}],
    ],
)
def test_links_are_rewritten_in_these_positions(document: Any) -> None:
    text = json.dumps(document)
    assert json.loads(links("", "/image").document(text.encode())) == json.loads(text.replace(LINK, REWRITTEN))


@pytest.mark.parametrize(
    "document",
    [
        {"server": {"name": LINK, "metadata": {"links": [LINK], "href": LINK, "rel": "self", "next": LINK}}},
        {"metadata": {"next": LINK, "links": {"self": LINK}}},
        {"server": {"description": LINK, "next": LINK, "self": LINK, "href": LINK}},
        {"links": "text", "first": {"name": LINK}, "self": [LINK]},
        {"images": [{"file": "/v2/images/1/file", "self": "/v2/images/1"}], "next": "/v2/images?marker=1"},
        {"version": {"min": 2, "current": True, "id": None, "media-types": ["application/json"], "links": []}},
        LINK,
        7,
    ],
)
def test_text_outside_these_positions_is_not_rewritten(document: Any) -> None:
    body = json.dumps(document, indent=3).encode()
    assert links("", "/image").document(body) == body


def test_a_version_document_is_links_wherever_they_stand() -> None:
    document = {"v2": {"url": LINK}, "id": "v2.1", "updated": "2013-07-23T11:33:21Z"}
    assert json.loads(links("", "/image").document(json.dumps(document).encode(), whole=True)) == {
        **document,
        "v2": {"url": REWRITTEN},
    }


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[" * 100_000, b'{"links": ["\xff"]}', b'{"next": "%s", "x": 1e999}' % LINK.encode()]
)
def test_a_document_that_cannot_be_rewritten_is_unchanged(body: bytes) -> None:
    assert links("", "/image").document(body) == body


urls = st.sampled_from(
    [LINK, REWRITTEN, "http://gw:8801", "http://peer:9000/v2?x=http://gw:8801/", "/v2", "http://else/v2", "text"]
)
users_texts = st.one_of(urls, st.text(max_size=5))
users_keys = st.sampled_from(["name", "description", "metadata", "href", "url", "note"])
link_values = st.one_of(
    st.lists(st.fixed_dictionaries({"rel": st.just("self"), "href": urls}), max_size=2), st.dictionaries(st.just("next"), urls)
)
things = st.recursive(
    st.dictionaries(users_keys, users_texts, max_size=3),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["server", *USERS_OWN]), inner, max_size=2),
        st.builds(
            lambda thing, found: {**thing, "links": found}, st.dictionaries(users_keys, users_texts, max_size=2), link_values
        ),
    ),
    max_leaves=6,
)


def without_links(value: Any) -> Any:
    """Return the user's own part of a document."""
    match value:
        case dict():
            return {key: item if key in USERS_OWN else without_links(item) for key, item in value.items() if key != "links"}
        case list():
            return [without_links(item) for item in value]
    return value


@given(document=things, theirs=st.sampled_from(["", "/image", "/os/image"]), ours=st.sampled_from(["", "/image", "/os"]))
def test_twice_is_once_and_user_data_is_never_touched(document: Any, theirs: str, ours: str) -> None:
    given_links = links(theirs, ours)
    once = given_links.document(json.dumps(document).encode())
    assert given_links.document(once) == once
    assert without_links(json.loads(once)) == without_links(document)
