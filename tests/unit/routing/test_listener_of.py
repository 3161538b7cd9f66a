# SPDX-License-Identifier: Apache-2.0
"""The listener of a request at a shared socket; the table of cases is in tests/conformance/cases_hosts.py."""

import pytest

from openstackoid.mesh import Listener, parse_mesh
from openstackoid.routing.hosts import MisdirectedError, has_named_peers, listener_of

IMAGE, COMPUTE = Listener("image.test", 443), Listener("compute.test", 443)


@pytest.mark.parametrize("host", [None, "", "compute.test", "anything"])
def test_a_socket_of_one_listener_takes_any_host(host: str | None) -> None:
    assert listener_of([IMAGE], host, "other.test") == IMAGE


@pytest.mark.parametrize("host", ["image.test", "IMAGE.test", "image.test:443", "image.test:8443", "image.test:"])
def test_the_host_decides_without_case_and_port(host: str) -> None:
    assert listener_of([COMPUTE, IMAGE], host) == IMAGE


def test_an_address_of_ipv6_is_a_host_as_it_is_written() -> None:
    six = Listener("[::1]", 443)
    assert listener_of([COMPUTE, six], "[::1]:443") == listener_of([COMPUTE, six], "[::1]") == six


@pytest.mark.parametrize(
    ("host", "server_name", "status"),
    [("x.test", None, 421), ("image.test.", None, 421), (None, None, 400), ("", None, 400), ("image.test", "COMPUTE.test", 421)],
)
def test_any_other_request_is_misdirected(host: str | None, server_name: str | None, status: int) -> None:
    with pytest.raises(MisdirectedError) as refused:
        listener_of([COMPUTE, IMAGE], host, server_name)
    assert refused.value.status == status
    assert "compute.test" in refused.value.message


@pytest.mark.parametrize(
    ("frontends", "named"),
    [
        ('{public: "http://a.two:80", internal: "http://b.two:80"}', True),
        ('{public: "http://a.two:80", internal: "http://10.0.0.1:80"}', True),
        ('{public: "http://a.two:80", internal: "http://b.two:81"}', False),
        ('{public: "http://10.0.0.1:80", internal: "http://10.0.0.2:80"}', False),
        ('"http://a.two:80"', False),
    ],
)
def test_a_peer_is_told_the_host_where_a_name_may_share_its_address(frontends: str, named: bool) -> None:
    text = "mesh: 1\nclouds:\n  One: {services: {image: {frontend: 'http://one:80'}}}\n"
    text += f"  Two: {{services: {{image: {{frontend: {frontends}}}}}}}\n"
    assert has_named_peers(parse_mesh(text), "One") == named
    assert not has_named_peers(parse_mesh(text), "Two")
