# SPDX-License-Identifier: Apache-2.0
"""One client takes a share of the Python service's places, and requests without an accepted token a small one."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psutil
import pytest

from conformance.gateway import HAPROXY
from conformance.haproxy_counts import requests_of
from conformance.hostile import Site, from_address, hostile_site
from conformance.places import (
    ATTACKER,
    DOCUMENT,
    GOOD,
    MADE_UP,
    OTHER,
    POLICY,
    PROXY,
    USER,
    guarded,
    held,
    keystone,
    message,
    read,
    write,
)
from openstackoid.routing import marked_id
from openstackoid.routing.places import DELAY
from openstackoid.scope import join_token
from waiting import timed, until


def test_one_source_has_a_share_of_the_places() -> None:
    with guarded() as site:
        assert message(site, USER, write()) == (200, "")
        for number in range(3):
            # Tokens of their own, so that it is the source that has too many.
            assert message(site, USER, write(f"{GOOD}{number}")) == (200, "")
        with ExitStack() as stack:
            for number in range(2):
                stack.enter_context(held(site, USER, write(f"{GOOD}{number}"), 5))
            words = f"gateway of CloudOne: {USER} has 10 requests at work in the Python service behind the gateway, its share"
            assert message(site, USER, write(f"{GOOD}2")) == (429, words)
            assert message(site, OTHER, write(f"{GOOD}2")) == (200, "")
        until(lambda: message(site, USER, write()) == (200, ""))


def test_one_token_has_a_share_of_the_places_wherever_it_comes_from() -> None:
    with guarded() as site:
        assert message(site, USER, write()) == (200, "")
        with held(site, USER, write(), 5), held(site, OTHER, write(), 5):
            status, words = message(site, ATTACKER, write())
            assert (status, words.split(": ")[1]) == (
                429,
                "the token has 10 requests at work in the Python service behind the gateway, its share",
            )
            assert message(site, OTHER, write(f"{GOOD}1")) == (200, "")


@pytest.mark.parametrize("rate", ["", "rate: 100, "], ids=["uncounted", "counted"])
def test_the_token_of_an_admitted_guest_has_a_share_of_the_places_as_well(rate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request that HAProxy leaves to the Python service counts, however many HAProxy may still admit."""
    monkeypatch.setitem(DOCUMENT, "expires_at", (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    scope = 'X-Scope: {"*":"CloudTwo","image":"CloudOne"}\r\n'
    admitted, other = (
        f"GET {path} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: {GOOD}\r\n{scope}Connection: close\r\n\r\n".encode()
        for path in ("/image/a", "/image/a%20b")
    )
    with hostile_site("{bridge: 40, wait: 1}", policy=POLICY.replace("services", f"{rate}services")) as site:
        site.plays["two"] = keystone
        for address in (USER, OTHER, ATTACKER):
            assert message(site, address, admitted) == (200, "")
        with held(site, USER, other, 5, "image"), held(site, OTHER, other, 5, "image"):
            status, words = message(site, ATTACKER, other)
            assert (status, words.split(": ")[-1][:29]) == (429, "the token has 10 requests at ")


def test_a_request_behind_a_trusted_proxy_counts_for_the_address_that_it_forwards() -> None:
    with guarded(more=f"trusted_proxies: [{PROXY}]") as site:
        first, second = (write(more=f"X-Forwarded-For: 192.0.2.{number}\r\n") for number in (1, 2))
        assert message(site, PROXY, first) == (200, "")
        others = write(f"{GOOD}1", "X-Forwarded-For: 192.0.2.1\r\n")
        with held(site, PROXY, first, 6), held(site, PROXY, others, 4):
            assert message(site, PROXY, first)[0] == 429
            assert message(site, PROXY, second) == (200, "")


def test_requests_without_an_accepted_token_have_places_of_their_own() -> None:
    """Four of forty: they wait for each other, and requests with an accepted token do not wait for them."""
    with guarded() as site:
        assert message(site, USER, write()) == (200, "")
        with held(site, ATTACKER, read(), 4, "image"):
            status, words = message(site, OTHER, read())
            assert status == 503
            assert "is at work on 4 requests without a token that a Keystone has accepted" in words
            assert message(site, USER, write()) == (200, "")


@contextmanager
def replaced_haproxy(site: Site) -> Iterator[None]:
    """Replace the gateway's HAProxy by another process, as a reload does."""
    assert site.haproxy is not None
    command = [*site.haproxy.cmdline(), "-x", str(site.stats_socket), "-sf", str(site.haproxy.pid)]
    with subprocess.Popen(command, env=HAPROXY.environment()) as successor:
        try:
            until(lambda: not site.haproxy or site.haproxy.status() == psutil.STATUS_ZOMBIE or not site.haproxy.is_running())
            yield
        finally:
            successor.kill()


def test_a_known_source_is_known_after_a_reload_and_an_accepted_token_is_not() -> None:
    with guarded() as site:
        assert message(site, USER, write()) == (200, "")
        # A new process waits for so long for one before it, and hands nothing over until then.
        time.sleep(5.5)
        with replaced_haproxy(site):
            for address, allowed in ((USER, 40), (OTHER, 31)):
                statuses = [message(site, address, write(f"{MADE_UP}{number}"))[0] for number in range(40)]
                assert statuses == [401] * allowed + [429] * (40 - allowed)
            with held(site, USER, read(GOOD), 4, "image"):
                assert message(site, USER, read(GOOD))[0] == 503


def test_a_body_that_comes_slowly_takes_no_place() -> None:
    with guarded() as site, ExitStack() as stack:
        assert message(site, USER, write()) == (200, "")
        begun = write()[:-1]
        for _ in range(60):
            stack.enter_context(socket.create_connection(("127.0.0.1", site.ports["gate"]), 10, (ATTACKER, 0))).sendall(begun)
        time.sleep(0.3)
        for address in (ATTACKER, USER):
            assert message(site, address, write()) == (200, "")


def test_a_body_that_waits_to_be_asked_for_and_then_does_not_come_is_given_up() -> None:
    with guarded() as site:
        began = time.monotonic()
        assert message(site, USER, write()) == (200, "")
        got = from_address(site, USER, write(more="Expect: 100-continue\r\n")[:-2])
        # Whichever HAProxy sees first: the end of the connection, or that of the time.
        assert [answer.status for answer in got.answers] in ([100, 400], [100, 408])
        assert time.monotonic() - began < 6


@contextmanager
def flood(site: Site, address: str, request: Callable[[int], bytes], threads: int = 12) -> Iterator[list[int]]:
    """Send requests as fast as these threads can, and yield the statuses of the answers so far."""
    stop, statuses = threading.Event(), list[int]()

    def send(thread: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            statuses.extend(from_address(site, address, request(thread * 100_000 + number)).statuses)

    running = [threading.Thread(target=send, args=(thread,)) for thread in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        for thread in running:
            thread.join()


@pytest.mark.parametrize(
    "junk",
    [
        lambda number: write(f"{MADE_UP}{number}"),
        lambda number: read(f"{MADE_UP}{number}"),
        lambda number: write(join_token(f"{MADE_UP}{number}", '{"*":"CloudTwo","compute":"CloudOne"}'), scope=""),
        lambda number: write(f"{MADE_UP}{number}", f"X-OpenStack-Request-Id: {marked_id(uuid4())}\r\n", scope=""),
    ],
    ids=["made-up tokens", "reads", "guests", "marked ids"],
)
def test_a_flood_of_made_up_tokens_takes_nothing_from_others(junk: Callable[[int], bytes]) -> None:
    """A known user's writes, and the first of a new one, succeed, and a refused request never reaches the Python service."""
    with guarded(", unaccepted: 8") as site:
        site.plays["two"] = keystone
        assert message(site, USER, write()) == (200, "")
        before = of_python(site)
        with flood(site, ATTACKER, junk) as statuses:
            until(lambda: statuses.count(429) > len(statuses) / 2)
            answers = [message(site, USER, write()) for _ in range(10)]
            answers.append(message(site, OTHER, write(f"{GOOD}-new")))
        assert set(answers) == {(200, "")}
        assert set(statuses) <= {200, 401, 429, 503}
        refused = statuses.count(429)
        assert refused > len(statuses) / 3
        assert of_python(site) - before <= len(answers) + len(statuses) - refused


@timed
def test_refusals_of_a_flood_wait_and_take_no_share_of_others_at_its_address() -> None:
    """As many wait as the address has places: an accepted token from there is served meanwhile."""
    with guarded() as site:
        assert message(site, USER, write()) == (200, "")

        def waits() -> bool:
            began = time.monotonic()
            return message(site, ATTACKER, write(f"{MADE_UP}-again"))[0] == 429 and time.monotonic() - began >= DELAY

        with flood(site, ATTACKER, lambda number: write(f"{MADE_UP}{number}"), threads=30):
            until(waits)
            assert [message(site, ATTACKER, write()) for _ in range(5)] == [(200, "")] * 5


def of_python(site: Site) -> int:
    """Return the number of requests that HAProxy has sent to the Python service."""
    return sum(number for server, number in requests_of(site.stats_socket, "bridge").items() if server != "BACKEND")
