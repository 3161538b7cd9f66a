# SPDX-License-Identifier: Apache-2.0
"""Traffic in the network of a booted machine: a service, clients, and transfers that stay at their half.

It is told what to do on its standard input, line by line, and answers each line with one of JSON.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPConnection, HTTPException
from types import MappingProxyType

from unit.gateway.running import PATIENCE, Client
from unit.gateway.transfers import BY_PYTHON, Transfers, transfers

BACKEND, FRONTEND = 9292, 80
ENOUGH = 30
"""The requests of each client that a load has at least."""
_IMAGES = "/image/v2/images"


def status(path: str = "/.openstackoid/health", headers: Mapping[str, str] = MappingProxyType({})) -> int:
    """Return the status of an answer; 0 if there is none."""
    connection = HTTPConnection("127.0.0.1", FRONTEND, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def load() -> list[Client]:
    clients = [Client(lambda: HTTPConnection("127.0.0.1", FRONTEND, timeout=60), keep, 0.005, "ok") for keep in (True, False)]
    for client in clients:
        client.start()
    return clients


def finish(under_way: Transfers | None) -> list[int] | str:
    """Return the bytes of each transfer, or the failure in words."""
    assert under_way is not None
    try:
        return under_way.finish()
    except (OSError, HTTPException) as error:
        return repr(error)


def end(clients: list[Client]) -> None:
    """End a load, as soon as it was one."""
    wait(lambda: all(client.answered >= ENOUGH or client.lost for client in clients))
    for client in clients:
        client.enough.set()
        client.join()


def wait(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds, two minutes at most."""
    until = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < until:
        time.sleep(0.2)


def main() -> None:
    with transfers(BACKEND):
        try:
            obey(sys.stdin)
        except Exception:
            # Connections that are under way would keep this process, and the test would wait for it.
            traceback.print_exc()
            os._exit(1)


def obey(lines: Iterable[str]) -> None:
    """Do what the lines say, and answer each."""
    clients: list[Client] = []
    under_way: Transfers | None = None
    for line in lines:
        answer: object = None
        match line.strip():
            case "load":
                clients = load()
            case "unload":
                end(clients)
                answer = {"answered": sum(client.answered for client in clients), "lost": [client.lost for client in clients]}
            case "transfers":
                under_way = Transfers(FRONTEND)
            case "finish":
                answer = finish(under_way)
            case "health":
                answer = status()
            case "by HAProxy":
                answer = status(_IMAGES)
            case "by Python":
                answer = status(_IMAGES, BY_PYTHON)
            case "up":
                # HAProxy may not have found the service yet.
                wait(lambda: status() == status(_IMAGES) == 200)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
