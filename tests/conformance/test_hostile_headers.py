# SPDX-License-Identifier: Apache-2.0
"""Headers by which only a proxy or a gateway says something: a client's own reach no service and no peer, in any spelling."""

from collections.abc import Iterator

import pytest

from conformance.hostile import ODD, PLAIN, Site, hostile_site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with hostile_site() as running:
        yield running


HOP_HEADERS = "X-Openstackoid-Listener: 127.0.0.1:1\r\nX-Openstackoid-Listener: evil:2\r\nX-Openstackoid_Listener: evil:3\r\n"


def test_a_client_cannot_tell_the_bridge_where_it_came_in(site: Site) -> None:
    answer = site.get("/image/v2/images/a/file", ODD["CloudTwo"] + HOP_HEADERS)
    assert answer.body == b"two /image/v2/images/a/file"
    assert site.arrived[0].values("x-openstackoid-listener") == []


@pytest.mark.parametrize("scope", ["", ODD["CloudOne"]], ids=["by HAProxy", "by the bridge"])
def test_a_client_cannot_tell_a_service_how_it_is_reached(scope: str, site: Site) -> None:
    claims = "Forwarded: host=evil;proto=gopher\r\nX-Forwarded-Host: evil\r\nX-Forwarded-For: 192.0.2.1\r\n"
    assert site.get("/image/v2/images/a/file", scope + claims).body == b"image /image/v2/images/a/file"
    names = ("forwarded", "x-forwarded-host", "x-forwarded-for")
    assert [site.arrived[0].values(name) for name in names] == [[], [], ["127.0.0.1"]]


@pytest.mark.parametrize("scope", ["", ODD["CloudOne"]], ids=["by HAProxy", "by the bridge"])
@pytest.mark.parametrize("family", ["Host", "Port", "Prefix", "Scheme", "Server"])
def test_no_spelling_of_a_proxys_header_reaches_a_service(family: str, scope: str, site: Site) -> None:
    """A WSGI server reads ``X_Forwarded-Host`` as ``X-Forwarded-Host``: PEP 3333 gives both one name."""
    spellings = [f"X{one}Forwarded{other}{family}" for one in "-_" for other in "-_"]
    for spelling in (*spellings, *map(str.upper, spellings), *map(str.lower, spellings)):
        assert (
            site.get("/image/v2/images/a/file", f"{scope}{spelling}: evil.example\r\n").body == b"image /image/v2/images/a/file"
        )
        assert b"evil.example" not in site.arrived[0].head, spelling


@pytest.mark.parametrize("scope", ["", ODD["CloudOne"], PLAIN["CloudTwo"]], ids=["by HAProxy", "by the bridge", "to a peer"])
@pytest.mark.parametrize("name", ["X-Cluster-Client-Ip", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "X-Forwarded-Ssl"])
def test_a_client_brings_no_address_in_another_header_in_any_spelling(name: str, scope: str, site: Site) -> None:
    """Swift takes ``X-Cluster-Client-Ip`` before ``X-Forwarded-For``."""
    first, _, rest = name.partition("-")
    for spelling in {name, name.lower(), f"{first}_{rest}", name.replace("-", "_"), name.upper().replace("-", "_")}:
        answer = site.get("/image/v2/images/a/file", f"{scope}{spelling}: 192.0.2.9\r\n")
        assert answer.status == 200
        assert b"192.0.2.9" not in site.arrived[0].head, spelling


def test_an_underscore_brings_no_source_or_scheme(site: Site) -> None:
    assert (
        site.get("/image/v2/images/a/file", "X_Forwarded_For: 192.0.2.9\r\nX_Forwarded-Proto: gopher\r\n").body
        == b"image /image/v2/images/a/file"
    )
    assert b"192.0.2.9" not in site.arrived[0].head
    assert b"gopher" not in site.arrived[0].head


@pytest.mark.parametrize("headers", [PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["by HAProxy", "by the bridge"])
def test_a_peer_gets_the_name_of_the_sender_in_via(headers: str, site: Site) -> None:
    assert site.get("/image/v2/images/a/file", headers).body == b"two /image/v2/images/a/file"
    assert site.arrived[0].values("via") == ["1.1 CloudOne (openstackoid)"]
    assert site.get("/image/v2/images/a/file", headers + "Via: 1.0 fred\r\n").status == 200
    assert ", ".join(site.arrived[0].values("via")) == "1.0 fred, 1.1 CloudOne (openstackoid)"
    assert site.get("/image/v2/images/a/file").body == b"image /image/v2/images/a/file"
    assert site.arrived[0].values("via") == []
