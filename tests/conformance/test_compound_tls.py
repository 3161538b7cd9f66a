# SPDX-License-Identifier: Apache-2.0
"""``A | B`` between gateways with certificates: each cloud gets a token that is bound to it, and to the scope that it sees."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.haproxy_counts import requests_of
from conformance.secure import Secure, secure_world
from openstackoid.binding import KeyRepository, Kind, is_bound
from openstackoid.bridge.binding.binder import Binder
from openstackoid.scope import join_token, split_token

TOKEN = "gAAAAABm" + "u" * 120
DOCUMENT = {"Content-Type": "application/json"}
DELEGATION = "{'*': {users: {network: [GET /v2.0/ports]}, tokens: [login]}}"
PORTS = {"CloudOne": "/network/v2.0/ports", "CloudTwo": "/net/v2.0/ports"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with secure_world(tmp_path_factory.mktemp("certificates"), DELEGATION, unserved=["dns"]) as secure:
        yield secure


@pytest.fixture(autouse=True)
def answers(world: Secure) -> Iterator[dict[str, int]]:
    """The statuses of servers by their names."""
    yield world.recorder.statuses
    world.recorder.statuses.clear()


def seen(world: Secure) -> list[tuple[str, str, str]]:
    """Return server, token and scope of each request."""
    found = [(seen.server, *split_token(seen.header("x-auth-token"))) for seen in world.recorder.seen]
    return [(server, token, scope or "") for server, token, scope in found]


def lines(world: Secure, cloud: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(world.folders[cloud], "audit.log").read_text().splitlines()]


def test_each_cloud_gets_the_token_that_is_for_it(world: Secure, answers: dict[str, int]) -> None:
    answers["image of CloudOne"] = 404
    headers = {"X-Auth-Token": TOKEN, "X-Scope": "image=CloudOne|CloudTwo"}
    scope = '{"*":"CloudOne","image":"CloudOne | CloudTwo"}'
    for _ in range(2):
        assert world.ask("CloudOne", "GET", "/image/v2/images/x", headers)[0] == 200
        one, two = seen(world)
        assert one == ("image of CloudOne", TOKEN, scope)
        assert (two[0], is_bound(two[1]), two[2]) == ("image of CloudTwo", True, scope)
        opened = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).open(two[1], "CloudTwo")
        assert (opened.token, opened.kind, opened.holds_for(scope)) == (TOKEN, Kind.USER, True)
    line = lines(world, "CloudTwo")[-1]
    assert (line["service"], line["outcome"], line["status"], line["sender"]) == ("image", "allowed", 200, "CloudOne")


def test_a_service_abroad_has_the_token_it_was_given_sent_to_each_cloud(world: Secure, answers: dict[str, int]) -> None:
    """As Nova of CloudTwo does in a workflow of a user of CloudOne."""
    answers["network of CloudOne"] = 404
    scope = '{"*":"CloudOne","compute":"CloudTwo","network":"CloudOne | CloudTwo"}'
    bound = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).bind(TOKEN, Kind.USER, "CloudTwo", scope, 86_400)
    assert world.ask("CloudTwo", "GET", PORTS["CloudTwo"], {"X-Auth-Token": join_token(bound, scope)})[0] == 200
    one, two = seen(world)
    assert one == ("network of CloudOne", TOKEN, scope)
    assert two == ("network of CloudTwo", bound, scope)


def test_a_write_is_bound_to_the_scope_with_its_cloud(world: Secure, answers: dict[str, int]) -> None:
    headers = {"X-Auth-Token": TOKEN, "X-Scope": "CloudTwo|CloudOne", "Content-Type": "application/json"}
    assert world.ask("CloudOne", "POST", "/compute/v2.1/servers", headers, b'{"server":{}}')[0] == 200
    ((server, token, scope),) = seen(world)
    expected = '{"*":"CloudTwo | CloudOne","identity":"CloudOne","compute":"CloudTwo","network":"CloudTwo"}'
    assert (server, scope) == ("compute of CloudTwo", expected)
    assert Binder(KeyRepository(world.folders["CloudOne"] / "keys")).open(token, "CloudTwo").holds_for(scope)


@pytest.mark.parametrize(
    ("path", "headers", "by_python"),
    [
        ("/image/", {}, False),
        ("/image/v2/", {"Via": "1.1 openstackoid"}, False),
        # It is removed, as WSGI servers read it as a token.
        ("/image/", {"x_auth_token": TOKEN}, False),
        ("/image/v2/images", {}, True),
        *(
            ("/image/", {name: value}, True)
            for name, value in (
                ("X-Auth-Token", ""),
                ("X-Auth-Token", TOKEN),
                ("X-Service-Token", TOKEN),
                ("X-Storage-Token", TOKEN),
                ("Authorization", "Basic x"),
                ("X-Scope", "image=CloudTwo"),
            )
        ),
    ],
)
def test_haproxy_alone_answers_a_peers_probe_and_no_more(
    path: str, headers: dict[str, str], by_python: bool, world: Secure
) -> None:
    """A probe would wait for one of the places that any client may take."""
    stats = world.folders["CloudTwo"] / "haproxy.sock"
    before = requests_of(stats, "bridge")["BACKEND"]
    port, context = world.gates["CloudTwo"], world.certificates.client("CloudOne.pem")
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        secured.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{lines}\r\n".encode())
        assert secured.recv(65536).startswith(b"HTTP/1.1 ")
    assert (requests_of(stats, "bridge")["BACKEND"] > before) == by_python


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS"])
def test_python_judges_what_else_a_peer_sends(method: str, world: Secure) -> None:
    stats = world.folders["CloudTwo"] / "haproxy.sock"
    before = requests_of(stats, "bridge")["BACKEND"]
    connection = http.client.HTTPSConnection(
        "127.0.0.1", world.gates["CloudTwo"], timeout=60, context=world.certificates.client("CloudOne.pem")
    )
    connection.request(method, "/image/")
    connection.getresponse().read()
    connection.close()
    assert requests_of(stats, "bridge")["BACKEND"] == before + 1


UNSENT = "x-openstackoid-unsent"


def test_a_write_goes_on_where_the_service_of_a_peer_was_sent_nothing(world: Secure) -> None:
    """The peer's gateway is there, so it says so."""
    headers = {"X-Auth-Token": TOKEN, "X-Scope": "dns=CloudTwo|CloudOne"} | DOCUMENT
    for _ in range(3):
        answer = world.ask("CloudOne", "POST", "/dns/v2/zones", headers, b"{}")
        assert (answer[0], [server for server, _, _ in seen(world)]) == (200, ["dns of CloudOne"]), answer
        assert UNSENT not in answer[1]
    status, told, document = world.ask("CloudOne", "POST", "/dns/v2/zones", {**headers, "X-Scope": "dns=CloudTwo"}, b"{}")
    assert (status, UNSENT in told, seen(world)) == (503, False, [])
    assert "dns of CloudTwo" in document["error"]["message"]


@pytest.mark.parametrize("claimed", [{}, {"X-Openstackoid-Wire": "3"}, {"X-Openstackoid-From": "CloudOne"}])
def test_no_client_is_told_so_in_a_header(claimed: dict[str, str], world: Secure) -> None:
    status, told, _ = world.ask("CloudTwo", "POST", "/dns/v2/zones", {"X-Scope": "dns=CloudTwo", **claimed} | DOCUMENT, b"{}")
    assert (status, [name for name in told if name.startswith("x-openstackoid")]) == (503, [])


def test_a_service_that_says_so_itself_is_not_believed(world: Secure) -> None:
    world.recorder.statuses["network of CloudTwo"] = 503
    headers = {"X-Scope": "network=CloudTwo|CloudOne", "X-Answer-With": f"{UNSENT}: 1"} | DOCUMENT
    status, told, _ = world.ask("CloudOne", "POST", "/network/v2.0/networks", headers, b"{}")
    assert (status, UNSENT in told, [server for server, _, _ in seen(world)]) == (503, False, ["network of CloudTwo"])


def test_the_refusal_of_a_policy_is_the_answer(world: Secure) -> None:
    """Delegation of CloudOne lets CloudTwo list ports, and no networks."""
    scope = '{"*":"CloudOne","compute":"CloudTwo","network":"CloudOne | CloudTwo"}'
    bound = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).bind(TOKEN, Kind.USER, "CloudTwo", scope, 86_400)
    answer = world.ask("CloudTwo", "GET", "/net/v2.0/networks", {"X-Auth-Token": join_token(bound, scope)})
    assert (answer[0], seen(world)) == (403, [])


def test_a_peer_that_cannot_prove_itself_is_passed_over(world: Secure) -> None:
    headers = {"X-Auth-Token": TOKEN, "X-Scope": "image=Stranger|Plain|CloudTwo"}
    assert world.ask("CloudOne", "GET", "/image/v2/images/x/file", headers)[0] == 200
    assert [server for server, _, _ in seen(world)] == ["image of CloudTwo"]
    status, _, document = world.ask("CloudOne", "GET", "/image/v2/images/x", {**headers, "X-Scope": "image=Stranger|Plain"})
    message = document["error"]["message"]
    assert (status, "image of Stranger" in message, "image of Plain" in message) == (503, True, True)


@pytest.mark.parametrize("carrier", ["X-Storage-Token", "X-Subject-Token", "Authorization"])
@pytest.mark.parametrize(("method", "operator"), [("GET", "&"), ("POST", "|")])
def test_a_token_in_any_header_is_bound_to_the_scope_of_its_cloud(
    carrier: str, method: str, operator: str, world: Secure
) -> None:
    value = f"Bearer {TOKEN}" if carrier == "Authorization" else TOKEN
    for auth in (TOKEN, ""):
        headers = {"X-Auth-Token": auth, carrier: value, "X-Scope": f"network=CloudTwo {operator} CloudOne"} | DOCUMENT
        answer = world.ask("CloudOne", method, "/network/v2.0/networks", headers, b"{}" if method == "POST" else None)
        sent = [
            found.header(carrier.lower()).removeprefix("Bearer ") for found in world.recorder.seen if "CloudTwo" in found.server
        ]
        assert sent, answer
        for token in sent:
            bound = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).open(token, "CloudTwo")
            assert bound.holds_for('{"*":"CloudOne","network":"CloudTwo"}')
