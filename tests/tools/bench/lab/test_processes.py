# SPDX-License-Identifier: Apache-2.0
"""The processes of a gateway, and their cost."""

import os
import time
from typing import Any

import psutil
import pytest

from bench.errors import BenchError
from bench.lab import processes as lab_processes
from bench.lab.processes import Processes, Used


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_processes, "_SETTLED", 0.01)


def status(*services: dict[str, Any]) -> dict[str, Any]:
    return {"clouds": [{"name": "CloudOne", "services": list(services)}]}


class Gateway:
    """A process with children of these names and commands."""

    def __init__(self, *children: tuple[int, str, list[str]]) -> None:
        self._children = children

    def children(self) -> list[Any]:
        return [_Child(*child) for child in self._children]


class _Child:
    def __init__(self, pid: int, name: str, command: list[str]) -> None:
        self.pid, self._name, self._command = pid, name, command

    def name(self) -> str:
        return self._name

    def cmdline(self) -> list[str]:
        return self._command

    def create_time(self) -> float:
        return self.pid


def test_the_processes_of_a_gateway_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced, haproxy = ((pid, "haproxy", ["haproxy", "-db"]) for pid in (9, 11))
    checks = (13, "haproxy", ["haproxy", "-c", "-f", "haproxy.cfg"])
    gateway = Gateway(replaced, haproxy, (12, "python", ["python", "-m", "openstackoid.bridge"]), checks)
    monkeypatch.setattr(psutil, "Process", lambda _: gateway)
    glance = {"name": "glance", "pid": 7}
    found = Processes.of(status({"name": "gateway", "pid": 10}, glance, {"name": "nova-api", "pid": None}))
    assert (found.haproxy, found.python) == ((11,), (12,))
    assert found.services[("CloudOne", "glance")] == 7
    assert found.and_haproxy(20).haproxy == (11, 20)


def test_a_gateway_that_replaces_its_haproxy_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    python = (12, "python", ["python", "-m", "openstackoid.bridge"])
    one: list[tuple[int, str, list[str]]] = [(11, "haproxy", [])]
    seen = iter([[(9, "haproxy", [""])], one[:0], one, one])
    monkeypatch.setattr(psutil, "Process", lambda _: Gateway(python, *next(seen)))
    assert Processes.of(status({"name": "gateway", "pid": 10})).haproxy == (11,)


def test_a_gateway_that_is_not_whole_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "Process", lambda _: Gateway((11, "haproxy", [])))
    monkeypatch.setattr(lab_processes, "_PATIENCE", 0.1)
    with pytest.raises(BenchError, match="has no HAProxy, or no Python service"):
        Processes.of(status({"name": "gateway", "pid": 10}))


def test_cpu_time_of_processes_is_counted() -> None:
    processes = Processes((os.getpid(),), (), {})
    before = processes.used(os.getpid())
    # The kernel counts by its ticks.
    until = time.process_time() + 0.1
    while time.process_time() < until:
        sum(range(10_000))
    used = processes.used(os.getpid()) - before
    assert used.haproxy > 0
    assert used.service > 0
    assert used.python == 0
    assert processes.used(None).service == 0
    assert Used(3, 2, 1) - Used(1, 1, 1) == Used(2, 1, 0)
