# SPDX-License-Identifier: Apache-2.0
"""A session ends with its token, with its role, and after some hours; the log-ins of a minute are limited."""

import json
import time
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from openstackoid.console.errors import ConsoleError, NoAnswerError
from openstackoid.console.keystone import Keystone, LogIn, Person, keystone_of
from openstackoid.console.sessions import ASKED_AGAIN, LONGEST, TRIES, Sessions
from openstackoid.mesh import parse_mesh
from unit.bridge.stage import played, token
from unit.console.seen import Played, mesh, people

FORM = LogIn("ops", "right", "Default", "demo", "Default")


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def sessions(clock: Clock, **known: Person) -> tuple[Sessions, Played]:
    keystone = Played("http://keystone", people=people() | known)
    return Sessions(lambda: keystone, frozenset({"admin"}), clock), keystone


@played
async def test_a_revoked_token_ends_the_session_within_a_minute() -> None:
    clock = Clock()
    held, keystone = sessions(clock)
    cookie = await held.log_in(FORM)
    del keystone.people["ops"]
    assert await held.person(cookie) is not None
    clock.now += ASKED_AGAIN
    assert await held.person(cookie) is None
    assert held.known(cookie) is None


@played
async def test_a_role_that_is_taken_away_ends_the_session() -> None:
    clock = Clock()
    held, keystone = sessions(clock)
    cookie = await held.log_in(FORM)
    keystone.people["ops"] = keystone.people["ada"]
    clock.now += ASKED_AGAIN
    assert await held.person(cookie) is None


@played
async def test_a_session_ends_with_its_token_or_after_some_hours() -> None:
    clock = Clock()
    long = Person("ops", "Default", "demo", frozenset({"admin"}), clock.now + 10 * LONGEST)
    held, keystone = sessions(clock, ops=long)
    cookie = await held.log_in(FORM)
    clock.now += LONGEST
    assert await held.person(cookie) is None
    keystone.people["ops"] = Person("ops", "Default", "demo", frozenset({"admin"}), clock.now + 30)
    cookie = await held.log_in(FORM)
    clock.now += 30
    assert (held.known(cookie), await held.person(cookie)) == (None, None)


@played
async def test_the_log_ins_of_a_minute_are_limited() -> None:
    clock = Clock()
    held, _ = sessions(clock)
    for _ in range(TRIES):
        with pytest.raises(ConsoleError, match="does not accept"):
            await held.log_in(LogIn("ops", "wrong", "Default", "demo", "Default"))
    with pytest.raises(ConsoleError, match="try again in a minute"):
        await held.log_in(FORM)
    clock.now += 61
    assert await held.log_in(FORM)


def test_neither_password_nor_token_is_shown() -> None:
    assert "right" not in repr(FORM)


@played
async def test_keystone_is_asked_as_it_documents() -> None:
    asked: list[tuple[str, str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        asked.append((request.method, request.path, json.loads(body) if body else dict(request.headers)))
        if request.method == "DELETE":
            return web.Response(status=204)
        if request.method == "POST" and json.loads(body)["auth"]["identity"]["password"]["user"]["password"] != "right":
            return web.json_response({"error": {}}, status=401)
        told = token("admin", expires_at="2030-01-01T00:00:00.000000Z")
        return web.json_response(told, status=201 if request.method == "POST" else 200, headers={"X-Subject-Token": "t1"})

    app = web.Application()
    app.router.add_route("*", "/identity/v3/auth/tokens", answer)
    async with TestServer(app) as server:
        keystone = Keystone(f"http://127.0.0.1:{server.port}/identity/")
        given, person = await keystone.log_in(FORM)
        assert (given, person.name, person.domain, person.project) == ("t1", "demo", "Default", "demo")
        assert person.roles == {"admin"}
        assert person == await keystone.person("t1")
        await keystone.revoke("t1")
        with pytest.raises(ConsoleError, match="does not accept user, password and project"):
            await keystone.log_in(LogIn("ops", "wrong", "Default", "demo", "Default"))
    assert [method for method, _, _ in asked] == ["POST", "GET", "DELETE", "POST"]
    assert asked[0][2]["auth"]["scope"] == {"project": {"name": "demo", "domain": {"name": "Default"}}}
    assert (asked[1][2]["X-Auth-Token"], asked[1][2]["X-Subject-Token"]) == ("t1", "t1")
    with pytest.raises(NoAnswerError, match="does not answer"):
        await keystone.person("t1")


def test_the_keystone_is_the_backend_so_that_log_ins_work_while_the_gateway_is_down() -> None:
    assert keystone_of(mesh(), "CloudOne").url == "http://10.0.1.20:80/identity"
    assert keystone_of(mesh(), "CloudTwo").url == "http://10.0.2.10:80/identity"
    assert keystone_of(mesh(), "CloudOne", "https://keystone.example/v3").url == "https://keystone.example/v3"
    with pytest.raises(ConsoleError, match="CloudThree has no Keystone"):
        keystone_of(mesh(), "CloudThree")
    text = 'mesh: 1\nclouds:\n  A:\n    services:\n      identity: {frontend: "http://10.0.0.1/identity"}\n'
    with pytest.raises(ConsoleError, match="there is no PEM certificate"):
        keystone_of(parse_mesh(text), "A", "https://keystone.example", "/nonexistent")
