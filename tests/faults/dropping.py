# SPDX-License-Identifier: Apache-2.0
"""Packets on the loopback that are dropped by their TCP port, without an answer: what a cable that is cut does."""

import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from unable import cannot_run

_SOURCE, _DESTINATION = 34, 36
"""The ports' bytes in a frame with an IPv4 header without options."""

_LOAD_HALF, _JUMP_IF_EQUAL, _RETURN = 0x28, 0x15, 0x06
_PASS, _DROP = 0, 2
"""TC_ACT_OK and TC_ACT_SHOT of linux/pkt_cls.h."""


def program(ports: Collection[int]) -> str:
    """Return a classic BPF program as ``tc`` reads it: drop what comes from or goes to one of the ports."""
    checks = [step for at in (_SOURCE, _DESTINATION) for step in [(at, None), *((at, port) for port in sorted(ports))]]
    size = len(checks) + 2
    lines = [
        f"{_LOAD_HALF} 0 0 {at}" if port is None else f"{_JUMP_IF_EQUAL} {size - 2 - line} 0 {port}"
        for line, (at, port) in enumerate(checks)
    ]
    return ",".join([str(size), *lines, f"{_RETURN} 0 0 {_PASS}", f"{_RETURN} 0 0 {_DROP}"])


@contextmanager
def dropped(ports: Collection[int]) -> Iterator[None]:
    """Drop all packets from and to these ports of the loopback. It needs root, ``tc`` and the kernel's ``cls_bpf``."""
    try:
        _tc("qdisc", "add", "dev", "lo", "clsact")
    except (OSError, subprocess.CalledProcessError) as error:
        cannot_run(f"packets on the loopback cannot be dropped: {getattr(error, 'stderr', error)}")
    try:
        _tc("filter", "add", "dev", "lo", "ingress", "protocol", "ip", "bpf", "da", "bytecode", program(ports))
        yield
    finally:
        _tc("qdisc", "del", "dev", "lo", "clsact")


def _tc(*words: str) -> Any:
    return subprocess.run(["tc", *words], check=True, capture_output=True, text=True)
