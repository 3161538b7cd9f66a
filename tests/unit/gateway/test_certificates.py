# SPDX-License-Identifier: Apache-2.0
"""Certificates of a running gateway: renewed under traffic, and never lost to a file that is broken."""

import json
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from openstackoid.binding import BoundTokenError, load_keys, open_token
from openstackoid.binding.rotation import set_up
from openstackoid.certs import issue, make_authority, revoke
from openstackoid.scope import split_token
from unit.gateway.running import PATIENCE, Client, Gateway, description, free_port, sending, service, with_settings


class SecureGateway(Gateway):
    """The gateway on https, with certificates beside its description; its peer is at ``peer_port``."""

    def __init__(self, folder: Path, port: int, backend: int) -> None:
        self.certificates = folder / "certs"
        self.authority = make_authority(self.certificates)
        self.certificate = issue(self.certificates, "CloudOne", ["127.0.0.1"])
        make_authority(self.certificates / "next")
        self.peer_port = free_port()
        super().__init__(folder, port, backend)

    def describe(self, peer: str) -> None:
        text = description(self.port, self.backend, peer).replace("127.0.0.1:9/", f"127.0.0.1:{self.peer_port}/")
        text = text.replace('frontend: "http:', 'frontend: "https:')
        tls = f"{{certificate: {self.certificate}, authority: {self.authority}}}"
        self.config.write_text(with_settings(text, f"tls: {tls}"))

    def renew_certificate(self) -> int:
        """Make a new certificate and return its serial number."""
        issue(self.certificates, "CloudOne", ["127.0.0.1"], renew=True)
        return serial(self.certificate)

    def served(self) -> int:
        pem = ssl.get_server_certificate(("127.0.0.1", self.port), ca_certs=str(self.authority))
        der = self.state.parent / "served.pem"
        der.write_text(pem)
        return serial(der)

    def connection(self) -> HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.authority))
        return HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)

    def about_the_peer(self) -> str:
        """Return the Python service's error about the peer."""
        connection = self.connection()
        try:
            connection.request("GET", "/image/v2", headers={"X-Auth-Token": "t", "X-Scope": '{"\\u0069mage": "CloudTwo"}'})
            answer = connection.getresponse()
            document = json.loads(answer.read())
            return str(document["error"]["message"]) if answer.status >= 400 else str(document)
        finally:
            connection.close()


class Answer(BaseHTTPRequestHandler):
    tokens: ClassVar[list[str]] = []
    """Of all requests."""

    def do_GET(self) -> None:
        self.tokens.extend(self.headers.get_all("X-Auth-Token", []))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"who": "CloudTwo"}')

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust it hangs up."""


@contextmanager
def answering(port: int, certificate: Path) -> Iterator[None]:
    """Play the gateway of a peer."""
    server = Server(("127.0.0.1", port), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def serial(path: Path) -> int:
    known = ssl._ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]
    return int(known["serialNumber"], 16)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureGateway]:
    with service() as backend:
        running = SecureGateway(tmp_path_factory.mktemp("gateway"), free_port(), backend)
        yield running
        running.stop()


@pytest.fixture
def gateway(standing: SecureGateway) -> SecureGateway:
    standing.renew_certificate()
    standing.renew()
    return standing


def test_a_renewed_certificate_is_taken_up_by_itself_and_loses_no_request(gateway: SecureGateway) -> None:
    clients = [Client(gateway.connection, keep, 0.005) for keep in (True, False)]
    with sending(clients):
        for times in (1, 2):
            new = gateway.renew_certificate()
            gateway.wait_for("has reloaded", times=times)
            assert gateway.served() == new
        time.sleep(0.2)
    assert [client.lost for client in clients] == [[], []]
    assert all(client.answered > 20 for client in clients)


def test_a_broken_certificate_is_ignored_and_reported_once(gateway: SecureGateway) -> None:
    before = gateway.served()
    good = gateway.certificate.read_text()
    gateway.certificate.write_text(good.partition("-----BEGIN PRIVATE KEY-----")[0])
    gateway.wait_for("goes on with the description that it has")
    assert f"{gateway.certificate}: a certificate and then its key, both in PEM" in gateway.said()
    # Nor does it break what is started again meanwhile.
    for part, name in (("haproxy", "HAProxy"), ("bridge", "the Python service")):
        gateway.parts()[part].kill()
        gateway.wait_for(f"{name} of CloudOne runs again")
    assert gateway.served() == before
    assert "no connection" in gateway.about_the_peer() or "refused" in gateway.about_the_peer()
    assert gateway.said().count("goes on with the description") == 1
    assert "PRIVATE KEY" not in gateway.said()
    gateway.certificate.write_text(good)
    new = gateway.renew_certificate()
    gateway.wait_for("has reloaded")
    assert gateway.served() == new


def test_a_new_authority_is_believed_by_both_parts(gateway: SecureGateway) -> None:
    """The way to change it: both authorities first, then the new certificates, then the new one alone."""
    peer = issue(gateway.certificates / "next", "CloudTwo", ["127.0.0.1"])

    try:
        with answering(gateway.peer_port, peer):
            assert f"not signed by the authority of {gateway.authority}" in gateway.about_the_peer()
            both = gateway.authority.read_text() + (gateway.certificates / "next" / "authority.pem").read_text()
            gateway.authority.write_text(both)
            gateway.wait_for("has reloaded")
            until = time.monotonic() + PATIENCE
            while "'who': 'CloudTwo'" not in gateway.about_the_peer():
                assert time.monotonic() < until, gateway.about_the_peer()
                time.sleep(0.05)
    finally:
        gateway.authority.write_text(gateway.authority.read_text().partition("-----END CERTIFICATE-----\n")[0])
        with gateway.authority.open("a") as file:
            file.write("-----END CERTIFICATE-----\n")


def test_a_revoked_peer_is_refused_without_a_restart(tmp_path: Path) -> None:
    class Revoking(SecureGateway):
        def describe(self, peer: str) -> None:
            revoke(self.certificates)
            super().describe(peer)
            listed = f", revoked: {self.certificates / 'revoked.pem'}}}"
            self.config.write_text(self.config.read_text().replace(f"{self.authority}}}", f"{self.authority}{listed}"))

        def status_for(self, cloud: str) -> int:
            context = ssl.create_default_context(cafile=str(self.authority))
            context.load_cert_chain(self.certificates / f"{cloud}.pem")
            connection = HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
            try:
                connection.request("GET", "/image/v2/images")
                return connection.getresponse().status
            finally:
                connection.close()

    with service() as backend:
        gateway = Revoking(tmp_path, free_port(), backend)
        issue(gateway.certificates, "CloudTwo", ["127.0.0.1"])
        gateway.start()
        try:
            assert gateway.status_for("CloudTwo") == 200
            parts = {name: part.pid for name, part in gateway.parts().items()}
            revoke(gateway.certificates, "CloudTwo")
            gateway.wait_for("has reloaded")
            with pytest.raises((ssl.SSLError, ConnectionError)):
                gateway.status_for("CloudTwo")
            assert gateway.parts()["bridge"].pid == parts["bridge"]
            with answering(gateway.peer_port, gateway.certificates / "CloudTwo.pem"):
                said = gateway.about_the_peer()
                assert "has been revoked" in said or "cannot be reached" in said, said
            issue(gateway.certificates, "CloudTwo", ["127.0.0.1"], renew=True)
            assert gateway.status_for("CloudTwo") == 200
            revoke(gateway.certificates, "CloudOne")
            gateway.wait_for(f"{gateway.certificate}: the certificate has been revoked")
            assert gateway.status_for("CloudTwo") == 200, "what runs goes on"
        finally:
            gateway.stop()


def test_after_new_keys_no_token_leaves_that_is_bound_by_the_old_ones(gateway: SecureGateway) -> None:
    peer = issue(gateway.certificates, "CloudTwo", ["127.0.0.1"])
    keys = gateway.state / "keys"

    def sent() -> str:
        """Ask until the peer is sent a token that is bound by the keys that are there."""
        until = time.monotonic() + 20
        while True:
            Answer.tokens.clear()
            connection = gateway.connection()
            connection.request("GET", "/image/v2/images/1/file", headers={"X-Auth-Token": "t", "X-Scope": '{"image":"CloudTwo"}'})
            connection.getresponse().read()
            connection.close()
            with suppress(BoundTokenError):
                opened = open_token(load_keys(keys), split_token(Answer.tokens[-1])[0], "CloudTwo", time.time())
                assert opened.token == "t"
                return Answer.tokens[-1]
            assert time.monotonic() < until, "the token is bound by a key that is gone"
            time.sleep(0.1)

    with answering(gateway.peer_port, peer):
        first = [sent() for _ in range(3)]
        assert len(set(first)) == 1
        bridge = gateway.parts()["bridge"]
        bridge.suspend()
        assert sent() == first[0], "HAProxy has it"
        bridge.resume()
        set_up(gateway.state / "new-keys", time.time())
        keys.rename(gateway.state / "old-keys")
        (gateway.state / "new-keys").rename(keys)
        assert sent() != first[0]
    assert gateway.parts()["bridge"].pid == bridge.pid


def test_its_copies_are_its_owners_alone(gateway: SecureGateway) -> None:
    copies = list(gateway.state.rglob("certificate.pem"))
    assert len(copies) == 1, "HAProxy alone needs it"
    assert {stat.S_IMODE(path.stat().st_mode) for path in copies} == {0o600}


def test_a_certificate_of_another_cloud_stops_the_start(tmp_path: Path) -> None:
    with service() as backend:
        gateway = SecureGateway(tmp_path, free_port(), backend)
        gateway.certificate.write_bytes(issue(gateway.certificates, "CloudTwo").read_bytes())
        with pytest.raises(AssertionError, match=r"CloudOne\.pem: the certificate is not CloudOne's"):
            gateway.start()
        assert gateway.running.wait(PATIENCE) == 1


def test_unprotected_frontends_are_a_warning(tmp_path: Path) -> None:
    class Plain(Gateway):
        def describe(self, peer: str) -> None:
            text = description(self.port, self.backend, peer).replace(f"127.0.0.1:{self.port}", f"10.0.1.10:{self.port}")
            self.config.write_text(with_settings(text, "bind: 127.0.0.1"))

    with service() as backend:
        gateway = Plain(tmp_path, free_port(), backend)
        gateway.start()
        assert gateway.stop() == 0
    warning = f"WARNING http://10.0.1.10:{gateway.port} is http, and not on loopback: tokens travel unprotected"
    assert gateway.said().count(warning) == 1
