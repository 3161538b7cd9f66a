# SPDX-License-Identifier: Apache-2.0
"""The lab's processes that a request passes, and the CPU time that each group of them has had."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psutil

from bench.errors import BenchError
from bench.processes import cpu

GROUPS = ("haproxy", "python", "service")
"""HAProxy of both gateways, the Python services of both, and the processes of the service that is asked."""


@dataclass(frozen=True)
class Used:
    """Seconds of CPU time, by group."""

    haproxy: float
    python: float
    service: float

    def __sub__(self, earlier: "Used") -> "Used":
        return Used(self.haproxy - earlier.haproxy, self.python - earlier.python, self.service - earlier.service)


@dataclass(frozen=True)
class Processes:
    """The ids of the processes of each group; ``services`` are those of a service in the one cloud and in the other."""

    haproxy: tuple[int, ...]
    python: tuple[int, ...]
    services: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> "Processes":
        """Return the processes that the lab's status tells of. Raises :class:`BenchError` where a gateway is not whole."""
        ids = {
            (cloud["name"], service["name"]): service["pid"]
            for cloud in status["clouds"]
            for service in cloud["services"]
            if service["pid"] is not None
        }
        gateways = [pid for (_, name), pid in ids.items() if name == "gateway"]
        children = [psutil.Process(pid).children() for pid in gateways]
        haproxy = tuple(_youngest(child for child in found if child.name() == "haproxy") for found in children)
        python = tuple(_youngest(child for child in found if "openstackoid.bridge" in child.cmdline()) for found in children)
        return cls(haproxy, python, ids)

    def and_haproxy(self, pid: int) -> "Processes":
        """Return the same with one more HAProxy."""
        return replace(self, haproxy=(*self.haproxy, pid))

    def used(self, service: int | None) -> Used:
        """Return what the gateways have had until now, and the process ``service``."""
        return Used(
            sum(cpu(pid).used for pid in self.haproxy),
            sum(cpu(pid).used for pid in self.python),
            0.0 if service is None else cpu(service).used,
        )


def _youngest(processes: Iterable[psutil.Process]) -> int:
    """Return the id of the last process that was started: a replaced HAProxy may still have connections."""
    found = max(processes, key=lambda process: process.create_time(), default=None)
    if found is None:
        raise BenchError("a gateway of the lab has no HAProxy, or no Python service")
    return found.pid
