# SPDX-License-Identifier: Apache-2.0
"""The demo's statements about the wire, against servers that it must distinguish."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from examples.wire import accepts, answers_plain_http, shown_name
from openstackoid.certs import issue, make_authority


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that leaves is not an error."""


@contextmanager
def serving(context: ssl.SSLContext | None) -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Path:
    authority = make_authority(tmp_path / "ours")
    for cloud in ("CloudOne", "CloudTwo"):
        issue(authority.parent, cloud, ["127.0.0.1"])
    return authority


def gateway(authority: Path) -> ssl.SSLContext:
    """Return a gateway's treatment: users need no certificate, and a shown one must be valid."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    context.load_cert_chain(authority.parent / "CloudTwo.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def test_a_gateway_shows_its_name_and_knows_its_peers(authority: Path, tmp_path: Path) -> None:
    make_authority(tmp_path / "theirs")
    stranger = issue(tmp_path / "theirs", "CloudOne")
    with serving(gateway(authority)) as url:
        assert shown_name(url, str(authority)) == "CloudTwo"
        assert not answers_plain_http(url)
        assert accepts(url, str(authority), authority.parent / "CloudOne.pem")
        assert not accepts(url, str(authority), stranger)
        with pytest.raises(ssl.SSLError):
            shown_name(url, str(stranger.parent / "authority.pem"))


def test_a_server_that_asks_for_no_certificate_is_found_out(authority: Path, tmp_path: Path) -> None:
    make_authority(tmp_path / "theirs")
    lax = gateway(authority)
    lax.verify_mode = ssl.CERT_NONE
    with serving(lax) as url:
        assert accepts(url, str(authority), issue(tmp_path / "theirs", "CloudOne"))


def test_plain_http_is_heard() -> None:
    with serving(None) as url:
        assert answers_plain_http(url)
