# SPDX-License-Identifier: Apache-2.0
"""Servers that are waited for: until they run, or fail, or it takes too long."""

import pytest

from bench.errors import BenchError
from bench.lab import things
from bench.lab.things import looked_for, until_active


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(things, "PAUSE", 0.0)


def test_a_server_is_looked_for_by_name_and_status() -> None:
    assert looked_for({"server": {"name": "bench-lab-1"}}, "ACTIVE") == "/v2.1/servers?name=bench-lab-1&status=ACTIVE"


def test_waiting_ends_once_the_server_is_active() -> None:
    answers = iter([False] * 30 + [True])
    until_active(lambda status: status == "ACTIVE" and next(answers), "a server")


def test_a_server_that_has_failed_ends_it() -> None:
    with pytest.raises(BenchError, match=r"^a server has failed; openstackoid lab logs CloudOne nova-compute"):
        until_active(lambda status: status == "ERROR", "a server")


def test_a_server_that_takes_too_long_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(things, "_PATIENCE", 0.01)
    with pytest.raises(BenchError, match=r"^a server is not ACTIVE within 0\.01 s$"):
        until_active(lambda _: False, "a server")
