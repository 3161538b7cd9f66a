# SPDX-License-Identifier: Apache-2.0
"""The load of `make pair-test` counts a write as uncertain only where a service may have carried it out."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from openstackoid.haproxy.repeating import repeating
from pair import load
from pair.load import UNKNOWN, Load, Lost, ask, unknown

SAID = f"gateway of CloudOne: the Python service ended. {UNKNOWN.capitalize()} this request was carried out: look"


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that treats one connection in this way, then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def once() -> None:
            with suppress(OSError), listening.accept()[0] as connection:
                serve(connection)

        thread = threading.Thread(target=once)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.close()
        thread.join()


def answering(status: str, text: str) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(f"HTTP/1.1 {status} x\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    return serve


def read_all(connection: socket.socket) -> None:
    """Read a whole request; then the connection ends."""
    read = b""
    while not read.endswith(b"\r\n\r\n{}"):
        read += connection.recv(4096)


def begin_an_answer(connection: socket.socket) -> None:
    read_all(connection)
    connection.sendall(b"HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nok")


def counted(method: str, failure: str | None) -> tuple[bool, bool]:
    """Return whether a lost request is uncertain, and whether it is gone."""
    assert failure is not None
    running = Load(Path())
    running.lost.append(Lost(method, 0.0, "/compute/servers", failure))
    return bool(running.uncertain), bool(running.gone)


@pytest.mark.parametrize(
    ("serve", "uncertain"),
    [
        (answering("503", "no database"), False),
        (answering("401", "log in"), False),
        (answering("404", "nothing here"), False),
        (answering("502", "the service gave no valid answer"), False),
        (answering("503", SAID), False),
        (answering("502", SAID), True),
        (read_all, True),
        (begin_an_answer, True),
    ],
)
def test_a_write_is_uncertain_if_a_gateway_says_so_or_its_connection_broke(
    serve: Callable[[socket.socket], None], uncertain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(serve) as root, requests.Session() as client:
        monkeypatch.setattr(load, "ROOT", root)
        failure = ask(client, "POST", "/compute/servers", {}, timeout=5)
    assert counted("POST", failure) == (uncertain, not uncertain)
    assert counted("GET", failure) == (False, True)


def test_a_write_without_an_answer_is_uncertain_and_one_without_a_connection_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, requests.Session() as client:
        monkeypatch.setattr(load, "ROOT", f"http://127.0.0.1:{listening.getsockname()[1]}")
        silent = ask(client, "POST", "/compute/servers", {}, timeout=0.2)
    with requests.Session() as client:
        closed = ask(client, "POST", "/compute/servers", {}, timeout=5)
    assert counted("POST", silent) == (True, False)
    assert counted("POST", closed) == (False, True)


def test_the_words_are_those_of_the_gateway() -> None:
    (said,) = [line for line in repeating(["GET"]) if UNKNOWN in line.lower()]
    assert unknown(f"502 {said}")
