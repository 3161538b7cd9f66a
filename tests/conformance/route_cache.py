# SPDX-License-Identifier: Apache-2.0
"""Requests to a gateway that count the routes that its HAProxy keeps, and that it decides alone."""

import socket

from conformance.case import Case, sent
from conformance.gateway import RunningGateway

PATH = "/image/v2/images/i/file"
"""Of a request that HAProxy may send to a peer alone: no list is in the answer."""
Headers = tuple[tuple[str, str], ...]


def entries(gateway: RunningGateway) -> int:
    """Return how many routes are kept."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(gateway.runtime.stats_socket)
        control.sendall(b"show map\n")
        with control.makefile() as answer:
            (row,) = [line for line in answer if "routes.map" in line]
    return int(row.partition("entry_cnt=")[2].partition(")")[0])


def alone(gateway: RunningGateway, *headers: tuple[str, str], path: str = PATH, method: str = "GET") -> tuple[str, str] | int:
    """Ask HAProxy without the Python service: requests that it does not decide alone get 503."""
    with gateway.without_python():
        return ask(gateway, *headers, path=path, method=method)


def ask(gateway: RunningGateway, *headers: tuple[str, str], path: str = PATH, method: str = "GET") -> tuple[str, str] | int:
    """Return which cloud has seen the request and with which token, or the status where none has."""
    gateway.recorder.seen.clear()
    answer = gateway.send(Case("route", sent("nobody", path), path, headers, method))
    if not gateway.recorder.seen:
        return answer.status
    (seen,) = gateway.recorder.seen
    return seen.server, {name.lower(): value for name, value in seen.headers}.get("x-auth-token", "")


COMPLETE = '{"*":"CloudOne","image":"CloudTwo"}'
