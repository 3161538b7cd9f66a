# SPDX-License-Identifier: Apache-2.0
"""A guest that the Python service has let in comes in by HAProxy alone: with the same token, within the rule, for a while."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.case import auth, newer_form, plain, service
from conformance.gateway import RunningGateway, forgetful, running_gateways
from conformance.guests import AT_HOME, FOREIGN, HOME_ID, SCOPE, alone, ask, ends, fresh, lent


@pytest.fixture(scope="module")
def one() -> Iterator[RunningGateway]:
    with running_gateways("CloudOne", edit=lent, edit_haproxy=forgetful, audited=True) as (gateway,):
        gateway.recorder.of_tokens = {"expires_at": ends(), "project": AT_HOME}
        yield gateway


def came(gateway: RunningGateway) -> tuple[str, str, str]:
    """Return the path, the user's token and the number of tokens of the one request that a server has seen."""
    (seen,) = gateway.recorder.seen
    headers = [(name.lower(), value) for name, value in seen.headers]
    return seen.path, dict(headers)["x-auth-token"], str(sum(name == "x-auth-token" for name, _ in headers))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_next_read_is_haproxys_alone_and_reaches_the_service_alike(one: RunningGateway, method: str) -> None:
    token = fresh("ada")
    assert ask(one, "/image/v2/images", token, method=method)[0] == 200
    cold = came(one)
    assert alone(one, "/image/v2/images", token, method=method) == 200
    assert came(one) == cold
    assert cold[1] == newer_form(token[1])


def test_the_scope_may_stand_beside_the_token(one: RunningGateway) -> None:
    token = auth(f"beside{time.monotonic_ns()}")
    assert ask(one, "/image/v2/images", token, plain(SCOPE))[0] == 200
    assert alone(one, "/image/v2/images", token, plain(SCOPE)) == 200
    assert came(one)[1] == newer_form(f"{token[1]}!SCOPE!{SCOPE}")
    assert alone(one, "/image/v2/images", auth(f"{token[1]}!SCOPE!{SCOPE}")) == 503


@pytest.mark.parametrize(
    ("first", "path"),
    [
        ("/image/v2/images/y/file", "/image/v2/images/x/file?a=b|c"),
        ("/image/v2/images", "/image/v2/images/y"),
        ("/image/v2/images/y", "/image/v2/images/"),
        ("/image/v2/images?limit=9", "/image/v2/images/x"),
        ("/image/v2/images/y", "/image/v2/images?limit=5%20"),
    ],
)
def test_further_paths_of_the_rule_are_haproxys_as_well(one: RunningGateway, first: str, path: str) -> None:
    """Of the same class: those whose answers the Python service would rewrite, if they were a peer's, are one."""
    token = fresh("ada")
    assert ask(one, first, token)[0] == 200
    assert alone(one, path, token) == 200
    assert came(one)[0] == path


@pytest.mark.parametrize(
    "path",
    [
        "/image/v2/tasks",
        "/image/v2/images/x/../../tasks",
        "/image/v2/images/%2e%2e/tasks",
        "/image/v2/images/x%2Fy",
        "/image//v2/images",
        "/image/v2/images?_method=DELETE",
        "/image/v2/images?a=b;%5Fmetho%64=PUT",
        "/image/v2/images?a=b%26_method=PUT",
        f"/image/v2/images?owner={HOME_ID}",
        "/image/v2/images?own%65r=x",
        f"/image/v2/images/x/members/{HOME_ID}",
        f"/image/v2/images/x/members/{HOME_ID}/",
        "/image/v2/images|",
        "/image/v2/tasks?a|:00",
        "/compute/v2.1/servers",
        "/image/v2",
    ],
)
def test_another_path_is_the_python_services(one: RunningGateway, path: str) -> None:
    token = fresh("ada")
    assert ask(one, "/image/v2/images", token)[0] == 200
    assert alone(one, path, token) in (400, 503)


OTHERS: dict[str, tuple[tuple[str, str], ...]] = {
    "another token": (auth(f"other!SCOPE!{SCOPE}"),),
    "another scope": (auth("tok!SCOPE!" + SCOPE.replace("block-storage", "network")),),
    "another form of the scope": (auth(newer_form(FOREIGN)),),
    "a service token": (auth(FOREIGN), service("nova")),
    "a service token of a peer": (auth(FOREIGN), service('nova!SCOPE!{"*":"CloudTwo"}')),
    "two tokens": (auth(FOREIGN), auth(FOREIGN)),
    "another method in a header": (auth(FOREIGN), ("X-HTTP-Method-Override", "DELETE")),
    "another method in a header with underscores": (auth(FOREIGN), ("X_Method_Override", "DELETE")),
    "a form": (auth(FOREIGN), ("Content-Type", "application/x-www-form-urlencoded")),
    "a form in another spelling": (auth(FOREIGN), ("Content_Type", "Multipart/Form-Data")),
    "an account": (auth(FOREIGN), ("X-Copy-From-Account", f"AUTH_{HOME_ID}")),
    "a WebSocket": (auth(FOREIGN), ("Connection", "Upgrade"), ("Upgrade", "websocket")),
}


@pytest.mark.parametrize("headers", OTHERS.values(), ids=OTHERS)
def test_another_request_is_the_python_services(one: RunningGateway, headers: tuple[tuple[str, str], ...]) -> None:
    assert ask(one, "/image/v2/images", auth(FOREIGN))[0] == 200
    assert alone(one, "/image/v2/images", auth(FOREIGN)) == 200
    assert alone(one, "/image/v2/images", *headers) in (400, 503)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_the_python_services(one: RunningGateway, method: str) -> None:
    token = fresh("ada")
    for _ in range(2):
        ask(one, "/image/v2/images", token)
        ask(one, "/image/v2/images", token, method=method)
    assert alone(one, "/image/v2/images", token, method=method) == 503


def test_a_service_token_is_a_part_of_the_admission(one: RunningGateway) -> None:
    token = fresh("ada")
    assert ask(one, "/image/v2/images", token, service("nova"))[0] == 200
    assert alone(one, "/image/v2/images", token, service("nova")) == 200
    assert alone(one, "/image/v2/images", token, service("cinder")) == 503
    assert alone(one, "/image/v2/images", token) == 503


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (f"/volume/v3/{HOME_ID}/volumes?x={HOME_ID}", "/volume/v3/{}/volumes?x=" + HOME_ID),
        (f"/volume/v3/{HOME_ID}", "/volume/v3/{}"),
        ("/volume/v3/other/volumes", "/volume/v3/other/volumes"),
        (f"/swift/v1/AUTH_{HOME_ID}/c/o", "/v1/AUTH_{}/c/o"),
    ],
)
def test_the_project_in_the_catalogs_path_is_replaced(one: RunningGateway, path: str, sent: str) -> None:
    token = fresh("ada")
    assert ask(one, path, token)[0] == 200
    cold = came(one)
    assert alone(one, path, token) == 200
    assert came(one) == cold
    assert HOME_ID not in cold[0].partition("?")[0]
    assert len(cold[0]) == len(sent.format(HOME_ID))


@pytest.mark.parametrize(
    "path",
    [f"/volume/v2/{HOME_ID}/volumes", f"/volume/v3/{HOME_ID}/os-quota-sets/{HOME_ID}", f"/volume/v3/x/v?project_id={HOME_ID}"],
)
def test_a_project_elsewhere_is_the_python_services(one: RunningGateway, path: str) -> None:
    token = fresh("ada")
    assert ask(one, f"/volume/v3/{HOME_ID}/volumes", token)[0] == 200
    assert alone(one, path, token) == 503
    assert alone(one, f"/volume/v3/{HOME_ID}/volumes", token) == 200


def test_each_use_has_its_line_in_the_audit_log(one: RunningGateway) -> None:
    token, number = fresh("grace"), ("X-OpenStack-Request-Id", "req-" + "0" * 8 + "-0000-4000-8000-" + "0" * 12)
    assert ask(one, "/image/v2/images/x/file", token, number)[0] == 200
    assert alone(one, "/image/v2/images/x/file", token, number) == 200
    assert alone(one, "/image/v2/images/y/file", token) == 200
    cold, warm, other = lines_about(one, "grace", 3)
    assert cold == warm
    assert (cold["user"]["name"], cold["rule"], cold["roles"], cold["home"]) == (
        "grace",
        "CloudTwo/members",
        ["member"],
        "CloudTwo",
    )
    assert (other["path"], other["request_id"]) == ("/image/v2/images/y/file", None)
    assert not [line for line in one.log if b"admitted=" in line or b"use=" in line]


def lines_about(gateway: RunningGateway, user: str, number: int) -> list[dict[str, Any]]:
    """Return the audit lines of a user, without time and place in the chain, as soon as there are so many."""
    deadline, found = time.monotonic() + 60, list[dict[str, Any]]()
    while len(found) < number:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        found = [
            line | dict.fromkeys(("time", "number", "digest"))
            for line in gateway.audited(0)
            if (line["user"] or {}).get("name") == user
        ]
    assert len(found) == number
    return found


FORGED = [
    ("X-Openstackoid-Route-Slot", "1"),
    ("X-Openstackoid-Route-Admission", "1"),
    ("X-Openstackoid-Route-Mark", f"{2**40}|:x|~e30|n|||e30|W10|CloudTwo"),
]


def test_no_client_and_no_service_teaches_an_admission(one: RunningGateway) -> None:
    token = fresh("ada")
    told = [("X-Answer-With", f"{name}: {value}") for name, value in FORGED]
    for path in ("/image/v2/tasks", "/compute/v2.1/servers", "/image/v2/images"):
        _, headers = ask(one, path, token, *FORGED, *told)
        assert not [name for name in headers if name.startswith("x-openstackoid")]
    _, headers = ask(one, "/image/v2/images", token, *FORGED, *told)
    assert not [name for name in headers if name.startswith("x-openstackoid")]
    assert alone(one, "/image/v2/tasks", token) == 503
    # A peer's answer, whom the Python service and HAProxy each ask.
    for _ in range(2):
        ask(one, "/image/v2/images", auth("own"), plain('{"image":"CloudTwo"}'), *told)
    assert alone(one, "/image/v2/images", token) == 200
    kept = routes(one)
    assert b"|CloudTwo" in kept
    assert b"|~e30|" not in kept


def shown(gateway: RunningGateway, command: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(gateway.runtime.stats_socket)
        control.sendall(f"{command}\n".encode())
        with control.makefile("rb") as answer:
            return answer.read()


def routes(gateway: RunningGateway) -> bytes:
    """Return the routes and admissions that HAProxy keeps."""
    (number,) = [line.split()[0] for line in shown(gateway, "show map").splitlines() if b"routes.map" in line]
    return shown(gateway, f"show map #{number.decode()}")


def test_no_token_is_shown_on_the_control_socket(one: RunningGateway) -> None:
    token = auth(f"s3cr3t{time.monotonic_ns()}!SCOPE!{SCOPE}")
    assert ask(one, "/image/v2/images", token, service("s3rv1ce"))[0] == 200
    assert alone(one, "/image/v2/images", token, service("s3rv1ce")) == 200
    kept = routes(one)
    assert b"CloudTwo" in kept
    assert b"s3cr3t" not in kept
    assert b"s3rv1ce" not in kept


@pytest.mark.parametrize("name", ["X_Foo", "X-Subject-Token", "X-Storage-Token", "Authorization"])
def test_an_admission_without_a_digest_of_its_tokens_is_not_kept(one: RunningGateway, name: str) -> None:
    before = routes(one).count(b"\n")
    assert ask(one, "/image/v2/images/odd/members", fresh("ada"), (name, "1"))[0] == 200
    assert routes(one).count(b"\n") == before
    assert alone(one, "/image/v2/images/odd/members", fresh("bob")) == 503
