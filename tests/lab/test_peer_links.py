# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's operator answers with links to a host of its own, on real clouds: no token of CloudOne arrives there."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import openstack
import pytest

from examples.coverage import Lab
from examples.session import User
from lab.meaning import World
from lab.test_peer_images import served

SERVICES = ("compute", "block-storage", "image")
SCOPE = '{"*": "CloudTwo", "identity": "CloudOne"}'


@pytest.fixture(scope="module")
def cloud_two(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("links"))


def foreign(asked: list[tuple[str, dict[str, str]]]) -> type[BaseHTTPRequestHandler]:
    """Return a host of CloudTwo's operator, which records what arrives, and answers as a service would."""

    class Foreign(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers)))
            written(self, {"volumes": [], "images": [], "servers": []})

    return Foreign


def lying(evil: str, answered: list[str]) -> type[BaseHTTPRequestHandler]:
    """Return services of CloudTwo whose every answer leads to ``evil``."""

    class Lying(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            answered.append(path)
            after = [{"rel": "next", "href": f"{evil}/next"}]
            version = {"id": "v3.0", "status": "CURRENT", "version": "3.71", "links": [{"rel": "self", "href": f"{evil}/v3/"}]}
            if path.endswith(("/volumes", "/volumes/detail")):
                written(self, {"volumes": [], "volumes_links": after})
            elif path.endswith("/images"):
                written(self, {"images": [{"id": "i"}], "next": f"{evil}/v2/images"})
            elif path.endswith(("/servers", "/servers/detail")):
                written(self, {"servers": [{"id": "s"}], "servers_links": after})
            else:
                written(self, {"versions": [version], "version": version})

    return Lying


def written(handler: BaseHTTPRequestHandler, document: Any) -> None:
    body = json.dumps(document).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
@pytest.mark.filterwarnings("ignore::openstack.warnings.OpenStackDeprecationWarning")
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_no_token_arrives_where_a_peers_links_lead(
    cloud_two: Lab, world: World, one: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(world.state / "clouds.yaml"))
    asked: list[tuple[str, dict[str, str]]] = []
    answered: list[str] = []
    token = world.token("CloudOne")
    abroad = f"{token}!SCOPE!{SCOPE}"
    with served(foreign(asked)) as evil, served(lying(evil, answered)) as liar:

        def lie(mesh: dict[str, Any]) -> None:
            for service in SERVICES:
                mesh["clouds"]["CloudTwo"]["services"][service].update(backend=liar)

        with cloud_two.described(lie):
            for service, path in (
                ("compute", "/"),
                ("block-storage", "/v3/"),
                ("block-storage", "/v3/p/volumes/detail"),
                ("image", "/versions"),
                ("image", "/v2/images?limit=20"),
                ("image", "/v2/images"),
                ("compute", "/v2.1/servers/detail"),
            ):
                answer = world.ask("GET", "CloudOne", service, path, X_Auth_Token=abroad)
                assert answer.status_code == 200, (path, answer.text)
                assert evil.removeprefix("http://") not in answer.text, path
            # Nova here asks for the volumes there, and follows the next page of the list.
            nova = f'{token}!SCOPE!{{"*": "CloudOne", "block-storage": "CloudTwo"}}'
            before = len(answered)
            world.ask("GET", "CloudOne", "compute", "/v2.1/os-volumes", X_Auth_Token=nova)
            assert any("/volumes" in path for path in answered[before:]), answered[before:]
            # An unmodified SDK takes the next page from the host that a list names.
            with openstack.connection.Connection(cloud="CloudOne") as sdk:
                for proxy in (sdk.compute, sdk.image):
                    proxy.additional_headers["X-Scope"] = SCOPE
                assert [found.id for found in (*sdk.compute.servers(), *sdk.image.images())] == ["s", "i"]
            for command in (("image", "list"), ("volume", "list"), ("server", "list")):
                one.openstack(*command, scope='{"image": "CloudTwo", "block-storage": "CloudTwo", "compute": "CloudTwo"}')
    assert asked == []
