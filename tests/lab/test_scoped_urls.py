# SPDX-License-Identifier: Apache-2.0
"""A scope in a URL on real clouds: all routes that issue tokens, requests without a token, and odd spellings."""

import hashlib
import hmac
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from examples.session import authority
from lab.meaning import PATIENCE, World
from openstackoid.routing.pages import USER
from openstackoid.routing.token_routes import TOKEN_ROUTES
from openstackoid.scope import join_token

DONE = '{"*":"CloudOne","image":"CloudTwo"}'
IMAGES = "/scope/image=CloudTwo/v2/images?name=cirros"
KEY, TEXT = "a key of this test alone", b"an object of a member of CloudOne in CloudTwo"
_ROUTES = Path(__file__).with_name("keystone_token_routes.py")


def test_every_route_of_keystone_that_gives_a_token_is_known(lab: Any) -> None:
    told = subprocess.run([f"{lab['venv']}/bin/python", str(_ROUTES)], capture_output=True, text=True, check=True, timeout=120)
    theirs = json.loads(told.stdout)
    ours = {route.path: set(route.methods) for route in TOKEN_ROUTES if not route.path.startswith("/v2.0/")}
    assert set(theirs) == set(ours)
    assert {path for path, methods in ours.items() if not methods <= set(theirs[path])} == set()


@pytest.mark.parametrize("route", [route for route in TOKEN_ROUTES if route.instead], ids=lambda route: route.path)
def test_a_route_that_cannot_carry_a_scope_is_refused(world: World, route: Any) -> None:
    path = route.path.replace("*", "x")
    answer = world.ask(route.methods[-1], "CloudOne", "identity", f"/scope/image=CloudTwo{path}", {})
    assert answer.status_code == 400
    assert f"{route.path} cannot put into a token; {route.instead}" in answer.json()["error"]["message"]


def test_a_token_by_an_ec2_signature_carries_the_scope_or_there_is_none(world: World) -> None:
    """A member may not ask for one, which Keystone itself says."""
    token = world.token("CloudOne")
    answer = world.ask("POST", "CloudOne", "identity", "/scope/image=CloudTwo/v3/ec2tokens", {}, X_Auth_Token=token)
    assert (answer.status_code, answer.headers.get("X-Subject-Token")) == (403, None)


def test_a_services_url_leads_to_its_cloud_by_any_token(world: World) -> None:
    token = world.token("CloudOne")
    for headers in ({"X_Auth_Token": token}, {"X_Auth_Token": join_token(token, DONE)}):
        answer = world.ask("GET", "CloudOne", "image", IMAGES, **headers)
        (image,) = answer.json()["images"]
        assert world.owners[image["id"]] == "CloudTwo"
    other = world.ask("GET", "CloudOne", "image", IMAGES, X_Auth_Token=token, X_Scope='{"image":"CloudOne"}')
    assert other.status_code == 400


def test_a_client_that_follows_links_keeps_the_scope(world: World) -> None:
    root = world.url("CloudOne", "image", "/scope/image=CloudTwo")
    versions = world.ask("GET", "CloudOne", "image", "/scope/image=CloudTwo").json()["versions"]
    assert {link["href"].startswith(f"{root}/v2") for version in versions for link in version["links"]} == {True}
    page = world.ask("GET", "CloudOne", "identity", "/scope/image=CloudTwo/v3//").json()
    assert page["version"]["links"][0]["href"].rstrip("/") == world.url("CloudOne", "identity", "/scope/image=CloudTwo/v3")


@pytest.mark.parametrize(
    "path", ["//scope/image=CloudTwo", "/Scope/image=CloudTwo", "/%73cope/image=CloudTwo", "/scope%2Fimage=CloudTwo"]
)
@pytest.mark.parametrize(("service", "rest"), [("identity", "/v3"), ("image", "/v2/images")])
def test_another_spelling_is_refused(world: World, service: str, path: str, rest: str) -> None:
    url = world.url("CloudOne", service, "") + path + rest
    session = requests.Session()
    asked = session.prepare_request(requests.Request("GET", url, headers={"X-Auth-Token": world.token("CloudOne")}))
    asked.url = url
    answer = session.send(asked, timeout=PATIENCE, verify=authority())
    assert answer.status_code == 400
    assert "directly after the service's root" in answer.json()["error"]["message"]


@pytest.fixture(scope="module")
def object_path(world: World) -> Iterator[str]:
    """The path of an object of CloudOne's member in CloudTwo's Swift, as that Swift knows it.

    Without a token nothing tells whose project a path means, so it names the project by its id in CloudTwo.
    """
    scoped = {"X_Auth_Token": world.token("CloudOne"), "X_Scope": '{"object-store":"CloudTwo"}'}
    origin = world.url("CloudOne", "identity", "").rpartition("/")[0]
    sent = {name.replace("_", "-"): value for name, value in scoped.items()}
    shown = requests.get(f"{origin}{USER}", headers=sent, timeout=PATIENCE, verify=authority()).json()
    (project,) = (row["project"]["id"] for row in shown["clouds"] if row["cloud"] == "CloudTwo")
    account = f"/v1/AUTH_{project}"
    container = f"{account}/c-{uuid4().hex[:8]}"

    def change(method: str, path: str, **headers: str) -> None:
        answer = world.ask(method, "CloudOne", "object-store", path, **scoped, **headers)
        assert answer.status_code < 300, answer.text

    change("POST", account, X_Account_Meta_Temp_URL_Key=KEY)
    change("PUT", container)
    url = world.url("CloudOne", "object-store", f"{container}/a/b")
    assert requests.put(url, data=TEXT, headers=sent, timeout=PATIENCE, verify=authority()).status_code == 201
    yield f"{container}/a/b"
    change("DELETE", f"{container}/a/b")
    change("DELETE", container)
    change("POST", account, X_Remove_Account_Meta_Temp_URL_Key="x")


def signed(method: str, path: str) -> str:
    """Return a temporary URL of an object, as `swift tempurl` makes it: of the path that its Swift sees."""
    expires = int(time.time()) + 300
    signature = hmac.new(KEY.encode(), f"{method}\n{expires}\n{path}".encode(), hashlib.sha256).hexdigest()
    return f"{path}?temp_url_sig={signature}&temp_url_expires={expires}"


THERE = "/scope/object-store=CloudTwo"


def test_a_temporary_url_of_the_other_clouds_swift(world: World, object_path: str) -> None:
    answer = world.ask("GET", "CloudOne", "object-store", THERE + signed("GET", object_path))
    assert (answer.status_code, answer.content) == (200, TEXT)
    at_home = world.ask("GET", "CloudOne", "object-store", signed("GET", object_path))
    assert at_home.status_code in (401, 404), "the home cloud's Swift has not got it"
    forged = world.ask("GET", "CloudOne", "object-store", THERE + signed("GET", object_path).replace("sig=", "sig=0"))
    assert forged.status_code == 401
    signed_otherwise = world.ask("GET", "CloudOne", "object-store", signed("GET", THERE + object_path))
    assert signed_otherwise.status_code in (400, 401), "the scope is no part of what is signed"


def test_an_upload_by_a_temporary_url(world: World, object_path: str) -> None:
    url = world.url("CloudOne", "object-store", THERE + signed("PUT", object_path))
    answer = requests.put(url, data=TEXT, timeout=PATIENCE, verify=authority())
    assert answer.status_code == 201


def test_a_public_container_and_a_preflight(world: World, object_path: str) -> None:
    container = object_path.removesuffix("/a/b")
    path = THERE + object_path
    assert world.ask("GET", "CloudOne", "object-store", path).status_code == 401
    scoped = {"X_Auth_Token": world.token("CloudOne"), "X_Scope": '{"object-store":"CloudTwo"}'}
    public = {"X_Container_Read": ".r:*", "X_Container_Meta_Access_Control_Allow_Origin": "https://page.example"}
    assert world.ask("POST", "CloudOne", "object-store", container, **scoped, **public).status_code == 204
    answer = world.ask("GET", "CloudOne", "object-store", path)
    assert (answer.status_code, answer.content) == (200, TEXT)
    preflight = world.ask(
        "OPTIONS", "CloudOne", "object-store", path, Origin="https://page.example", Access_Control_Request_Method="GET"
    )
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, "https://page.example")


def test_a_signature_over_the_url_is_refused_in_words(world: World, object_path: str) -> None:
    answer = world.ask("GET", "CloudOne", "object-store", THERE + object_path, Authorization="AWS4-HMAC-SHA256 Credential=x")
    assert answer.status_code == 400
    assert "send the scope in X-Scope" in answer.json()["error"]["message"]
