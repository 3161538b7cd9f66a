# SPDX-License-Identifier: Apache-2.0
"""A taught route serves the next request with the same key, and no other."""

import http.client
from collections.abc import Iterator

import pytest

from conformance.case import Case, auth, newer_form, plain, sent, service
from conformance.gateway import RunningGateway, forgetful, running_gateways
from conformance.route_cache import COMPLETE, PATH, Headers, alone, ask, entries
from openstackoid.routing.route_cache import CLOUD, HOME, KEY, LONGEST_KEY, MARK, SLOT


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running_gateways("CloudOne", edit_haproxy=forgetful) as (gateway,):
        yield gateway


STAYS = '{"*":"CloudOne","compute":"CloudTwo"}'


@pytest.mark.parametrize(
    ("headers", "cloud", "scope"),
    [
        ((auth("a"), plain('{"image":"CloudTwo"}')), "CloudTwo", COMPLETE),
        ((auth("a"), plain('{ "image": "CloudTwo" }')), "CloudTwo", COMPLETE),
        ((auth("a"), plain(COMPLETE)), "CloudTwo", COMPLETE),
        ((auth(newer_form(f"a!SCOPE!{COMPLETE}")),), "CloudTwo", COMPLETE),
        ((auth(f"a!SCOPE!{COMPLETE}"),), "CloudTwo", COMPLETE),
        ((auth("a"), plain('{"compute":"CloudTwo"}')), "CloudOne", STAYS),
        ((auth(newer_form(f"a!SCOPE!{STAYS}")),), "CloudOne", STAYS),
        ((auth(f"a!SCOPE!{STAYS}"),), "CloudOne", STAYS),
    ],
    ids=[
        "compact",
        "with spaces",
        "complete",
        "in the token",
        "in the token, in the older form",
        "that stays",
        "that stays, in the token",
        "that stays, in the token, in the older form",
    ],
)
def test_the_next_request_brings_its_own_token(gateway: RunningGateway, headers: Headers, cloud: str, scope: str) -> None:
    before = entries(gateway)
    form = newer_form if cloud == "CloudOne" else str
    path = f"{PATH}?prefer=a"
    assert ask(gateway, *headers, path=path) == (cloud, form(f"a!SCOPE!{scope}"))
    assert entries(gateway) == before + 1
    other = (auth("b" + headers[0][1][1:]), *headers[1:])
    assert alone(gateway, *other) == (cloud, form(f"b!SCOPE!{scope}"))
    assert entries(gateway) == before + 1, "it was taught"


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ((auth("a"), plain('{"image":"CloudTwo"}'), plain('{"image":"CloudTwo"}')), PATH),
        ((auth("a"), auth("a"), plain('{"image":"CloudTwo"}')), PATH),
        ((auth('a!SCOPE!{"image":"CloudTwo"}'), plain('{"image":"CloudTwo"}')), PATH),
        ((auth("a"), plain('{"image":"CloudTwo"}')), "/image/%2e%2e/compute/v2.1"),
        ((auth("a"), plain('{"image":"CloudTwo"}'), ("X-Service-Token", 's!SCOPE!{"*":"CloudTwo"}')), PATH),
        ((auth("a"), plain('{"image":"CloudTwo"}'), ("Authorization", "x!SCOPE!y")), PATH),
        ((auth('a!b!SCOPE!{"image":"CloudTwo"}'),), PATH),
        ((auth(newer_form(f"a!b!SCOPE!{COMPLETE}")),), PATH),
        ((auth(newer_form(f"a~b!SCOPE!{COMPLETE}")),), PATH),
        ((auth(newer_form(f"a%7Eb!SCOPE!{COMPLETE}")),), PATH),
        ((auth(newer_form(f"a!SCOPE!{COMPLETE}")), plain('{"image":"CloudTwo"}')), PATH),
        ((auth(newer_form(f"!SCOPE!{COMPLETE}")),), PATH),
        ((auth(f"a~{'SCOPE'}!{COMPLETE}"),), PATH),
        ((auth('!SCOPE!{"*":"CloudOne","image":"CloudTwo"}'),), PATH),
    ],
    ids=[
        "two scopes",
        "two tokens",
        "two sources",
        "a write",
        "a service token",
        "another header",
        "two marks",
        "a mark of each form",
        "two newer marks",
        "a quoted mark",
        "two sources, in the newer form",
        "none, in the newer form",
        "the newer mark before the older text",
        "none",
    ],
)
def test_a_request_that_differs_is_the_python_services(gateway: RunningGateway, headers: Headers, path: str) -> None:
    for taught in (
        (auth("a"), plain('{"image":"CloudTwo"}')),
        (auth(f"a!SCOPE!{COMPLETE}"),),
        (auth(newer_form(f"a!SCOPE!{COMPLETE}")),),
    ):
        for _ in range(2):
            assert ask(gateway, *taught) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
    assert alone(gateway, *headers, path=path) in (503, 400)


def test_a_write_that_begins_a_workflow_is_never_kept(gateway: RunningGateway) -> None:
    headers, path = (auth("a"), plain('{"image":"CloudTwo"}')), "/compute/v2.1/servers"
    for _ in range(2):
        assert ask(gateway, *headers, path=path) == ("CloudOne", newer_form(f"a!SCOPE!{COMPLETE}"))
        assert ask(gateway, *headers, path=path, method="POST") == ("CloudOne", newer_form(f"a!SCOPE!{COMPLETE}"))
    assert alone(gateway, *headers, path=path, method="POST") == 503
    # Nor without a token, for the body of such a request decides.
    for _ in range(2):
        assert ask(gateway, *headers[1:], path=path, method="POST") == ("CloudOne", "")
    assert alone(gateway, *headers[1:], path=path, method="POST") == 503


def test_documents_with_rewritten_links_go_through_the_python_service(gateway: RunningGateway) -> None:
    """Of CloudTwo, whose paths are others: the Python service rewrites them, also where the same scope has a route."""
    headers = (auth("a"), plain('{"image":"CloudTwo"}'))
    for path in ("/image/versions", "/image/v2/images", "/image/v2/images/i", "/image/%76ersions"):
        assert ask(gateway, *headers) == ask(gateway, *headers, path=path) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
        assert alone(gateway, *headers, path=path) == 503
    assert alone(gateway, *headers) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")


def test_a_token_of_another_cloud_is_judged_each_time(gateway: RunningGateway) -> None:
    headers = (auth("a"), plain('{"identity":"CloudTwo"}'))
    before = entries(gateway)
    ask(gateway, *headers)
    assert (entries(gateway), alone(gateway, *headers)) == (before, 503)


def test_bytes_go_by_haproxy_alone_from_the_second_on(gateway: RunningGateway) -> None:
    """Of images and objects, up and down, also where a service sends them with its own token."""
    for scope in ('{"image":"CloudTwo","compute":"CloudOne"}', '{"network":"CloudTwo"}'):
        for method, path, more in (
            ("PUT", PATH, ()),
            ("GET", PATH, (service("s"),)),
            ("PUT", "/image/v2/images/i/stage", (service("s"),)),
            ("PATCH", PATH, ()),
        ):
            headers = (auth("a"), plain(scope), *more)
            found = ask(gateway, *headers, path=path, method=method)
            assert found == alone(gateway, *headers, path=path.replace("/i/", "/j/"), method=method)
            assert isinstance(found, tuple)


def test_a_route_is_for_one_method_and_one_endpoint(gateway: RunningGateway) -> None:
    headers = (auth("a"), plain('{"image":"CloudTwo","network":"CloudOne"}'))
    ask(gateway, *headers, method="DELETE")
    assert alone(gateway, *headers, method="PUT", path=PATH) == 503
    assert alone(gateway, *headers, path="/compute/v2.1/servers") == 503


def test_an_answer_from_400_on_teaches_no_route(gateway: RunningGateway) -> None:
    headers = (auth("a"), plain('{"image":"CloudTwo","block-storage":"CloudTwo"}'))
    gateway.recorder.status = 404
    try:
        ask(gateway, *headers)
    finally:
        gateway.recorder.status = 200
    assert alone(gateway, *headers) == 503
    ask(gateway, *headers)
    assert alone(gateway, *headers) == ("CloudTwo", 'a!SCOPE!{"*":"CloudOne","image":"CloudTwo","block-storage":"CloudTwo"}')


@pytest.mark.parametrize("scope", ['{"image":"CloudTwo","identity":"CloudOne"}', '{"image":"CloudOne","identity":"CloudOne"}'])
def test_only_the_python_service_teaches_routes(gateway: RunningGateway, scope: str) -> None:
    """Neither a service, nor a peer, through HAProxy or Python, nor a client; and no answer shows what Python has taught."""
    lie = {SLOT: "7", MARK: "~eyIqIjoiQ2xvdWRUd28ifQ", CLOUD: "Cloud-3.b", HOME: "CloudTwo", KEY: "x"}
    gateway.recorder.answers.update(lie)
    before = entries(gateway)
    try:
        listener = gateway.listener("image.public")
        for headers in ({"X-Scope": scope}, {"X-Scope": scope}, {"X-Scope": scope, "X-Auth-Token": f"a!SCOPE!{scope}"}, {}):
            connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
            connection.request("GET", PATH, headers={"X-Case": "1", **headers, **lie})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            assert [name for name in answer.headers if name.lower().startswith("x-openstackoid")] == []
            connection.close()
    finally:
        for name in lie:
            del gateway.recorder.answers[name]
    assert entries(gateway) == before + 1, "Python has taught the first"
    (seen,) = {seen.server for seen in gateway.recorder.seen[:2]}
    assert seen == ("CloudTwo" if "CloudTwo" in scope else "CloudOne")
    gateway.recorder.seen.clear()


def test_a_name_that_a_service_reads_as_another_is_removed(gateway: RunningGateway) -> None:
    headers = (auth("a"), plain('{"image":"CloudTwo"}'), ("X_Auth_Token", "b"))
    ask(gateway, *headers)
    assert alone(gateway, *headers) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
    assert "x_auth_token" not in {name.lower() for name, _ in gateway.recorder.seen[0].headers}


def test_a_key_that_is_too_long_is_never_kept(gateway: RunningGateway) -> None:
    before = entries(gateway)
    scope = '{"image":"CloudTwo"' + " " * LONGEST_KEY + "}"
    for _ in range(2):
        ask(gateway, auth("a"), plain(scope))
    assert entries(gateway) == before
    assert alone(gateway, auth("a"), plain(scope)) == 503


@pytest.mark.parametrize("size", [4_000, 17_000, 25_000])
def test_a_scope_that_fills_haproxys_buffer_is_refused_as_any_other(gateway: RunningGateway, size: int) -> None:
    """The key is sent to the Python service beside the scope: both must find room."""
    case = Case("long", sent("nobody", PATH), PATH, (auth("a"), plain('{"image":"CloudTwo"' + " " * size + "}")))
    answer = gateway.send(case)
    assert (answer.status, "too large" in answer.message) == (400, True)
    for token in ("a!", "a%"):
        assert ask(gateway, auth(token + "b" * size), plain('{"image":"CloudTwo"}')) == (
            "CloudTwo",
            f"{token}{'b' * size}!SCOPE!{COMPLETE}",
        )


def test_an_empty_token_is_none(gateway: RunningGateway) -> None:
    listener = gateway.listener("image.public")
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
    for token in ("a", "", "a", "", "a"):
        gateway.recorder.seen.clear()
        connection.request("GET", PATH, headers={"X-Case": "1", "X-Auth-Token": token, "X-Scope": '{"image":"CloudTwo"}'})
        connection.getresponse().read()
        (seen,) = gateway.recorder.seen
        sent_token = dict(seen.headers).get("X-Auth-Token", "")
        assert ("!SCOPE!" not in sent_token and "~" not in sent_token) or token == "a"
    connection.close()
