# SPDX-License-Identifier: Apache-2.0
"""Gateways of different releases: the form of a scope that a peer is sent is one that it has announced to read."""

from collections.abc import Iterator

import pytest

from conformance.case import TO_TWO, TWO_DONE, Case, Refused, auth, newer_form, plain, service
from conformance.gateway import RunningGateway, running_gateways
from conformance.recorder import Seen
from conformance.test_audit import ask as ask_for_headers
from openstackoid.scope import split_token

BY_HAPROXY, BY_PYTHON = "by HAProxy", "by Python"
HOW = pytest.mark.parametrize("how", [BY_HAPROXY, BY_PYTHON])
WIRE = "X-Openstackoid-Wire"
OLDER, NEWER = f"tok!SCOPE!{TWO_DONE}", newer_form(f"tok!SCOPE!{TWO_DONE}")
OWN = 's!SCOPE!{"*":"CloudOne"}'
PATH, STAYS = "/image/v2/images/i/file", '{"image":"CloudOne"}'
TAUGHT = [*((auth("tok"), plain(scope)) for scope in (TO_TWO, STAYS)), (auth(NEWER),)]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    with running_gateways("CloudOne", edit=sharing_images, taught=TAUGHT) as (gateway,):
        yield gateway


def sharing_images(text: str) -> str:
    """Have CloudOne and CloudTwo share a data plane, so that service tokens leave."""
    return text.replace("shared: [", "shared: [{service: image, clouds: [CloudOne, CloudTwo]}, ", 1)


@pytest.fixture
def one(running: RunningGateway) -> RunningGateway:
    """CloudOne's; its peers are played, and announce nothing unless they are told to."""
    running.recorder.answers.pop(WIRE, None)
    for how in (BY_HAPROXY, BY_PYTHON):
        sent_tokens(running, *user_for(how))
    return running


def user_for(how: str, token: str = "tok", scope: str = TO_TWO) -> tuple[tuple[str, str], tuple[str, str]]:
    """The user's token and the scope; a request with the scope in both is for Python."""
    completed = '{"*":"CloudOne",' + scope[1:]
    return auth(token if how == BY_HAPROXY else f"{token}!SCOPE!{completed}"), plain(scope)


def sent_tokens(gateway: RunningGateway, *headers: tuple[str, str]) -> list[str]:
    """Return the user's and the service's token with which a request has reached CloudTwo."""
    gateway.recorder.seen.clear()
    case = Case("wire", Refused(0, ()), PATH, headers)
    assert gateway.send(case).status == 200
    (seen,) = gateway.recorder.seen
    assert seen.server == "CloudTwo"
    given = {name.lower(): value for name, value in seen.headers}
    assert given["x-openstackoid-wire"] == "3"
    return [given[name] for name in ("x-auth-token", "x-service-token") if name in given]


def token_of(seen: Seen) -> str:
    return next(value for name, value in seen.headers if name.lower() == "x-auth-token")


@HOW
def test_a_peer_without_a_version_header_gets_the_older_form(one: RunningGateway, how: str) -> None:
    for _ in range(3):
        assert sent_tokens(one, *user_for(how), service("s")) == [OLDER, OWN]
    assert sent_tokens(one, auth(NEWER), *(() if how == BY_HAPROXY else (plain(TO_TWO),))) == [OLDER]


@HOW
def test_a_peer_that_announces_the_newer_form_is_sent_it_from_its_first_answer_on(one: RunningGateway, how: str) -> None:
    one.recorder.answers[WIRE] = "2"
    given = (*user_for(how), service("s"))
    assert sent_tokens(one, *given) == [OLDER, OWN]
    for _ in range(3):
        assert sent_tokens(one, *given) == [NEWER, newer_form(OWN)]


@HOW
def test_a_peer_that_was_downgraded_is_sent_the_older_form_again(one: RunningGateway, how: str) -> None:
    given = user_for(how)
    one.recorder.answers[WIRE] = "2"
    assert [sent_tokens(one, *given) for _ in range(2)] == [[OLDER], [NEWER]]
    del one.recorder.answers[WIRE]
    assert [sent_tokens(one, *given) for _ in range(3)] == [[NEWER], [OLDER], [OLDER]]


def test_a_peer_that_was_downgraded_is_sent_no_operators_after_one_refusal_to_each_program(one: RunningGateway) -> None:
    given = (auth("tok"), plain('{"image":"CloudTwo","network":"CloudOne | CloudTwo"}'))
    several = '{"*":"CloudOne","image":"CloudTwo","network":"CloudOne | CloudTwo"}'
    single = several.replace("CloudOne | ", "")
    one.recorder.answers[WIRE] = "3"
    for _ in range(3):
        sent_tokens(one, *given)
    del one.recorder.answers[WIRE]
    sent: list[str | None] = []
    for _ in range(4):
        one.recorder.seen.clear()
        one.recorder.status = 400 if len(sent) < 2 else 200
        one.send(Case("wire", Refused(0, ()), PATH, given))
        sent.append(split_token(token_of(one.recorder.seen[-1]))[1])
    assert sent == [several, several, single, single]


@HOW
@pytest.mark.parametrize("said", ["1", "0", "-2", "two", "2x", "99999", ""])
def test_an_unreadable_or_older_version_is_ignored(one: RunningGateway, how: str, said: str) -> None:
    one.recorder.answers[WIRE] = said
    assert [sent_tokens(one, *user_for(how)) for _ in range(2)] == [[OLDER], [OLDER]]


@HOW
def test_a_version_that_is_not_there_yet_is_newer(one: RunningGateway, how: str) -> None:
    one.recorder.answers[WIRE] = "12"
    assert [sent_tokens(one, *user_for(how)) for _ in range(2)] == [[OLDER], [NEWER]]


@HOW
def test_no_user_and_no_service_sees_the_version(one: RunningGateway, how: str) -> None:
    one.recorder.answers[WIRE] = "2"
    for given, cloud in (
        (user_for(how, "t"), "CloudTwo"),
        (user_for(how, "t", STAYS), "CloudOne"),
        ((auth("t"), ("X-Other", "x")), "CloudOne"),
    ):
        one.recorder.seen.clear()
        status, headers = ask_for_headers(one, PATH, *given)
        assert (status, "x-openstackoid-wire" in headers) == (200, False)
        (seen,) = one.recorder.seen
        assert seen.server == cloud
        assert (WIRE.lower() in {name.lower() for name, _ in seen.headers}) == (cloud == "CloudTwo")


@HOW
def test_the_version_header_of_a_client_reaches_no_service(one: RunningGateway, how: str) -> None:
    for given in (user_for(how, "t", STAYS), (auth("t"),)):
        one.recorder.seen.clear()
        assert ask_for_headers(one, PATH, (WIRE, "7"), *given)[0] == 200
        (seen,) = one.recorder.seen
        assert WIRE.lower() not in {name.lower() for name, _ in seen.headers}


def test_two_gateways_of_this_release_come_to_the_newer_form() -> None:
    """Of what the first sends, the second hands the user's token to its service, whichever form it came in."""
    with running_gateways("CloudOne", "CloudTwo") as (first, _):
        wire = newer_form(f"tok!SCOPE!{TWO_DONE}")
        for _ in range(3):
            first.recorder.seen.clear()
            status, headers = ask_for_headers(first, PATH, *user_for(BY_HAPROXY))
            assert (status, "x-openstackoid-wire" in headers) == (200, False)
            (seen,) = [seen for seen in first.recorder.seen if seen.path.endswith("/v2/images/i/file")]
            assert (seen.server, token_of(seen)) == ("CloudTwo", wire)


def test_an_older_gateway_is_understood(one: RunningGateway) -> None:
    """What it sends is in the older form, and it announces nothing; what it is answered announces nothing either."""
    token = 'tok!SCOPE!{"*":"CloudTwo","image":"CloudOne","identity":"CloudOne"}'
    one.recorder.seen.clear()
    status, headers = ask_for_headers(one, PATH, ("X-Auth-Token", token), ("Via", "1.1 CloudTwo (openstackoid)"))
    assert (status, "x-openstackoid-wire" in headers) == (200, False)
    (seen,) = one.recorder.seen
    assert (seen.server, token_of(seen)) == ("CloudOne", newer_form(token))
    status, headers = ask_for_headers(one, PATH, ("X-Auth-Token", token), ("Via", "1.1 CloudTwo (openstackoid)"), (WIRE, "2"))
    assert (status, headers["x-openstackoid-wire"]) == (200, "3")
