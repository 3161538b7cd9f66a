# SPDX-License-Identifier: Apache-2.0
"""A hostile Glance of CloudTwo, on real clouds: Nova of CloudOne is led nowhere, and no image says where it is stored."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from examples.coverage import Lab
from examples.session import User, openstackoid
from lab.meaning import World
from lab.second_glance import glance, glance_again, served_by

BOOT = '{"compute": "CloudOne", "image": "CloudTwo"}'
SERVER = "redirected"


@pytest.fixture(scope="module")
def cloud_two(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("images"))


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def metadata(asked: list[dict[str, str]]) -> type[BaseHTTPRequestHandler]:
    """Return a service for CloudOne's own machines only; it records its clients."""

    class Metadata(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()

    return Metadata


def redirecting(real: str, place: str, redirected: list[str]) -> type[BaseHTTPRequestHandler]:
    """Return CloudTwo's Glance with redirects for the bytes of an image."""

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/file"):
                redirected.append(self.path)
                self.send_response(302)
                self.send_header("Location", place)
                self.end_headers()
                return
            answer = requests.get(real + self.path, headers=dict(self.headers), timeout=60, allow_redirects=False)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.end_headers()
            self.wfile.write(answer.content)

    return Redirecting


def test_a_boot_with_a_redirected_image_fails_with_a_reason_and_no_fetch(cloud_two: Lab, one: User, two: User) -> None:
    image = two.openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip()
    asked: list[dict[str, str]] = []
    redirected: list[str] = []
    with served(metadata(asked)) as inner:
        place = f"{inner}/latest/meta-data"
        with served(redirecting(glance(cloud_two), place, redirected)) as hostile, cloud_two.described(served_by(hostile)):
            command = ("server", "create", SERVER, "--flavor", "m1.tiny", "--image", image)
            made = one.openstack(*command, "-f", "value", "-c", "id", scope=BOOT)
            assert made.code == 0, made.stderr
            server = made.stdout.strip()
            try:
                assert ended(one, server) == "ERROR"
            finally:
                one.openstack("server", "delete", "--wait", server)
    assert redirected, "Nova asked for the image"
    assert asked == []
    said = openstackoid("lab", "logs", "CloudOne", "nova-compute", "--lines", "1000000").stdout
    assert "gateway of CloudOne: image of CloudTwo at " in said
    assert "redirects the request to a place that is not its own service" in said


def ended(user: User, server: str) -> str:
    """Return the status of a server when it is no longer being built."""
    deadline = time.monotonic() + 180
    while True:
        status = user.openstack("server", "show", server, "-f", "value", "-c", "status").stdout.strip()
        if status in ("ACTIVE", "ERROR") or time.monotonic() > deadline:
            return status
        time.sleep(1)


@pytest.fixture
def telling(cloud_two: Lab, tmp_path: Path) -> Iterator[str]:
    """CloudTwo's Glance a second time, with the options that show where images are stored."""

    def change(conf: Path) -> None:
        options = (conf / "glance-api.conf").read_text()
        shown = "[DEFAULT]\nshow_image_direct_url = True\nshow_multiple_locations = True\n"
        (conf / "glance-api.conf").write_text(options.replace("[DEFAULT]\n", shown, 1))

    with glance_again(cloud_two, tmp_path / "glance", change) as address:
        yield address


def test_the_location_of_an_image_is_shown_at_home_and_not_abroad(cloud_two: Lab, world: World, telling: str) -> None:
    home, abroad = world.token("CloudTwo"), f'{world.token("CloudOne")}!SCOPE!{{"*":"CloudOne","image":"CloudTwo"}}'
    with cloud_two.described(served_by(telling)):
        (found,) = world.ask("GET", "CloudTwo", "image", "/v2/images?name=cirros", X_Auth_Token=home).json()["images"]
        path = f"/v2/images/{found['id']}"
        at_home = world.ask("GET", "CloudTwo", "image", path, X_Auth_Token=home).json()
        assert at_home["direct_url"].startswith("file://")
        assert at_home["locations"][0]["url"] == at_home["direct_url"]
        seen = world.ask("GET", "CloudOne", "image", path, X_Auth_Token=abroad).json()
        assert seen == {key: value for key, value in at_home.items() if key not in ("direct_url", "locations")}
        (listed,) = world.ask("GET", "CloudOne", "image", "/v2/images?name=cirros", X_Auth_Token=abroad).json()["images"]
        assert listed == seen
