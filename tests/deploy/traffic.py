# SPDX-License-Identifier: Apache-2.0
"""Traffic in the network of a booted machine: a service, clients, and transfers that stay at their half.

It is told what to do on its standard input, line by line, and answers each line with one of JSON.
"""

import json
import sys
import time
from http.client import HTTPConnection

from unit.gateway.running import Client
from unit.gateway.transfers import Transfers, transfers

BACKEND, FRONTEND = 9292, 80


def health() -> int:
    connection = HTTPConnection("127.0.0.1", FRONTEND, timeout=30)
    try:
        connection.request("GET", "/.openstackoid/health")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def load() -> list[Client]:
    clients = [Client(lambda: HTTPConnection("127.0.0.1", FRONTEND, timeout=60), keep, 0.005, "ok") for keep in (True, False)]
    for client in clients:
        client.start()
    return clients


def main() -> None:
    with transfers(BACKEND):
        clients: list[Client] = []
        under_way: Transfers | None = None
        for line in sys.stdin:
            answer: object = None
            match line.strip():
                case "load":
                    clients = load()
                case "unload":
                    for client in clients:
                        client.enough.set()
                        client.join()
                    answer = {"answered": sum(client.answered for client in clients), "lost": [client.lost for client in clients]}
                case "transfers":
                    under_way = Transfers(FRONTEND)
                case "finish":
                    assert under_way is not None
                    answer = under_way.finish()
                case "health":
                    answer = health()
                case "up":
                    until = time.monotonic() + 60
                    while health() != 200 and time.monotonic() < until:
                        time.sleep(0.2)
                    # The service is found up by the next check.
                    time.sleep(2)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
