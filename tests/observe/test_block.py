# SPDX-License-Identifier: Apache-2.0
"""``openstackoid peer block`` cuts a peer within a second of the command; this suite runs alone on the machine."""

import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

from unit.gateway.pair import PeerGateway
from unit.gateway.running import PATIENCE
from unit.gateway.test_blocking import REFUSAL, UPGRADE
from unit.gateway.test_blocking_pair import opened, scoped

WITHIN, TRIES = 1.0, 10
"""Seconds, and the most tries: another program may take the processors meanwhile."""


def command(gateway: PeerGateway, word: str) -> str:
    words = ["peer", word, "CloudTwo", "--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    done = subprocess.run(
        [sys.executable, "-m", "openstackoid", *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def cut_after(one: PeerGateway, two: PeerGateway) -> float:
    """Block the peer and end the block; return the seconds after which it was cut off, those of the command among them."""
    cut: list[float] = []

    def wait_for_the_cut(connection: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while connection.recv(65536):
                continue
        cut.append(time.monotonic())

    with ExitStack() as stack:
        # WebSockets of users of both clouds, and a download of a user of CloudTwo that does not end.
        ways = (one, "CloudTwo", "socket", UPGRADE), (two, "CloudOne", "socket", UPGRADE), (two, "CloudOne", "endless/file", "")
        held = [stack.enter_context(opened(*way)) for way in ways]
        waiting = [threading.Thread(target=wait_for_the_cut, args=(connection,), daemon=True) for connection in held]
        for thread in waiting:
            thread.start()
        began = time.monotonic()
        try:
            assert command(one, "block") == "CloudTwo is blocked at the gateway of CloudOne\n"
            status, said = one.get("/image/v2/images", scoped("CloudTwo"))
            refused = time.monotonic()
            for thread in waiting:
                thread.join(PATIENCE)
        finally:
            command(one, "unblock")
    assert (status, len(cut)) == (403, len(held))
    assert REFUSAL in said
    print(f"observe: blocked: refused after {refused - began:.2f} s, cut after {max(cut) - began:.2f} s", flush=True)
    # The command ends a moment after the block has effect.
    return max(cut) - began


def test_a_peer_is_cut_within_a_second_of_the_command(one: PeerGateway, two: PeerGateway) -> None:
    for gateway, cloud in ((one, "CloudTwo"), (two, "CloudOne")):
        assert [gateway.get("/image/v2/images", scoped(cloud))[0] for _ in range(3)] == [200] * 3
    assert any(cut_after(one, two) < WITHIN for _ in range(TRIES))
