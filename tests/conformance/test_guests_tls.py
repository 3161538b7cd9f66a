# SPDX-License-Identifier: Apache-2.0
"""Guests that other gateways bring: an admission is for one sender, which alone is told of it."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.case import newer_form
from conformance.gateway import forgetful, started
from conformance.recorder import Recorder, free_ports
from conformance.secure import Certificates
from openstackoid.bridge.audit.admission_header import decode

SCOPE = '{"*":"CloudTwo","image":"CloudOne"}'
DESCRIPTION = """
mesh: 1
clouds:
  CloudOne:
    gateway: {{timeouts: {{connect: 1, server: 5, check: 1}}, tls: {{certificate: '{folder}/CloudOne.pem', authority: '{ca}'}}}}
    policy:
      peers:
        CloudTwo:
          services: {{image: all}}
          through: [Nobody]
          people: [{{name: staff, users: {{names: demo}}, roles: {{member: member}}}}]
    services:
      identity: {{frontend: 'https://127.0.0.1:{gate}/identity', backend: 'http://127.0.0.1:{identity}'}}
      image: {{frontend: 'https://127.0.0.1:{gate}/image', backend: 'http://127.0.0.1:{image}'}}
  CloudTwo:
    services: {{identity: {{frontend: 'https://127.0.0.1:{two}/identity'}}, image: {{frontend: 'https://127.0.0.1:{two}/image'}}}}
  Nobody:
    services: {{identity: {{frontend: 'https://127.0.0.1:1/identity'}}}}
"""


class World:
    """A gateway of CloudOne on https, its services, and CloudTwo's Keystone."""

    def __init__(self, certificates: Certificates, gate: int, recorder: Recorder, sockets: Path) -> None:
        self.recorder = recorder
        self._certificates = certificates
        self._gate = gate
        self._sockets = sockets

    def ask(self, token: str, certificate: str | None, **more: str) -> tuple[int, Mapping[str, str]]:
        """Ask for images as the gateway of a cloud, or as a user, and return the status and the headers of the answer."""
        context = self._certificates.client(certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", self._gate, timeout=20, context=context)
        self.recorder.seen.clear()
        try:
            headers = {"X-Case": "guests", "X-Auth-Token": f"{token}!SCOPE!{SCOPE}"}
            headers |= {name.replace("_", "-"): value for name, value in more.items()}
            connection.request("GET", "/image/v2/images", headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    @contextmanager
    def without_python(self) -> Iterator[None]:
        away = self._sockets.rename(self._sockets.with_name("away.sock"))
        try:
            yield
        finally:
            away.rename(self._sockets)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    certificates, ports, recorder = Certificates(tmp_path_factory.mktemp("certificates")), free_ports(), Recorder()
    at = {name: next(ports) for name in ("gate", "identity", "image", "two")}
    text = DESCRIPTION.format(folder=certificates.folder, ca=certificates.authority, **at)
    recorder.of_tokens = {"expires_at": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    recorder.serve("identity of CloudOne", at["identity"])
    recorder.serve("CloudOne", at["image"])
    recorder.serve("CloudTwo", at["two"], certificates.server("CloudTwo.pem"))
    try:
        with started(text, "CloudOne", with_bridge=True, edit_haproxy=forgetful) as (runtime, _):
            yield World(certificates, at["gate"], recorder, Path(runtime.bridge_socket))
    finally:
        recorder.close()


@pytest.mark.parametrize("token", ["of-CloudTwo-a", "bound1.AAAA"], ids=["a token", "a bound token"])
def test_the_gateway_that_asked_is_told_of_each_use(world: World, token: str) -> None:
    cold, cold_headers = world.ask(token, "CloudTwo.pem")
    with world.without_python():
        warm, warm_headers = world.ask(token, "CloudTwo.pem")
    assert (cold, warm) == (200, 200)
    assert warm_headers["x-openstackoid-use"] == cold_headers["x-openstackoid-use"]
    told = decode(warm_headers["x-openstackoid-use"])
    assert told is not None
    assert told.rule == "CloudTwo/staff"
    (seen,) = world.recorder.seen
    sent = {name.lower(): value for name, value in seen.headers}
    assert (sent["x-auth-token"], sent["x-forwarded-proto"]) == (newer_form(f"{token}!SCOPE!{SCOPE}"), "https")


@pytest.mark.parametrize(("first", "second"), [("CloudTwo.pem", None), (None, "CloudTwo.pem"), ("CloudTwo.pem", "Nobody.pem")])
def test_an_admission_is_for_one_sender(world: World, first: str | None, second: str | None) -> None:
    token = f"of-CloudTwo-{first}-{second}"
    assert world.ask(token, first)[0] == 200
    with world.without_python():
        assert world.ask(token, first)[0] == 200
        assert world.ask(token, second)[0] == 503


def test_under_clouds_in_turn_an_admission_is_for_the_gateway_that_has_chosen_this_one(world: World) -> None:
    token = newer_form('of-CloudTwo-in-turn!SCOPE!{"*":"CloudTwo","image":"CloudTwo | CloudOne"}')

    def ask(certificate: str | None) -> int:
        return world.ask("", certificate, X_Auth_Token=token)[0]

    assert ask("CloudTwo.pem") == 200
    with world.without_python():
        assert ask("CloudTwo.pem") == 200
        (seen,) = world.recorder.seen
        assert (seen.server, {name.lower(): value for name, value in seen.headers}["x-auth-token"]) == ("CloudOne", token)
        assert ask(None) == 503
    assert ask(None) == 200
    assert {seen.server for seen in world.recorder.seen if "/images" in seen.path} == {"CloudTwo"}


def test_a_user_is_told_nothing_of_an_admission(world: World) -> None:
    assert not [name for name in world.ask("of-CloudTwo-b", None)[1] if name.startswith("x-openstackoid")]
    with world.without_python():
        status, headers = world.ask("of-CloudTwo-b", None)
    assert status == 200
    assert not [name for name in headers if name.startswith("x-openstackoid")]


@pytest.mark.parametrize(("service", "accepted"), [("demo@a", True), ("bound1.BBBB", True), ("nova@a", False)])
def test_the_token_of_a_peers_service_does_not_slow_the_user_down(world: World, service: str, accepted: bool) -> None:
    """A peer's Nova reads an image here, with its own token beside the user's; one that the policy refuses is left out."""
    user, sent = f"of-CloudTwo-{service[:2]}", newer_form(f'{service}!SCOPE!{{"*":"CloudTwo"}}')
    assert world.ask(user, "CloudTwo.pem", X_Service_Token=sent)[0] == 200
    (cold,) = world.recorder.seen
    with world.without_python():
        assert world.ask(user, "CloudTwo.pem", X_Service_Token=sent)[0] == 200
        (warm,) = world.recorder.seen
        assert world.ask(user, "CloudTwo.pem", X_Service_Token=f"x{sent}")[0] == 503
        assert world.ask(user, "CloudTwo.pem")[0] == 503
    for seen in (cold, warm):
        assert [value for name, value in seen.headers if name.lower() == "x-service-token"] == ([sent] if accepted else [])
