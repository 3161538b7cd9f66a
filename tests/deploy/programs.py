# SPDX-License-Identifier: Apache-2.0
"""The programs of a gateway on a booted machine."""

from contextlib import suppress

import psutil

from deploy.debian import Machine

HAPROXY, WORKER, PYTHON, SUPERVISOR = "HAProxy", "a worker of HAProxy", "the Python service", "the supervisor"


def running(machine: Machine, program: str) -> list[psutil.Process]:
    """Return the processes of the machine that run a program."""
    found = []
    for process in psutil.Process(machine.init).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE and _program(process) == program:
                found.append(process)
    return found


def _program(process: psutil.Process) -> str | None:
    words, parent = process.cmdline(), process.parent()
    if process.name() == "haproxy":
        if not any(word.startswith("/var/lib/openstackoid/") for word in words):
            # Debian's own service.
            return None
        return WORKER if parent is not None and parent.name() == "haproxy" else HAPROXY
    if parent is not None and parent.cmdline() == words:
        # The Python service has a process that reads HAProxy's log.
        return None
    if "openstackoid.bridge" in words or words[2:4] == ["bridge", "run"]:
        return PYTHON
    return SUPERVISOR if words[2:4] == ["gateway", "run"] else None
