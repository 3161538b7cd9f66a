# SPDX-License-Identifier: Apache-2.0
"""The error of a failed hop names gateway, cloud and service, within the timeout, in OpenStack's error body."""

import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from conformance.case import Case, auth, plain, sent
from conformance.gateway import HAPROXY, RunningGateway, running_gateway
from waiting import timed

TAUGHT = [(auth("tok"), plain(f'{{"image":"{cloud}"}}')) for cloud in ("CloudTwo", "Cloud-3.b")]
REMEMBERS = pytest.mark.skipif(HAPROXY.version < (2, 8), reason="HAProxy 2.6 cannot remember who is down")


@pytest.fixture(scope="module")
def alone() -> Iterator[RunningGateway]:
    """The gateway of CloudOne, where nothing else is up."""
    with running_gateway("CloudOne", with_bridge=False, down=("CloudOne", "CloudTwo", "Cloud-3.b"), taught=TAUGHT) as gateway:
        yield gateway


def asks(path: str, scope: str | None = None) -> Case:
    headers = (auth("tok"),) if scope is None else (auth("tok"), plain(scope))
    return Case("a failure", sent("nobody", path), path, headers)


def test_a_peer_that_is_down_is_named(alone: RunningGateway) -> None:
    answer = alone.send(asks("/image/v2/images/i/file", '{"image":"CloudTwo"}'))
    peer = next(endpoint.listener for endpoint in alone.mesh.clouds["CloudTwo"].endpoints if endpoint.service == "image")
    assert answer.status == 503
    assert answer.message == f"gateway of CloudOne: image of CloudTwo at {peer} cannot be reached"
    assert answer.content_type == "application/json"


def test_a_local_service_that_is_down_is_named(alone: RunningGateway) -> None:
    answer = alone.send(asks("/compute/v2.1/servers"))
    assert (answer.status, answer.message) == (503, "gateway of CloudOne: compute of CloudOne cannot be reached")


@REMEMBERS
@timed
def test_a_peer_just_found_down_is_refused_at_once(alone: RunningGateway) -> None:
    question = asks("/image/v2/images/i/file", '{"image":"CloudTwo"}')
    first = alone.send(question)
    started = time.monotonic()
    assert [alone.send(question) for _ in range(3)] == [first] * 3
    # A request that is sent to the peer takes a second.
    assert time.monotonic() - started < 2
    assert first.status == 503


@REMEMBERS
def test_when_the_moment_is_over_one_request_tries_and_the_others_are_told(alone: RunningGateway) -> None:
    question = asks("/image/v2/images/i/file", '{"image":"Cloud-3.b"}')
    assert alone.send(question).status == 503
    time.sleep(2)
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        taken = sorted(pool.map(lambda _: answered_after(alone, question, started), range(4)))
    # Requests that HAProxy's threads read at the same instant try, each.
    assert [seconds > 0.5 for seconds in taken] in ([False, False, False, True], [False, False, True, True])


@REMEMBERS
def test_a_probe_that_never_ends_does_not_keep_a_peer_down() -> None:
    """A client that sends the head of a request and no body is the one that tries; after its time, all are let through."""
    question = asks("/image/v2/images/i/file", '{"image":"CloudTwo"}')
    with running_gateway("CloudOne", with_bridge=False, down=("CloudTwo",), taught=TAUGHT) as gateway:
        assert gateway.send(question).status == 503
        target = next(endpoint for endpoint in gateway.mesh.clouds["CloudTwo"].endpoints if endpoint.service == "image")
        gateway.recorder.serve("CloudTwo", target.listener.port)
        time.sleep(2)
        listener = gateway.listener(question.to)
        head = "".join(f"{name}: {value}\r\n" for name, value in question.headers)
        silent = f"GET {question.path} HTTP/1.1\r\nHost: h\r\n{head}Content-Length: 10\r\n\r\n".encode()
        with ExitStack() as stack:

            def hold() -> None:
                client = stack.enter_context(socket.create_connection((listener.host, listener.port)))
                client.sendall(silent)

            hold()
            time.sleep(0.1)
            assert gateway.send(question).status == 503, "it tries"
            deadline = time.monotonic() + 8
            while gateway.send(question).status != 200:
                assert time.monotonic() < deadline
                hold()
                time.sleep(0.1)
            for _ in range(5):
                hold()
                assert gateway.send(question).status == 200


def answered_after(gateway: RunningGateway, case: Case, started: float) -> float:
    """Return when the answer was there, asked for on a connection of its own."""
    listener = gateway.listener(case.to)
    with closing(http.client.HTTPConnection(listener.host, listener.port, timeout=60)) as connection:
        connection.request("GET", case.path, headers=dict(case.headers))
        assert connection.getresponse().status == 503
    return time.monotonic() - started


def test_a_peer_that_is_back_is_asked_again() -> None:
    question = asks("/image/v2/images/i/file", '{"image":"CloudTwo"}')
    with running_gateway("CloudOne", with_bridge=False, down=("CloudTwo",), taught=TAUGHT) as gateway:
        assert gateway.send(question).status == 503
        assert gateway.send(asks("/image/v2/images/i/file", '{"image":"Cloud-3.b"}')).status == 200
        target = next(endpoint for endpoint in gateway.mesh.clouds["CloudTwo"].endpoints if endpoint.service == "image")
        gateway.recorder.serve("CloudTwo", target.listener.port)
        deadline = time.monotonic() + 5
        while gateway.send(question).status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_peer_that_never_answers_is_named_within_the_timeout() -> None:
    with running_gateway("CloudOne", with_bridge=False, down=("Cloud-3.b",), taught=TAUGHT) as gateway:
        target = next(e.listener for e in gateway.mesh.clouds["Cloud-3.b"].endpoints if e.service == "image")
        with socket.create_server((target.host, target.port)):
            started = time.monotonic()
            answer = gateway.send(asks("/image/v2/images/i/file", '{"image":"Cloud-3.b"}'))
    assert answer.status == 504
    assert answer.message == f"gateway of CloudOne: image of Cloud-3.b at {target} did not answer within 2 s"
    assert time.monotonic() - started < 5


def test_headers_that_are_too_large_are_refused(alone: RunningGateway) -> None:
    """By HAProxy before it has a request, with a page of its own that no configuration changes."""
    assert alone.send(Case("large", sent("nobody", "/"), "/image/v2/images/i/file", (auth("t" * 40000),))).status == 400


def test_health_of_the_gateway_itself(alone: RunningGateway) -> None:
    assert alone.send(Case("health", sent("nobody", "/"), "/.openstackoid/health")).status == 200
