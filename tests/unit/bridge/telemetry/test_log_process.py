# SPDX-License-Identifier: Apache-2.0
"""The process of HAProxy's log tells its numbers to the other process of the Python service."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from openstackoid.bridge.telemetry import log_process
from openstackoid.bridge.telemetry.log_process import DELEGATED, FRESH, SAMPLES, TOKENS, LogProcess, tell_numbers
from openstackoid.telemetry import TokenAnswers, samples
from unit.bridge.stage import played


@contextmanager
def _connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


class Delegated:
    """Counts its calls, and returns their number as that of images that a peer was allowed to read."""

    asked = 0

    def __call__(self) -> list[tuple[str, str, str, int]]:
        self.asked += 1
        return [("CloudTwo", "images", "allowed", self.asked)]


def numbers(delegated: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    return {SAMPLES: samples, DELEGATED: delegated, TOKENS: lambda: TokenAnswers(7, 4)}


@played
async def test_it_is_asked_for_samples_and_for_counts_of_delegated_requests() -> None:
    delegated = Delegated()
    with _connected() as (here, there):
        telling, process = asyncio.create_task(tell_numbers(there, numbers(delegated))), LogProcess(here)
        assert [await process.delegated() for _ in range(3)] == [[("CloudTwo", "images", "allowed", 1)]] * 3
        assert await process.samples() == json.loads(json.dumps(samples()))
        assert await process.token_answers() == TokenAnswers(7, 4)
        await asyncio.sleep(FRESH)
        assert await process.delegated() == [("CloudTwo", "images", "allowed", 2)]
        process.close()
        await telling


@played
async def test_without_that_process_there_are_none() -> None:
    process = LogProcess(None)
    assert (await process.samples(), await process.delegated(), await process.token_answers()) == ([], [], TokenAnswers())


@played
async def test_a_question_that_was_given_up_leaves_no_answer_for_the_next() -> None:
    delegated = Delegated()
    with _connected() as (here, there):
        process = LogProcess(here)
        given_up = asyncio.create_task(process.delegated())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given_up.cancel()
        with suppress(asyncio.CancelledError):
            await given_up
        telling = asyncio.create_task(tell_numbers(there, numbers(delegated)))
        assert all(isinstance(sample, list) and len(sample) == 3 for sample in await process.samples())
        assert delegated.asked == 1
        process.close()
        await telling


@played
async def test_a_late_answer_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_process, "PATIENCE", 0.05)
    monkeypatch.setattr(log_process, "FRESH", 0.0)
    with _connected() as (here, there):
        process = LogProcess(here)
        assert await process.delegated() == []
        monkeypatch.setattr(log_process, "PATIENCE", 5.0)
        telling = asyncio.create_task(tell_numbers(there, numbers(lambda: [("CloudTwo", "images", "allowed", 1)])))
        assert await process.delegated() == [("CloudTwo", "images", "allowed", 1)]
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        there.close()
        assert await process.delegated() == [("CloudTwo", "images", "allowed", 1)], "what was told last"
        process.close()
