# SPDX-License-Identifier: Apache-2.0
"""Clients that keep their connections, and say of each answer how long it took, to connect and in all, and their own CPU time."""

import http.client
import json
import select
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bench.errors import BenchError

PATIENCE = 60.0
_AT_ONCE = 1024 * 1024
_SHOWN = 300


@dataclass(frozen=True)
class Answer:
    """What came back. ``seconds`` are from the question to the last byte, a connection that had to be made among them.

    ``connect`` is that part of it, 0 where the connection stood already; ``cpu``: seconds of CPU time of the client itself.
    """

    status: int
    content: bytes
    length: int
    seconds: float
    connect: float
    cpu: float

    def json(self) -> Any:
        """Return the content of a JSON document."""
        return json.loads(self.content)


class Client:
    """One connection to the server of a URL, made when it is needed, and kept as long as the server keeps it."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self.root = parts.path
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=PATIENCE, context=context)
        else:
            self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        self._buffer = memoryview(bytearray(_AT_ONCE))

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, *, keep: bool = True) -> Answer:
        """Ask for a path below the URL's and read the whole answer; without ``keep``, its bytes are counted and thrown away.

        Raises :class:`BenchError` where no answer comes.
        """
        try:
            return self._ask(method, path, headers, body, keep)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise BenchError(f"{method} {path} at {self._where()} has no answer: {error or type(error).__name__}") from None

    def ask_again(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Do as :meth:`ask` does, once more where the server has closed the connection meanwhile, because it was idle."""
        try:
            return self._ask(method, path, headers, body, keep=True)
        except (ConnectionError, http.client.RemoteDisconnected):
            self._connection.close()
            return self.ask(method, path, headers, body)
        except OSError as error:
            self._connection.close()
            raise BenchError(f"{method} {path} at {self._where()} has no answer: {error}") from None

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, keep: bool) -> Answer:
        self._replace_closed()
        cpu, began = time.thread_time(), time.perf_counter()
        if self._connection.sock is None:
            self._connection.connect()
            connect = time.perf_counter() - began
        else:
            connect = 0.0
        self._connection.request(method, self.root + path, body, dict(headers))
        answer = self._connection.getresponse()
        pieces, length = [], 0
        while count := answer.readinto(self._buffer):
            length += count
            if keep:
                pieces.append(bytes(self._buffer[:count]))
        seconds = time.perf_counter() - began
        return Answer(answer.status, b"".join(pieces), length, seconds, connect, time.thread_time() - cpu)

    def _replace_closed(self) -> None:
        """Connect again, before the clock starts, where the server has closed the connection meanwhile, because it was idle."""
        sock = self._connection.sock
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self._connection.close()
            self._connection.connect()

    @property
    def tls(self) -> str:
        """What protects the connection, in words; empty where it is not up, or plain."""
        sock: object = self._connection.sock
        if not isinstance(sock, ssl.SSLSocket) or (cipher := sock.cipher()) is None:
            return ""
        return f"{sock.version()}, {cipher[0]}"

    def slowest_leg(self) -> float:
        """Return the seconds of the slowest cloud in the last request to several; 0 for a client that does not trace."""
        return 0.0

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _where(self) -> str:
        return f"{self._connection.host}:{self._connection.port}"


class SideBySide(Client):
    """Asks the same of several clients at once, each with headers of its own, and is done when the last one has answered.

    Its answer is the last one, with the time and the CPU time of all.
    """

    def __init__(self, asked: Sequence[tuple[Client, Mapping[str, str]]]) -> None:
        self._asked = asked
        self._threads = ThreadPoolExecutor(len(asked))

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, *, keep: bool = True) -> Answer:
        """Ask all of them. Raises :class:`BenchError` where one has no answer."""
        began = time.perf_counter()
        asking = [
            self._threads.submit(client.ask, method, path, {**headers, **own}, body, keep=keep) for client, own in self._asked
        ]
        answers = [each.result() for each in asking]
        seconds = time.perf_counter() - began
        last = next((answer for answer in answers if answer.status != HTTPStatus.OK), answers[-1])
        return replace(last, seconds=seconds, cpu=sum(answer.cpu for answer in answers))

    def ask_again(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Ask each of them in turn, once more where its server has closed the connection meanwhile."""
        return [client.ask_again(method, path, {**headers, **own}, body) for client, own in self._asked][-1]

    @property
    def tls(self) -> str:
        """What protects the connections, in words."""
        return self._asked[0][0].tls

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown()
        for client, _ in self._asked:
            client.close()


def expect(answer: Answer, status: int, what: str) -> Answer:
    """Return the answer. Raises :class:`BenchError`, with what the server says, where its status is another."""
    if answer.status != status:
        said = answer.content[:_SHOWN].decode(errors="replace").strip()
        raise BenchError(f"{what}: {answer.status}, not {status}: {said or 'without a word'}")
    return answer
