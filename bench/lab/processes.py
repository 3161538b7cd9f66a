# SPDX-License-Identifier: Apache-2.0
"""The lab's processes that a request passes, and the CPU time that each group of them has had."""

from collections.abc import Mapping
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
        children = [child for pid in gateways for child in psutil.Process(pid).children()]
        haproxy = tuple(child.pid for child in children if child.name() == "haproxy")
        python = tuple(child.pid for child in children if "openstackoid.bridge" in child.cmdline())
        if not len(gateways) == len(haproxy) == len(python):
            raise BenchError("the lab's gateways have not one HAProxy and one Python service each")
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
