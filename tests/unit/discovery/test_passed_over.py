# SPDX-License-Identifier: Apache-2.0
"""Sockets and backends of a frontend that no URL of the catalog has: a gateway in its place does not serve them."""

from collections.abc import Mapping

import pytest

from openstackoid.discovery.backends import Found, find_backends
from openstackoid.discovery.catalog import Row
from openstackoid.discovery.haproxy_configuration import parse_configuration
from openstackoid.discovery.passed_over import with_passed_over

NO_URL = "; no URL of the catalog leads there: what reached this backend gets the gateway's answers"
NO_ADDRESS = "; no URL of the catalog is at this address: the gateway does not listen there"
BACKENDS = "".join(f"backend {name}\n server a 10.0.0.1:9292\n" for name in ("b", "c")) + "backend empty\n"


def comments(front: str, *urls: str, maps: Mapping[str, str] | None = None) -> list[list[str]]:
    """Return the comments at each service whose servers were found; the frontend's lines begin at f.cfg:2."""
    rows = [Row(f"s{number}", "public", url, "RegionOne") for number, url in enumerate(urls)]
    configuration = parse_configuration({"f.cfg": f"frontend f\n{front}\n{BACKENDS}"})
    found = {row: find_backends(configuration, row, {}, maps or {}) for row in rows}
    behind = with_passed_over(found, maps or {})
    return [[loss.comment for loss in each.losses] for each in behind.values() if isinstance(each, Found)]


def test_a_backend_below_the_path_of_a_service_is_named() -> None:
    front = "bind :80\nuse_backend c if { path_beg /image/metrics }\ndefault_backend b"
    said = "not carried over: use_backend c if { path_beg /image/metrics } (f.cfg:3)"
    assert comments(front, "http://h/image") == [[said + NO_URL]]


def test_a_backend_that_a_service_of_the_catalog_has_is_not() -> None:
    front = "bind :80\nuse_backend c if { path_beg /image }\ndefault_backend b"
    assert comments(front, "http://h/image", "http://h/compute") == [[], []]


@pytest.mark.parametrize("to", ["use_backend empty", "use_backend gone"])
def test_nor_is_one_whose_servers_were_not_found(to: str) -> None:
    front = f"bind :80,:81\n{to} if {{ path_beg /compute }}\n{to} if {{ path_beg /volume }}\ndefault_backend b"
    said = f"not carried over: {to} if {{ path_beg /volume }} (f.cfg:4)"
    assert comments(front, "http://h/image", "http://h:81/compute") == [[said + NO_URL]]
    assert comments(
        "bind :80\nuse_backend b if { path_beg /image }\ndefault_backend empty", "http://h/image", "http://h/other"
    ) == [[]]


def test_a_line_behind_a_condition_that_discover_does_not_know_may_lead_to_a_service() -> None:
    front = (
        "bind :80\nuse_backend b if { path_beg /image }\nuse_backend c if { nbsrv(c) gt 1 } { path_beg /compute }\n"
        "use_backend c if { path_beg /compute }\ndefault_backend b"
    )
    assert comments(front, "http://h/image", "http://h/compute") == [[]]


def test_the_default_backend_is_named_where_no_service_has_it() -> None:
    front = "bind :80\nuse_backend c if { path_beg /image }\ndefault_backend b"
    assert comments(front, "http://h/image") == [["not carried over: default_backend b (f.cfg:4)" + NO_URL]]


def test_addresses_that_are_not_in_the_catalog_are_named() -> None:
    front = "bind 10.0.0.1:80,10.0.0.2:80\nbind 10.0.0.3:80 ssl\nbind unix@/run/f\nbind quic4@:80\ndefault_backend b"
    places = (("10.0.0.2:80", 2), ("10.0.0.3:80", 3), ("unix@/run/f", 4), ("quic4@:80", 5))
    said = [f"not carried over: bind {address} (f.cfg:{line})" + NO_ADDRESS for address, line in places]
    assert comments(front, "http://10.0.0.1/image") == [said]
    # Another URL of the catalog is at the second address.
    assert comments(front, "http://10.0.0.1/image", "http://10.0.0.2/image") == [said[1:], said[1:]]


def test_an_address_that_two_lines_open_is_not() -> None:
    assert comments("bind :80 thread 1\nbind *:80 thread 2\ndefault_backend b", "http://h/image") == [[]]


def test_hosts_of_a_map_that_are_not_in_the_catalog_are_named() -> None:
    front = "bind :80\nuse_backend %[req.hdr(host),lower,map_dom(/etc/haproxy/services.map)]"
    rows = "# services\nimage.example.com b\nhorizon.example.com c\n"
    # A key of map_dom stands for the hosts below it.
    assert comments(front, "http://one.image.example.com", maps={"services.map": "image.example.com b\n"}) == [[]]
    (said,) = comments(front, "http://image.example.com", maps={"services.map": rows})
    line = "use_backend %[req.hdr(host),lower,map_dom(/etc/haproxy/services.map)], host horizon.example.com: c (f.cfg:3)"
    assert said == ["not carried over: " + line + NO_URL]
