# SPDX-License-Identifier: Apache-2.0
"""Parsing of the output of wrk."""

import pytest

from bench.errors import BenchError
from bench.load import find_wrk, read_answers

SAID = (
    "Running 10m test\n  12 requests in 2.00s\n"
    'BENCH {"requests": 12, "microseconds": 2000000, "status": 1, "connect": 2, "read": 3, "write": 4, "timeout": 5,'
    ' "p50": 110, "p99": 220, "p999": 330}\n'
)


def test_rate_failures_and_latencies() -> None:
    answers = read_answers(SAID)
    assert (answers.requests, answers.rate, answers.failed) == (12, 6.0, 15)
    assert (answers.p50, answers.p99, answers.p999) == (110, 220, 330)


@pytest.mark.parametrize(
    "said", ["unable to connect to 127.0.0.1:9 Connection refused", SAID.replace('"requests": 12', '"requests": 0')]
)
def test_a_load_without_an_answer_is_no_measurement(said: str) -> None:
    with pytest.raises(BenchError, match="wrk got no answer"):
        read_answers(said)


def test_a_missing_wrk_is_an_error_with_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BenchError, match="wrk is not installed") as raised:
        find_wrk()
    assert "apt-get install wrk" in str(raised.value.hint)
