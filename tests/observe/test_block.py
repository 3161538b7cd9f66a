# SPDX-License-Identifier: Apache-2.0
"""``openstackoid peer block`` cuts a peer within a second of the command; this suite runs alone on the machine."""

import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.client import HTTPException

from unit.gateway.pair import PeerGateway, Services
from unit.gateway.running import PATIENCE
from unit.gateway.test_blocking import REFUSAL, UPGRADE
from unit.gateway.test_blocking_pair import opened, scoped, validated

WITHIN, TRIES = 1.0, 10
"""Seconds, and the most tries: another program may take the processors meanwhile."""

PAUSE = 0.03
"""Seconds between two rounds of questions whether the peer is refused."""

Kinds = dict[str, float]
"""The seconds from the command on after which each kind of what goes between two clouds was at its end."""


def command(gateway: PeerGateway, word: str) -> str:
    words = ["peer", word, "CloudTwo", "--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    done = subprocess.run(
        [sys.executable, "-m", "openstackoid", *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def bound_token(one: PeerGateway, two: PeerGateway) -> str:
    """Have both gateways learn the way to the other; return a token of CloudOne that is bound to CloudTwo."""
    before = len(Services.tokens)
    for gateway, cloud in ((one, "CloudTwo"), (two, "CloudOne")):
        # Python decides the first; HAProxy takes the learnt route, and admits the user, alone after it.
        assert [gateway.get("/image/v2/images/i/file", scoped(cloud))[0] for _ in range(3)] == [200] * 3
    bound = next(token for token in Services.tokens[before:] if token and not token.startswith("tok"))
    assert validated(one, bound) == 200
    return bound


def cut_after(one: PeerGateway, two: PeerGateway) -> Kinds:
    """Block the peer and end the block; return the seconds of each kind, those of the command's start among them."""
    bound = bound_token(one, two)
    ended: dict[str, list[float]] = {}

    def wait_for_the_cut(kind: str, connection: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while connection.recv(65536):
                continue
        ended.setdefault(kind, []).append(time.monotonic())

    def wait_for_refusals(asked: dict[str, Callable[[], bool]]) -> None:
        while waiting := asked.keys() - ended.keys():
            for kind in waiting:
                with suppress(OSError, HTTPException):
                    if asked[kind]():
                        ended[kind] = [time.monotonic()]
            time.sleep(PAUSE)

    def refused(gateway: PeerGateway, cloud: str) -> bool:
        status, said = gateway.get("/image/v2/images/i/file", scoped(cloud))
        return status == 403 and REFUSAL in said

    with ExitStack() as stack:
        # WebSockets of users of both clouds, and a download of a user of CloudTwo that does not end.
        held = [
            ("WebSockets", stack.enter_context(opened(one, "CloudTwo", "socket", UPGRADE))),
            ("WebSockets", stack.enter_context(opened(two, "CloudOne", "socket", UPGRADE))),
            ("connections", stack.enter_context(opened(two, "CloudOne", "images/endless/file"))),
        ]
        asked: dict[str, Callable[[], bool]] = {
            "learnt entries": lambda: refused(one, "CloudTwo"),
            "incoming requests": lambda: refused(two, "CloudOne"),
            "bound tokens": lambda: validated(one, bound) == 403,
        }
        threads = [threading.Thread(target=wait_for_the_cut, args=one_held, daemon=True) for one_held in held]
        # In one thread: it must leave the processors to the command.
        threads.append(threading.Thread(target=wait_for_refusals, args=(asked,), daemon=True))
        for thread in threads:
            thread.start()
        began = time.monotonic()
        try:
            assert command(one, "block") == "CloudTwo is blocked at the gateway of CloudOne\n"
            for thread in threads:
                thread.join(PATIENCE)
        finally:
            command(one, "unblock")
    assert {kind: len(times) for kind, times in ended.items()} == {
        "WebSockets": 2,
        "connections": 1,
        "learnt entries": 1,
        "incoming requests": 1,
        "bound tokens": 1,
    }
    found = {kind: max(times) - began for kind, times in ended.items()}
    print("observe: blocked:", ", ".join(f"{kind} after {seconds:.2f} s" for kind, seconds in found.items()), flush=True)
    return found


def test_a_peer_is_cut_within_a_second_of_the_command(one: PeerGateway, two: PeerGateway) -> None:
    last = PATIENCE
    for _ in range(TRIES):
        last = min(last, max(cut_after(one, two).values()))
        if last < WITHIN:
            break
    assert last < WITHIN
