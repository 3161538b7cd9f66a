# SPDX-License-Identifier: Apache-2.0
"""Requests that mean something else to a service than they say: to real Glance, Keystone and Nova behind real gateways."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from examples.session import User, tls
from lab.meaning import World
from lab.plain_http import frontend, raw
from lab.tokens import token_of
from openstackoid.scope import join_token

THERE = '{"*":"CloudOne","identity":"CloudTwo"}'
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
EVIL = "evil.example"
CLAIMS = (
    *("X-Forwarded-Host", "X_Forwarded_Host", "X-Forwarded_Host", "x_forwarded-host", "X_FORWARDED_HOST"),
    *("X-Forwarded-Prefix", "X_Forwarded_Prefix", "X_Forwarded_Proto", "X_Forwarded_Port", "Forwarded"),
)


def made(world: World, token: str) -> Any:
    """Return an image of the user of a token."""
    status, image = send(world, "POST", "/v2/images", token, b'{"name":"form","visibility":"shared"}', JSON)
    assert status == 201, image
    return json.loads(image)


def send(world: World, method: str, path: str, token: str, body: bytes | None = None, kind: str = "") -> tuple[int, str]:
    headers = {"X-Auth-Token": token} | ({"Content-Type": kind} if kind else {})
    try:
        with urlopen(
            Request(world.url("CloudOne", "image", path), body, headers, method=method), timeout=60, context=tls()
        ) as got:
            return got.status, got.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_body_of_another_clouds_user_names_no_method(world: World) -> None:
    admin, own, guest = (
        token_of(User("CloudOne-admin")),
        token_of(User("CloudOne")),
        join_token(token_of(User("CloudTwo")), THERE),
    )

    def accepted(token: str) -> tuple[int, str]:
        """Have a member of a shared image post a form that names PUT; return the status, and that of the member in Glance."""
        owned = made(world, token)
        shared = made(world, admin)
        try:
            members = f"/v2/images/{shared['id']}/members"
            said = send(world, "POST", members, admin, json.dumps({"member": owned["owner"]}).encode(), JSON)
            assert said[0] == 200, said
            member = f"{members}/{owned['owner']}"
            posted = send(world, "POST", member, token, b'{"status":"accepted","x":"&_method=PUT&"}', FORM)[0]
            return posted, json.loads(send(world, "GET", member, admin)[1])["status"]
        finally:
            send(world, "DELETE", f"/v2/images/{owned['id']}", token)
            send(world, "DELETE", f"/v2/images/{shared['id']}", admin)

    assert accepted(own) == (200, "accepted"), "Glance takes the method from the form"
    assert accepted(guest) == (415, "pending")


@pytest.mark.parametrize("scope", ["", '{"*":"CloudOne"}', '{"*":"CloudTwo"}'])
@pytest.mark.parametrize("path", ["/identity/v3", "/identity/", "/image/", "/image/versions", "/compute/", "/compute/v2.1"])
def test_no_spelling_of_a_proxys_header_gets_into_links(lab: Any, path: str, scope: str) -> None:
    headers = [(name.encode(), EVIL.encode()) for name in CLAIMS if name != "Forwarded"]
    headers += [(b"Forwarded", f"host={EVIL};proto=http".encode())]
    headers += [(b"X-Scope", scope.encode())] if scope else []
    answer = raw(frontend(lab, "CloudOne") + path, "GET", *headers)
    assert int(answer.start.split()[1]) < 400, answer
    assert EVIL not in str(answer)
