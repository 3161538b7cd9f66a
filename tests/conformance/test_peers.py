# SPDX-License-Identifier: Apache-2.0
"""Where peers are: at several hosts, at IPv6 addresses, under names that only DNS knows. All share one backend of HAProxy."""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.case import auth, plain
from conformance.gateway import HAPROXY, started
from conformance.recorder import free_ports

V6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")

KEEPS_NO_ANSWER = ((2, 6), (3, 0))
"""Versions of HAProxy that ask the name servers for each request; docs/operate/gateway.md names them."""


class Here(ThreadingHTTPServer):
    """Answers with the requested address, user and path; with ``Location``, it names another place of its own."""

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.moved = ""
        super().__init__((host, port), Answer)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *raised: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """HAProxy ends an idle connection by a reset, which is not an error."""


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        content = f"{self.connection.getsockname()[0]} {self.path}".encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        if isinstance(self.server, Here) and self.server.moved:
            self.send_header("Location", self.server.moved)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """No output: operators have HAProxy's log."""


class Names:
    """A DNS server that knows some names, and counts how often it is asked."""

    def __init__(self, **addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Names":
        return self

    def __exit__(self, *raised: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1 : at + 1 + question[at]].decode())
                at += 1 + question[at]
            asked = question[12 : at + 5]
            name, (kind,) = labels[0].lower(), struct.unpack("!H", question[at + 1 : at + 3])
            self.asked.append(name)
            address = self.addresses.get(name)
            found = address is not None and kind == 1
            head = question[:2] + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, int(found), 0, 0)
            record = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address or "0.0.0.0") if found else b""
            self._socket.sendto(head + asked + record, sender)


@contextmanager
def gateway(port: int, peer: str, dns: Names | None = None) -> Iterator[None]:
    text = f"""
mesh: 1
clouds:
  One:
    gateway: {{timeouts: {{connect: 1}}}}
    services:
      image:
        frontend: {{public: "http://127.0.0.1:{port}/image", internal: "http://127.0.0.1:{port}/inside/image"}}
        backend: "http://127.0.0.1:9"
  Two: {{services: {{image: {{frontend: {peer}}}}}}}
"""

    def asking(text: str) -> str:
        return text if dns is None else text.replace("parse-resolv-conf", f"nameserver test 127.0.0.1:{dns.port}")

    with started(text, "One", with_bridge=False, edit_haproxy=asking, taught=[(auth("tok"), plain('{"image":"Two"}'))]):
        yield


def ask(port: int, path: str) -> tuple[int, str, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"X-Auth-Token": "tok", "X-Scope": '{"image":"Two"}'})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), answer.getheader("Location")
    connection.close()
    return found


def test_each_interface_of_a_peer_may_have_a_host_of_its_own() -> None:
    """And its links may name any of them."""
    ports = free_ports()
    ours, theirs, inside = (next(ports) for _ in range(3))
    peer = f'{{public: "http://127.0.0.2:{theirs}/image", internal: "http://127.0.0.3:{inside}"}}'
    with gateway(ours, peer), Here("127.0.0.2", theirs) as public, Here("127.0.0.3", inside) as internal:
        for _ in range(2):
            assert ask(ours, "/image/v2/images/i/file")[1] == "127.0.0.2 /image/v2/images/i/file"
            assert ask(ours, "/inside/image/v2/images/i/file")[1] == "127.0.0.3 /v2/images/i/file"
        public.moved = f"http://127.0.0.2:{theirs}/image/v2/images/1"
        internal.moved = f"http://127.0.0.3:{inside}/v2/images/1"
        assert ask(ours, "/image/v2/images/i/file")[2] == f"http://127.0.0.1:{ours}/image/v2/images/1"
        assert ask(ours, "/inside/image/v2/images/i/file")[2] == f"http://127.0.0.1:{ours}/inside/image/v2/images/1"


@V6
def test_a_peer_at_an_address_of_ipv6() -> None:
    ports = free_ports()
    ours, theirs = next(ports), next(ports)
    with gateway(ours, f'"http://[::1]:{theirs}/image"'), Here("::1", theirs) as peer:
        peer.moved = f"http://[::1]:{theirs}/image/v2/images/1"
        assert [ask(ours, "/image/v2/images/i/file") for _ in range(2)] == [
            (201, "::1 /image/v2/images/i/file", f"http://127.0.0.1:{ours}/image/v2/images/1")
        ] * 2


def test_a_name_is_asked_for_when_it_is_needed_and_its_answer_is_kept() -> None:
    ports = free_ports()
    ours, theirs = next(ports), next(ports)
    with (
        Names(two="127.0.0.2") as names,
        gateway(ours, f'"http://Two.example:{theirs}/image"', names),
        Here("127.0.0.2", theirs) as peer,
    ):
        assert names.asked == []
        peer.moved = f"http://two.example:{theirs}/image/v2/images/1"
        for _ in range(3):
            found = ask(ours, "/image/v2/images/i/file")
            assert found == (201, "127.0.0.2 /image/v2/images/i/file", f"http://127.0.0.1:{ours}/image/v2/images/1")
        assert set(names.asked) == {"two"}
        assert HAPROXY.version[:2] in KEEPS_NO_ANSWER or len(names.asked) < 3


def test_an_unknown_host_name_is_a_503() -> None:
    ports = free_ports()
    ours, theirs = next(ports), next(ports)
    with ExitStack() as stack:
        names = stack.enter_context(Names())
        stack.enter_context(gateway(ours, f'"http://two.example:{theirs}/image"', names))
        status, body, _ = ask(ours, "/image/v2/images/i/file")
    assert status == 503
    assert f"gateway of One: image of Two at two.example:{theirs} cannot be reached" in body
