# SPDX-License-Identifier: Apache-2.0
"""A server whose image is ``CloudOne | CloudTwo``, on real clouds: CloudOne's Glance lacks it, is stopped, frozen, or fails."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from examples.coverage import Lab
from examples.session import User, image_downloads

SCOPE = '{"image": "CloudOne | CloudTwo"}'
SERVER = "from-anywhere"
_END = Event()


class _Glance(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Unavailable(_Glance):
    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Frozen(_Glance):
    def do_GET(self) -> None:
        _END.wait(60)


class _Cut(_Glance):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.close_connection = True


@contextmanager
def backend(handler: type[BaseHTTPRequestHandler] | None) -> Iterator[str]:
    """Yield the address of a server with this handler, or one where nothing listens."""
    if handler is None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            yield f"http://127.0.0.1:{closed.getsockname()[1]}"
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def clouds(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("compound"))


def served_by(address: str) -> Callable[[dict[str, Any]], None]:
    """Return the change by which CloudOne's operator has another server serve images, and waits less for it."""

    def change(mesh: dict[str, Any]) -> None:
        mesh["clouds"]["CloudOne"]["services"]["image"] |= {"backend": address, "timeouts": {"server": 6}}

    return change


def boots(one: User, image: str) -> None:
    """Boot a server from an image that CloudTwo alone has, and delete it."""
    before = image_downloads("CloudTwo", image)
    boot = ("server", "create", SERVER, "--flavor", "m1.tiny", "--image", image, "--network", "lab", "--wait")
    try:
        made = one.openstack(*boot, "-f", "json", scope=SCOPE)
        assert made.code == 0, made.stderr
        assert made.json()["status"] == "ACTIVE"
    finally:
        one.openstack("server", "delete", "--wait", SERVER)
    assert image_downloads("CloudTwo", image) == before + 1


@pytest.fixture
def image(two: User) -> str:
    return two.openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip()


def test_a_cloud_that_lacks_the_image(one: User, image: str) -> None:
    assert one.openstack("image", "show", image).code != 0
    assert one.openstack("image", "show", image, scope=SCOPE).code == 0
    boots(one, image)


@pytest.mark.parametrize("handler", [None, _Unavailable, _Frozen, _Cut], ids=["stopped", "503", "frozen", "cut"])
def test_a_cloud_whose_glance_fails(handler: type[BaseHTTPRequestHandler] | None, clouds: Lab, one: User, image: str) -> None:
    with backend(handler) as address, clouds.described(served_by(address)):
        boots(one, image)


def test_an_image_is_found_by_its_name_where_it_is(one: User) -> None:
    name, there = "compound-in-two", '{"image": "CloudTwo"}'
    made = one.openstack("image", "create", name, "-f", "value", "-c", "id", scope=there)
    assert made.code == 0, made.stderr
    try:
        found = one.openstack("image", "show", name, "-f", "value", "-c", "id", scope="image=CloudOne|CloudTwo")
        assert (found.code, found.stdout) == (0, made.stdout), found.stderr
        assert one.openstack("image", "show", name).code != 0
    finally:
        assert one.openstack("image", "delete", name, scope=there).code == 0


def test_an_image_that_no_cloud_has_is_not_found(one: User) -> None:
    done = one.openstack("image", "show", "no-such-image", scope=SCOPE)
    assert done.code != 0
    assert "No Image found for no-such-image" in done.stderr


def test_an_error_names_both_clouds(clouds: Lab, one: User) -> None:
    with backend(None) as address, clouds.described(served_by(address)):
        done = one.openstack("image", "show", "no-such-image", scope=SCOPE)
    assert done.code != 0
    assert "no cloud of CloudOne | CloudTwo has the answer: image of CloudOne cannot be reached" in done.stderr
    assert "image of CloudTwo answers 404" in done.stderr
