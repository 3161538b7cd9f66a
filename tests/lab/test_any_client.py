# SPDX-License-Identifier: Apache-2.0
"""Unmodified clients follow a scope from the authentication URL; our programs say it in Python."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openstack
import pytest
import yaml
from keystoneauth1.session import Session

import openstackoid
from examples.people import resource_id
from examples.session import authority
from lab.plain_http import frontend
from lab.tokens import login
from openstackoid.scope import join_token, split_token

SEGMENT = "scope/image=CloudTwo,network=CloudTwo"
IMAGE_ALONE = "scope/image=CloudTwo"
# openstacksdk warns of its own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.OpenStackDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


@pytest.fixture
def entry(lab: Any) -> dict[str, Any]:
    """The entry of CloudOne's member in clouds.yaml."""
    known: dict[str, Any] = yaml.safe_load(Path(lab["state_dir"], "clouds.yaml").read_text())["clouds"]["CloudOne"]
    return known


def curl(*arguments: str, data: str | None = None) -> tuple[str, str]:
    """Return head and body of an answer; secrets go to curl by its standard input."""
    command = ["curl", "--silent", "--show-error", "--include", "--cacert", authority(), "--config", "-", *arguments]
    done = subprocess.run(command, input=data or "", capture_output=True, text=True, check=True, timeout=60)
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    return head, body


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_curl(lab: Any, entry: dict[str, Any]) -> None:
    url = f"{frontend(lab, 'CloudOne')}/identity/{SEGMENT}/v3"
    _, body = curl(url)
    assert json.loads(body)["version"]["links"][0]["href"].rstrip("/") == url, "the document leads back to the same scope"
    head, _ = curl(
        f"{url}/auth/tokens",
        data=f'header = "Content-Type: application/json"\ndata = {quoted(json.dumps(login(entry["auth"])))}\n',
    )
    assert head.startswith("HTTP/1.1 201")
    token = next(line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("x-subject-token:"))
    assert split_token(token)[1] == '{"*":"CloudOne","image":"CloudTwo","network":"CloudTwo"}'
    assert quote(token, safe="=") == token, "no client quotes it"
    with_token = f"header = {quoted(f'X-Auth-Token: {token}')}\n"
    for service, path in (("image", "image/v2/images"), ("network", "networking/v2.0/networks")):
        _, body = curl(f"{frontend(lab, 'CloudOne')}/{path}", data=with_token)
        assert resource_id(service, "CloudTwo") in {row["id"] for row in json.loads(body)[f"{service}s"]}
    head, body = curl(f"{frontend(lab, 'CloudOne')}/compute/v2.1/servers", data=with_token)
    assert head.startswith("HTTP/1.1 200")
    assert "servers" in json.loads(body)
    # What the token is for can be asked with it, and it can be given back.
    head, _ = curl(f"{url}/auth/tokens", data=f"{with_token}header = {quoted(f'X-Subject-Token: {token}')}\n")
    assert head.startswith("HTTP/1.1 200")
    head, _ = curl(
        "--request", "DELETE", f"{url}/auth/tokens", data=f"{with_token}header = {quoted(f'X-Subject-Token: {token}')}\n"
    )
    assert head.startswith("HTTP/1.1 204")
    head, _ = curl(f"{url}/auth/tokens", data=f"{with_token}header = {quoted(f'X-Subject-Token: {token}')}\n")
    assert head.startswith(("HTTP/1.1 401", "HTTP/1.1 404")), "Keystone's words for a token that is no more"


def unmodified(lab: Any, entry: dict[str, Any], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the lab's OpenStack environment, in which there is nothing of ours."""
    auth = entry["auth"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OS_")} | {
        "OS_AUTH_URL": f"{frontend(lab, 'CloudOne')}/identity/{IMAGE_ALONE}/v3",
        "OS_USERNAME": auth["username"],
        "OS_PASSWORD": auth["password"],
        "OS_PROJECT_NAME": auth["project_name"],
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_REGION_NAME": "CloudOne",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_CACERT": authority(),
        # Without a log-in, the client of Glance looks nowhere else.
        "REQUESTS_CA_BUNDLE": authority(),
    }
    program, *arguments = command
    return subprocess.run(
        [f"{lab['venv']}/bin/{program}", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_an_unmodified_command(lab: Any, entry: dict[str, Any]) -> None:
    """The client of Glance, which knows nothing of scopes."""
    done = unmodified(lab, entry, "glance", "image-list")
    assert done.returncode == 0, done.stderr
    assert resource_id("image", "CloudTwo") in done.stdout
    assert resource_id("image", "CloudOne") not in done.stdout


@pytest.mark.parametrize("end", ["/v3/", "/v3//", ""])
def test_an_authentication_url_however_it_ends(lab: Any, entry: dict[str, Any], end: str) -> None:
    url = f"{frontend(lab, 'CloudOne')}/identity/{IMAGE_ALONE}{end}"
    done = unmodified(lab, entry, "glance", "--os-auth-url", url, "image-list")
    assert done.returncode == 0, done.stderr
    assert resource_id("image", "CloudTwo") in done.stdout
    assert resource_id("image", "CloudOne") not in done.stdout


def test_an_unmodified_command_with_a_token(lab: Any, entry: dict[str, Any]) -> None:
    """The client of Glance sends a token that it is given percent-encoded (``quote(token, safe="=+/")``)."""
    url = f"{frontend(lab, 'CloudOne')}/identity/{IMAGE_ALONE}/v3/auth/tokens"
    head, _ = curl(url, data=f'header = "Content-Type: application/json"\ndata = {quoted(json.dumps(login(entry["auth"])))}\n')
    token = next(line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("x-subject-token:"))
    glance = ("glance", "--os-image-url", f"{frontend(lab, 'CloudOne')}/image", "--os-auth-token")
    done = unmodified(lab, entry, *glance, token, "image-list")
    assert done.returncode == 0, done.stderr
    assert resource_id("image", "CloudTwo") in done.stdout
    assert resource_id("image", "CloudOne") not in done.stdout
    bare, scope = split_token(token)
    older = join_token(bare, scope or "", 1)
    done = unmodified(lab, entry, *glance, older, "image-list")
    assert done.returncode != 0
    assert "percent-encoded by a client" in done.stdout + done.stderr


def test_an_unmodified_library(lab: Any, entry: dict[str, Any]) -> None:
    """openstacksdk without our package: it boots a server in CloudOne from CloudTwo's image."""
    program = """
import importlib.util, openstack
assert importlib.util.find_spec("openstackoid") is None
cloud = openstack.connect()
(image,) = cloud.image.images(name="cirros")
server = cloud.compute.create_server(
    name="any-client", image_id=image.id, flavor_id=cloud.compute.find_flavor("m1.tiny").id, networks="none"
)
server = cloud.compute.wait_for_server(server, wait=120)
print(image.id, server.status)
cloud.compute.delete_server(server)
cloud.compute.wait_for_delete(server)
"""
    done = unmodified(lab, entry, "python", "-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [resource_id("image", "CloudTwo"), "ACTIVE"]


def test_an_unmodified_library_by_the_url_of_a_service(lab: Any, entry: dict[str, Any]) -> None:
    """With a plain token: the scope is in the URL of the one service."""
    program = """
import openstack, sys
cloud = openstack.connect(auth_url=sys.argv[1], image_endpoint_override=sys.argv[2])
print(*(image.id for image in cloud.image.images(name="cirros")))
"""
    gateway = frontend(lab, "CloudOne")
    done = unmodified(lab, entry, "python", "-c", program, f"{gateway}/identity/v3", f"{gateway}/image/{IMAGE_ALONE}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [resource_id("image", "CloudTwo")]


def test_connect_and_scoped(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(Path(lab["state_dir"], "clouds.yaml")))

    def images(cloud: openstack.connection.Connection) -> set[str]:
        return {image.id for image in cloud.image.images(name="cirros")}

    with openstackoid.connect(cloud="CloudOne", scope={"image": "CloudTwo"}) as cloud:
        assert images(cloud) == {resource_id("image", "CloudTwo")}
    with openstack.connect(cloud="CloudOne") as cloud:
        assert images(cloud) == {resource_id("image", "CloudOne")}
        with openstackoid.scoped(cloud, {"image": "CloudTwo"}):
            assert images(cloud) == {resource_id("image", "CloudTwo")}
            with openstackoid.scoped(cloud, None):
                assert images(cloud) == {resource_id("image", "CloudOne")}
        assert images(cloud) == {resource_id("image", "CloudOne")}


def test_a_session_of_keystoneauth(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(Path(lab["state_dir"], "clouds.yaml")))
    session: Session = openstack.config.OpenStackConfig().get_one("CloudOne").get_session()
    glance = {"service_type": "image", "interface": "public", "region_name": "CloudOne"}

    def ids() -> set[str]:
        answer = session.get("/v2/images?name=cirros", endpoint_filter=glance)
        return {image["id"] for image in answer.json()["images"]}

    assert ids() == {resource_id("image", "CloudOne")}
    with openstackoid.scoped(session, '{"image": "CloudTwo"}'):
        assert ids() == {resource_id("image", "CloudTwo")}
    assert ids() == {resource_id("image", "CloudOne")}
