# SPDX-License-Identifier: Apache-2.0
import errno
import os
import socket
from dataclasses import replace

import pytest

from openstackoid.gateway import ports
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.ports import check_free, new_sockets, own_addresses, sockets
from openstackoid.mesh import Cloud, parse_mesh


def cloud(*urls: str, bind: str = "") -> Cloud:
    services = "".join(
        f"\n      {kind}: {{frontend: '{url}', backend: 'http://b:1'}}"
        for kind, url in zip(("image", "compute"), urls, strict=False)
    )
    gateway = f"\n    gateway: {{bind: '{bind}'}}" if bind else ""
    return parse_mesh(f"mesh: 1\nclouds:\n  One:{gateway}\n    services:{services}").clouds["One"]


def test_a_free_socket_is_no_matter() -> None:
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = before.getsockname()[1]
    check_free("One", frozenset({("127.0.0.1", port), ("127.0.0.2", port)}))
    check_free("One", frozenset({("localhost", port)}))


def test_two_names_of_one_address_are_one_socket() -> None:
    two = cloud("http://localhost:8801", "http://127.0.0.1:8801")
    assert len(sockets(two)) == 2
    two = replace(two, addresses=own_addresses(two))
    assert sockets(two) == {("127.0.0.1", 8801)}
    assert two.shared_sockets == {1: two.listeners}


def test_a_host_without_an_address_has_a_socket_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_address", lambda host, port: (socket.AF_INET, socket.getaddrinfo(host, port)[0][4]))
    two = cloud("http://gateway.invalid:8801", "http://127.0.0.1:8801")
    assert own_addresses(two) == {"127.0.0.1": "127.0.0.1"}


def test_two_names_that_came_to_be_of_one_address_are_refused() -> None:
    """HAProxy would open the one socket twice, and take each request for either frontend's, at random."""
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = before.getsockname()[1]
    with pytest.raises(GatewayError, match=rf"cannot tell 127\.0\.0\.1:{port} from localhost:{port}: both are 127\.0\.0\.1"):
        check_free("One", frozenset({("127.0.0.1", port), ("localhost", port)}))


def test_a_port_that_is_shared_by_choice_is_taken_too() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            GatewayError, match=rf"of One cannot listen on 127\.0\.0\.1:{port}: taken by .+ \(process {os.getpid()}\)"
        ):
            check_free("One", frozenset({("127.0.0.1", port)}))
        with pytest.raises(GatewayError, match=rf"cannot listen on \*:{port}: taken by "):
            check_free("One", frozenset({("*", port)}))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(
        GatewayError, match=r"cannot listen on 192\.0\.2\.1:8801: it is not an address of this machine"
    ) as refused:
        check_free("One", frozenset({("192.0.2.1", 8801)}))
    assert refused.value.hint is not None
    assert "bind" in refused.value.hint


def test_a_port_without_rights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: str, port: int) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(ports, "_address", refuse)
    with pytest.raises(GatewayError, match=r"127\.0\.0\.1:80: a port below 1024 needs rights that you do not have"):
        check_free("One", frozenset({("127.0.0.1", 80)}))


def test_a_name_without_an_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: str, port: int) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(ports, "_address", refuse)
    with pytest.raises(GatewayError, match=r"gateway\.invalid:8801: no address is known for this name"):
        check_free("One", frozenset({("gateway.invalid", 8801)}))


def test_the_sockets_of_both_layouts() -> None:
    assert sockets(cloud("http://h:80/image", "http://h:80/compute")) == {("h", 80)}
    assert sockets(cloud("http://h:9292", "http://h:8774")) == {("h", 9292), ("h", 8774)}
    assert sockets(cloud("http://h:9292", bind="*")) == {("*", 9292)}


def test_only_ports_that_the_running_gateway_does_not_have_are_new() -> None:
    running = cloud("http://h:9292")
    assert new_sockets(running, cloud("http://h:9292", "http://h:8774")) == {("h", 8774)}
    assert new_sockets(running, cloud("http://h:9292", bind="*")) == set()
