# SPDX-License-Identifier: Apache-2.0
"""How hostile peers answer, and how the gateway is looked at meanwhile."""

import json
import socket
import time

from conformance.hostile import ODD, PLAIN, Answer, Arrived, Play, Site

MIB = 1024 * 1024
WAY = {"by HAProxy": PLAIN["CloudTwo"], "by the bridge": ODD["CloudTwo"]}


def says(*parts: bytes) -> Play:
    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(b"".join(parts))

    return play


def for_ever(first: bytes, again: bytes, pause: float = 0) -> Play:
    """Send until the other side closes."""

    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(again)
            time.sleep(pause)

    return play


def json_head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: application/json", *lines, "", ""]).encode()


def error(answer: Answer) -> str:
    document = json.loads(answer.body)["error"]
    assert document["code"] == answer.status
    return str(document["message"])


def grown(site: Site, before: int) -> int:
    assert site.bridge is not None
    return site.bridge.memory_info().rss - before


def memory(site: Site) -> int:
    assert site.bridge is not None
    return site.bridge.memory_info().rss


def redirect(status: int, *lines: str) -> Play:
    head = "\r\n".join([f"HTTP/1.1 {status} Elsewhere", "Content-Length: 4", *lines, "", "gone"])
    return says(head.encode("latin-1"))
