# SPDX-License-Identifier: Apache-2.0
"""What HAProxy has learnt serves the next request like it, and none that differs in what its rules look at."""

import http.client
import socket
from collections.abc import Iterator

import pytest

from conformance.case import Case, auth, newer_form, plain, sent
from conformance.gateway import RunningGateway, running_gateway, running_gateways
from openstackoid.haproxy.known import ENTRIES, LONGEST, SECONDS

PATH = "/image/v2/images"
Headers = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def alone() -> Iterator[RunningGateway]:
    """HAProxy without the Python service: whatever it does not decide alone is 503."""
    with running_gateway("CloudOne", with_bridge=False) as gateway:
        yield gateway


def entries(gateway: RunningGateway) -> int:
    """Return how many are known. At the level that the control socket has, HAProxy shows no more."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(gateway.runtime.stats_socket)
        control.sendall(b"show table known\n")
        with control.makefile() as answer:
            head = answer.readline()
    return int(head.rpartition("used:")[2])


def ask(gateway: RunningGateway, *headers: tuple[str, str], path: str = PATH, method: str = "GET") -> tuple[str, str] | int:
    """Return who has seen the request and with which token, or the status where nobody has."""
    gateway.recorder.seen.clear()
    answer = gateway.send(Case("known", sent("nobody", path), path, headers, method))
    if not gateway.recorder.seen:
        return answer.status
    (seen,) = gateway.recorder.seen
    return seen.server, {name.lower(): value for name, value in seen.headers}.get("x-auth-token", "")


COMPLETE = '{"*":"CloudOne","image":"CloudTwo"}'
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
def test_the_next_request_brings_its_own_token(alone: RunningGateway, headers: Headers, cloud: str, scope: str) -> None:
    before = entries(alone)
    form = newer_form if cloud == "CloudOne" else str
    assert ask(alone, *headers) == (cloud, form(f"a!SCOPE!{scope}"))
    assert entries(alone) == before + 1
    other = (auth("b" + headers[0][1][1:]), *headers[1:])
    assert ask(alone, *other, path=f"{PATH}/i/file?prefer=a") == (cloud, form(f"b!SCOPE!{scope}"))
    assert entries(alone) == before + 1, "it was known"


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
def test_what_differs_is_looked_through(alone: RunningGateway, headers: Headers, path: str) -> None:
    for learnt in (
        (auth("a"), plain('{"image":"CloudTwo"}')),
        (auth(f"a!SCOPE!{COMPLETE}"),),
        (auth(newer_form(f"a!SCOPE!{COMPLETE}")),),
    ):
        for _ in range(2):
            assert ask(alone, *learnt) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
    assert ask(alone, *headers, path=path) in (503, 400)


def test_what_begins_a_workflow_is_not_known_by_what_only_reads(alone: RunningGateway) -> None:
    headers, path = (auth("a"), plain('{"image":"CloudTwo"}')), "/compute/v2.1/servers"
    for _ in range(2):
        assert ask(alone, *headers, path=path) == ("CloudOne", newer_form(f"a!SCOPE!{COMPLETE}"))
    assert ask(alone, *headers, path=path, method="POST") == 503


def test_documents_whose_links_must_be_mended_are_not_known(alone: RunningGateway) -> None:
    """Of CloudTwo, whose paths are others: the Python service mends them, also where all else is known."""
    headers = (auth("a"), plain('{"image":"CloudTwo"}'))
    for _ in range(2):
        assert ask(alone, *headers) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
        assert ask(alone, *headers, path="/image/versions") == 503


def test_a_name_that_a_service_reads_as_another_is_never_known(alone: RunningGateway) -> None:
    headers, before = (auth("a"), plain('{"image":"CloudTwo"}'), ("X_Auth_Token", "b")), entries(alone)
    for _ in range(2):
        assert ask(alone, *headers) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
    assert entries(alone) == before


def test_a_key_that_is_too_long_is_never_known(alone: RunningGateway) -> None:
    """Nor does it stand for one that begins alike."""
    many = tuple((f"X-{'long' * 20}-{number}", "") for number in range(10))
    before = entries(alone)
    for cloud in ("CloudTwo", "Cloud-3.b", "CloudTwo"):
        found = ask(alone, auth("a"), plain(f'{{"image":"{cloud}"}}'), *many)
        assert found == (cloud, f'a!SCOPE!{{"*":"CloudOne","image":"{cloud}"}}')
    assert entries(alone) == before


def test_an_empty_token_is_none(alone: RunningGateway) -> None:
    listener = alone.listener("image.public")
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
    for token in ("a", "", "a"):
        alone.recorder.seen.clear()
        connection.request("GET", PATH, headers={"X-Case": "1", "X-Auth-Token": token, "X-Scope": '{"image":"CloudTwo"}'})
        connection.getresponse().read()
        (seen,) = alone.recorder.seen
        sent_token = dict(seen.headers).get("X-Auth-Token", "")
        assert ("!SCOPE!" not in sent_token and "~" not in sent_token) or token == "a"
    connection.close()


def test_what_is_learnt_is_bounded() -> None:
    """With a table that is smaller, so that it is soon full."""
    assert (ENTRIES, LONGEST, SECONDS) == (16_384, 768, 600)

    def small(text: str) -> str:
        return text.replace(f"size {ENTRIES}", "size 100")

    with running_gateways("CloudOne", with_bridge=False, edit_haproxy=small) as (gateway,):
        for number in range(150):
            assert ask(gateway, auth("a"), plain('{"image":"CloudTwo"}'), (f"X-{number}", "")) != 503
        assert 50 < entries(gateway) <= 100
