# SPDX-License-Identifier: Apache-2.0
"""Lines about questions to Keystone are counted for some seconds, by the time to the head of the answer."""

import pytest

from openstackoid.bridge.telemetry.token_answers import TokenAnswerCounts
from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.telemetry import WINDOW, TokenAnswers

TRACED = "trace=req-a0d17000-0000-4000-8000-000000000001 at=1796029200000000 socket=80"


def answer(milliseconds: int, total: int = 0, mark: str = "", record: str = "") -> bytes:
    return f"local.identity.public - 200 {total or milliseconds} ms ----{mark} {record} answered={milliseconds} via=\n".encode()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_time_of_keystone_counts_and_not_that_of_a_client_that_reads_slowly(clock: Clock) -> None:
    counts = TokenAnswerCounts(clock)
    counts.add([answer(999, 9000), answer(1000), answer(2000, mark=BY_PYTHON), answer(3000, record=TRACED)])
    assert counts.recent() == TokenAnswers(4, 3)


def test_other_lines_do_not_count(clock: Clock) -> None:
    counts = TokenAnswerCounts(clock)
    counts.add([b"local.identity.public - 201 4000 ms ---- -\n", b"local.image.public - 200 4000 ms ---- -\n", b" answered=\n"])
    assert counts.recent() == TokenAnswers()


def test_the_last_seconds_count(clock: Clock) -> None:
    counts = TokenAnswerCounts(clock)
    counts.add([answer(10)] * 50)
    clock.now += WINDOW - 1
    counts.add([answer(2000)] * 5)
    assert counts.recent() == TokenAnswers(55, 5)
    clock.now += 1
    assert counts.recent() == TokenAnswers(5, 5)
    clock.now += WINDOW
    assert counts.recent() == TokenAnswers()
