# SPDX-License-Identifier: Apache-2.0
"""The lab's processes that a request passes, and the CPU time that each group of them has had."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psutil

from bench.errors import BenchError
from bench.processes import cpu

GROUPS = ("haproxy", "python", "service")
"""HAProxy of both gateways, the Python services of both, and the processes of the service that is asked."""

_SETTLED = 2.0
"""Seconds for which a gateway's processes have to stay the same: one that has just started or reloaded replaces its HAProxy."""
_PATIENCE = 30.0


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
        """Return the processes that the lab's status tells of, once they stay.

        Raises :class:`BenchError` where a gateway is not whole, or goes on to replace its processes.
        """
        ids = {
            (cloud["name"], service["name"]): service["pid"]
            for cloud in status["clouds"]
            for service in cloud["services"]
            if service["pid"] is not None
        }
        gateways = [pid for (_, name), pid in ids.items() if name == "gateway"]
        until = time.monotonic() + _PATIENCE
        found = _of_gateways(gateways)
        while gateways:
            time.sleep(_SETTLED)
            before, found = found, _of_gateways(gateways)
            if found and found == before:
                break
            if time.monotonic() > until:
                raise BenchError("a gateway of the lab has no HAProxy, or no Python service, that stays")
        haproxy, python = zip(*found, strict=True) if found else ((), ())
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


def _of_gateways(gateways: Iterable[int]) -> list[tuple[int, int]]:
    """Return the ids of each gateway's HAProxy and Python service; none while one has not both, or one just ends."""
    with suppress(psutil.NoSuchProcess, ValueError):
        return [_of_gateway(psutil.Process(pid).children()) for pid in gateways]
    return []


def _of_gateway(children: Iterable[psutil.Process]) -> tuple[int, int]:
    """Return the last processes that were started, but those that check a configuration: a replaced HAProxy may still run.

    Raises :class:`ValueError` where one is missing.
    """
    commands = {child: child.cmdline() for child in children}
    haproxy = [child for child in commands if child.name() == "haproxy" and "-c" not in commands[child]]
    python = [child for child in commands if "openstackoid.bridge" in commands[child]]
    return _youngest(haproxy), _youngest(python)


def _youngest(processes: Iterable[psutil.Process]) -> int:
    return max(processes, key=lambda process: process.create_time()).pid
