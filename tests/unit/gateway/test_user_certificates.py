# SPDX-License-Identifier: Apache-2.0
"""A running gateway with certificates for users and backends of https: renewed while it runs, and shown by `check`."""

import socket
import ssl
import time
from collections.abc import Iterator
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.cli import main
from unit.gateway.running import Client, Gateway, description, free_port, sending, serving, with_settings
from unit.gateway.test_certificates import Answer, Server, serial
from waiting import until

ANSWER = '{"who": "CloudTwo"}'
"""The answer of the backend to all requests."""


class PublicGateway(Gateway):
    """Its users meet the certificates in a folder, peers that of the mesh; its services speak https."""

    def __init__(self, folder: Path, port: int, backend: int) -> None:
        self.mesh, self.public, self.inside = folder / "mesh-certs", folder / "public", folder / "inside"
        self.tls = (
            f"certificate: {issue_of(self.mesh, 'CloudOne')}, authority: {self.mesh}/authority.pem, users: {self.public}/users"
        )
        make_authority(self.public)
        (self.public / "users").mkdir()
        self.renew_certificate()
        super().__init__(folder, port, backend)

    def describe(self, peer: str) -> None:
        text = description(self.port, self.backend, peer).replace('frontend: "http:', 'frontend: "https:')
        for service in ("identity", "image"):
            url = f"127.0.0.1:{self.backend}/{service}"
            text = text.replace(
                f'"http://{url}"', f'{{url: "https://{url}", authority: {self.inside}/authority.pem, name: Inside}}'
            )
        self.config.write_text(with_settings(text, f"tls: {{{self.tls}}}"))

    def renew_certificate(self) -> int:
        made = issue(self.public, "Users", ["127.0.0.1"], renew=(self.public / "Users.pem").exists())
        (self.public / "users" / "one.pem").unlink(missing_ok=True)
        (self.public / "users" / "one.pem").write_bytes(made.read_bytes())
        (self.public / "users" / "one.pem").chmod(0o600)
        return serial(made)

    def connection(self) -> HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.public / "authority.pem"))
        return HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)

    def served(self, name: str | None = None) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as client,
        ):
            der = client.getpeercert(binary_form=True) or b""
        path = self.state.parent / "served.pem"
        path.write_text(ssl.DER_cert_to_PEM_cert(der))
        return serial(path)


def issue_of(folder: Path, name: str, hosts: tuple[str, ...] = ("127.0.0.1",)) -> Path:
    make_authority(folder)
    return issue(folder, name, list(hosts))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicGateway]:
    folder = tmp_path_factory.mktemp("gateway")
    server = Server(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issue_of(folder / "inside", "Inside"))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server) as backend:
        running = PublicGateway(folder, free_port(), backend)
        running.renew()
        yield running
        running.stop()


def asked(gateway: PublicGateway) -> int:
    connection = gateway.connection()
    connection.request("GET", "/image/v2")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_users_and_peers_meet_certificates_of_their_own_and_a_backend_is_verified(gateway: PublicGateway) -> None:
    assert gateway.served() == serial(gateway.public / "users" / "one.pem")
    assert gateway.served("CloudOne") == serial(gateway.mesh / "CloudOne.pem")
    assert asked(gateway) == 200


def test_a_new_certificate_and_a_new_file_are_taken_up_while_it_runs(gateway: PublicGateway) -> None:
    new = gateway.renew_certificate()
    gateway.wait_for("has reloaded")
    assert gateway.served() == new
    other = issue(gateway.public, "Other", ["other.test"])
    (gateway.public / "users" / "two.pem").touch(mode=0o600)
    (gateway.public / "users" / "two.pem").write_bytes(other.read_bytes())
    gateway.wait_for("has reloaded", times=2)
    assert gateway.served("other.test") == serial(other)
    assert gateway.served() == new


def _serves(gateway: PublicGateway, number: int) -> bool:
    return gateway.served() == number


def test_a_renewed_certificate_of_users_loses_no_request(gateway: PublicGateway) -> None:
    """Written over twice while users keep connections and open new ones, and a certificate for another host is added."""
    clients = [Client(gateway.connection, keep, 0.005, body=ANSWER) for keep in (True, False)]
    begun = gateway.said().count("has reloaded")
    with sending(clients):
        for times in (1, 2):
            new = gateway.renew_certificate()
            gateway.wait_for("has reloaded", times=begun + times)
            until(partial(_serves, gateway, new))
        added = issue(gateway.public, "Added", ["added.test"])
        file = gateway.public / "users" / "three.pem"
        file.touch(mode=0o600)
        file.write_bytes(added.read_bytes())
        until(lambda: gateway.served("added.test") == serial(added))
        time.sleep(0.2)
    assert [client.lost for client in clients] == [[], []]
    assert all(client.answered > 20 for client in clients)


def test_a_client_without_a_name_meets_the_certificate_that_names_the_address(gateway: PublicGateway) -> None:
    """The first of the list has another name, as with one certificate for each of two virtual addresses."""
    other = issue(gateway.public, "Another", ["192.0.2.9", "another.test"])
    first = gateway.public / "users" / "a.pem"
    first.touch(mode=0o600)
    first.write_bytes(other.read_bytes())
    until(lambda: gateway.served("another.test") == serial(other))
    assert gateway.served() == serial(gateway.public / "users" / "one.pem")
    first.unlink()


def test_a_broken_file_changes_nothing_and_is_named(gateway: PublicGateway) -> None:
    before = gateway.served()
    file = gateway.public / "users" / "one.pem"
    good = file.read_text()
    file.write_text("x")
    gateway.wait_for(f"{file}: a certificate, those of authorities between, and the key")
    assert gateway.served() == before
    file.write_text(good)


def test_check_says_who_meets_which_certificate(gateway: PublicGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(gateway.config)]) == 0
    said = capsys.readouterr().out
    assert f"OK: users of https://127.0.0.1:{gateway.port} meet {gateway.public}/users/one.pem, valid until " in said
    assert f"OK: peers meet {gateway.mesh}/CloudOne.pem, by the name CloudOne\n" in said
    backend = f"https://127.0.0.1:{gateway.backend}/image"
    assert f"OK: the backend {backend} must have a certificate for Inside, signed by {gateway.inside}/authority.pem\n" in said
