# SPDX-License-Identifier: Apache-2.0
"""Clients of a gateway under load when a part is killed: a real HAProxy, the real Python service, SIGKILL."""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path

from unit.gateway.load import BROKEN_OFF, HAPROXYS, PYTHONS, WRITES, Kind, Sent, load, send, service
from unit.gateway.running import Gateway, free_port, with_settings

_SECONDS, _KILLED_AFTER = 3.0, 1.0
_MIXED = [*HAPROXYS, *HAPROXYS, *PYTHONS, *WRITES]


def kill_under_load(folder: Path, part: str, kinds: list[Kind]) -> tuple[list[Sent], float]:
    """Run a gateway under load, kill the part; return the outcome of each request, and the time at which the part was gone."""

    async def run() -> tuple[list[Sent], float]:
        killed: list[float] = []
        loop = asyncio.get_running_loop()
        async with service() as backend:
            gateway = Gateway(folder, free_port(), backend)
            # On a busy machine the Python service may take seconds to start; what is bounded here is tested elsewhere.
            patient = "timeouts: {connect: 20}, limits: {bridge: 2000, wait: 20, exempt: [127.0.0.1]}"
            gateway.config.write_text(with_settings(gateway.config.read_text(), patient))
            await asyncio.to_thread(gateway.start)
            victim = gateway.parts()[part]

            def kill() -> None:
                ended = os.pidfd_open(victim.pid)

                def note() -> None:
                    loop.remove_reader(ended)
                    os.close(ended)
                    killed.append(loop.time())

                loop.add_reader(ended, note)
                victim.kill()

            try:
                sent = await load(gateway.port, kinds, _SECONDS, _KILLED_AFTER, kill)
                await asyncio.to_thread(gateway.wait_for, "runs again")
            finally:
                await asyncio.to_thread(gateway.stop)
        return sent, killed[0]

    return asyncio.run(run())


def failures(sent: list[Sent]) -> Counter[tuple[str, int | str]]:
    return Counter((one.kind.name, one.result) for one in sent if not one.answered)


def test_killing_haproxy_loses_only_requests_that_were_under_way(tmp_path: Path) -> None:
    sent, gone = kill_under_load(tmp_path, "haproxy", _MIXED)
    assert failures([one for one in sent if one.at > gone]) == {}
    lost = [one for one in sent if not one.answered]
    assert {one.result for one in lost} <= {"IncompleteReadError", "ConnectionResetError", BROKEN_OFF}
    assert len(sent) > 900


def test_killing_the_python_service_loses_no_read_and_answers_each_write_with_its_uncertainty(tmp_path: Path) -> None:
    sent, _ = kill_under_load(tmp_path, "bridge", _MIXED)
    lost = [one for one in sent if not one.answered and one.result != BROKEN_OFF]
    assert {(one.kind.name, one.result) for one in lost} <= {("a write by Python", 502)}
    assert lost, "none was under way"
    for one in lost:
        error = json.loads(one.body)["error"]
        assert error["code"] == 502
        assert error["message"] == (
            "gateway of CloudOne: the Python service behind the gateway ended before it answered, or gave no valid answer. "
            "It is not known whether this request was carried out: look before you repeat it"
        )


def test_a_write_on_a_connection_that_has_served_others_is_answered_in_words_too(tmp_path: Path) -> None:
    """Where a connection to the Python service ends that has served another request, HAProxy closes the client's, too."""
    read, write = PYTHONS[0], Kind("a write", "POST", "/image/wait/3", PYTHONS[0].scope, twice=True)

    async def run() -> list[Sent]:
        async with service() as backend:
            gateway = Gateway(tmp_path, free_port(), backend)
            await asyncio.to_thread(gateway.start)
            try:
                python = gateway.parts()["bridge"]
                asyncio.get_running_loop().call_later(1.5, python.kill)
                return await send(gateway.port, [read, read, write])
            finally:
                await asyncio.to_thread(gateway.stop)

    answers = asyncio.run(run())
    assert [one.result for one in answers] == [200, 200, 502]
    assert "look before you repeat it" in answers[-1].body
