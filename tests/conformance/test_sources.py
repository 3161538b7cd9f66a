# SPDX-License-Identifier: Apache-2.0
"""Services are told the address of the client, by HAProxy and by the Python service alike; peers are not."""

import re
from collections.abc import Iterator

import pytest

from conformance.hostile import ODD, PLAIN, Site, from_address, hostile_site
from waiting import until

CLIENT, PROXY, OTHER_PROXY, FAR = "127.0.0.5", "127.0.0.9", "127.0.0.10", "198.51.100.7"
HOME = pytest.mark.parametrize("scope", ["", ODD["CloudOne"]], ids=["by HAProxy", "by the bridge"])
ABROAD = pytest.mark.parametrize("scope", [PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["by HAProxy", "by the bridge"])
PREAMBLE = f"PROXY TCP4 {FAR} 127.0.0.1 4321 80\r\n"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with hostile_site(audited=True) as running:
        yield running


@pytest.fixture(scope="module")
def behind() -> Iterator[Site]:
    """A gateway behind two proxies that speak HTTP."""
    with hostile_site(gateway=f"trusted_proxies: [{PROXY}, {OTHER_PROXY}/32, '::1']", audited=True) as running:
        yield running


def get(headers: str = "", path: str = "/image/v2/images/a/file") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: h\r\n{headers}Connection: close\r\n\r\n".encode()


def told(site: Site, address: str, request: bytes, port: str = "gate") -> list[str]:
    """Return the addresses that the service was told."""
    site.arrived.clear()
    assert from_address(site, address, request, port).statuses == [200]
    return site.arrived[0].values("x-forwarded-for")


@HOME
@pytest.mark.parametrize(
    "said", ["", "X-Forwarded-For: 192.0.2.1\r\n", "x-FORWARDED-for: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n"]
)
def test_a_service_is_told_the_address_of_the_client(said: str, scope: str, site: Site) -> None:
    assert told(site, CLIENT, get(scope + said)) == [CLIENT]


@HOME
def test_no_spelling_brings_another_address(scope: str, site: Site) -> None:
    spellings = [f"X{one}Forwarded{other}For" for one in "-_" for other in "-_"]
    for spelling in (*spellings, *map(str.upper, spellings), *map(str.lower, spellings)):
        assert told(site, CLIENT, get(f"{scope}{spelling}: 192.0.2.1\r\n")) == [CLIENT]
        assert b"192.0.2.1" not in site.arrived[0].head, spelling


@ABROAD
def test_a_peer_is_told_no_address_of_a_client(scope: str, site: Site) -> None:
    said = "".join(f"{name}: 192.0.2.1\r\n" for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X_Forwarded_For"))
    site.arrived.clear()
    assert from_address(site, CLIENT, get(scope + said)).statuses == [200]
    assert site.arrived[0].server == "two"
    head = site.arrived[0].head.lower()
    assert not any(word in head for word in (b"192.0.2.1", CLIENT.encode(), b"forwarded"))


def test_the_log_has_the_address_of_the_client(site: Site) -> None:
    from_address(site, CLIENT, get(path="/image/logged"))
    log = site.audit_log.with_name("bridge.log")
    until(lambda: re.search(rf" haproxy {CLIENT} GET /image/logged ".encode(), log.read_bytes()) is not None)


@ABROAD
def test_the_audit_line_of_a_request_that_left_has_the_address_of_the_client(scope: str, site: Site) -> None:
    from_address(site, CLIENT, get(scope, "/image/v2/left"))
    until(lambda: (CLIENT, "/image/v2/left") in [(line["source"], line["path"]) for line in site.audited()])
    site.audit_log.write_text("")


@HOME
@pytest.mark.parametrize(
    ("said", "source"),
    [
        (f"X-Forwarded-For: {FAR}\r\n", FAR),
        (f"X-Forwarded-For: 192.0.2.1, {FAR}\r\n", FAR),
        (f"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: {FAR}\r\n", FAR),
        (f"X-Forwarded-For: 192.0.2.1, {FAR}, {OTHER_PROXY}\r\n", FAR),
        (f"X-Forwarded-For: {FAR}, ::1\r\n", FAR),
        ("X-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7"),
        (f"X-Forwarded-For: {FAR}, unknown\r\n", PROXY),
        (f"X_Forwarded_For: {FAR}\r\n", PROXY),
        (f"Forwarded: for={FAR}\r\n", PROXY),
        ("", PROXY),
    ],
)
def test_of_trusted_proxies_the_last_address_that_is_not_theirs_is_believed(
    said: str, source: str, scope: str, behind: Site
) -> None:
    assert told(behind, PROXY, get(scope + said)) == [source]


@HOME
def test_of_others_nothing_is_believed(scope: str, behind: Site) -> None:
    assert told(behind, CLIENT, get(f"{scope}X-Forwarded-For: {FAR}, {PROXY}\r\n")) == [CLIENT]


def test_each_request_of_a_proxys_connection_has_its_own_address(behind: Site) -> None:
    first = get(f"X-Forwarded-For: {FAR}\r\n").replace(b"Connection: close\r\n", b"")
    behind.arrived.clear()
    assert from_address(behind, PROXY, first + get()).statuses == [200, 200]
    assert [request.values("x-forwarded-for") for request in behind.arrived] == [[FAR], [PROXY]]


def test_the_log_has_the_address_that_a_proxy_forwards(behind: Site) -> None:
    from_address(behind, PROXY, get(f"X-Forwarded-For: {FAR}\r\n", "/image/forwarded"))
    log = behind.audit_log.with_name("bridge.log")
    until(lambda: f" haproxy {FAR} GET /image/forwarded ".encode() in log.read_bytes())


def test_the_proxy_protocol_is_spoken_by_trusted_proxies_alone_and_where_it_is_set() -> None:
    with hostile_site(gateway=f"trusted_proxies: [{PROXY}]\nproxy_protocol: ['127.0.0.1:{{roots}}']") as site:
        inside = get(path="/compute/a")
        assert told(site, PROXY, PREAMBLE.encode() + inside, "roots") == [FAR]
        assert told(site, CLIENT, inside, "roots") == [CLIENT]
        assert told(site, PROXY, inside, "gate") == [PROXY]
        site.arrived.clear()
        for address, port in ((CLIENT, "roots"), (PROXY, "gate")):
            got = from_address(site, address, PREAMBLE.encode() + inside, port)
            assert (got.statuses, got.ended) == ([400], True)
        assert site.arrived == []


def test_all_addresses_of_an_ipv6_network_are_one_source() -> None:
    """One client has 2**64 of them. An IPv4 address that is written as IPv6 stays one of its own."""
    with hostile_site("{source_requests: 1}", gateway=f"trusted_proxies: [{PROXY}]") as site:

        def statuses(form: str) -> list[int]:
            asked = (get(f"X-Forwarded-For: {form.format(number)}\r\n") for number in range(1, 16))
            return [from_address(site, PROXY, request).statuses[0] for request in asked]

        assert statuses("2001:db8::{}") == [200] * 10 + [429] * 5
        assert statuses("2001:db8:0:{}::1") == [200] * 15
        assert statuses("::ffff:192.0.2.{}") == [200] * 15
