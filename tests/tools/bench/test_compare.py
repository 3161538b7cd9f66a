# SPDX-License-Identifier: Apache-2.0
"""What becomes of the samples of ways that were measured in turns, and what is found out before."""

from collections.abc import Iterator
from http.server import HTTPServer
from threading import Thread

import pytest

from bench.compare import Sample, Way, check, rates_and_costs
from bench.errors import BenchError
from bench.load import Answers, Request
from bench.processes import Cpu
from tools.bench.answering import Answer

PLAIN = Way("plain", "plain HAProxy", Request("http://127.0.0.1:9/"), 1, baseline=None)
WRITE = Way("write", "a scoped write", Request("http://127.0.0.1:9/"), 1, bridge=2)


def sample(requests: int, haproxy: float, bridge: float = 0.0, failed: int = 0) -> Sample:
    return Sample(Answers(requests, 1.0, failed, 1.0, 2.0, 3.0), Cpu(haproxy, 0.25), Cpu(bridge), 1.0)


def test_figures_are_for_each_request_and_in_relation_to_the_baseline() -> None:
    samples = {
        "plain": [sample(1000, 0.5), sample(500, 0.25)],
        "write": [sample(100, 0.1, 0.2, failed=2), sample(50, 0.05, 0.1, failed=1)],
    }
    plain, write = (row.figures for row in rates_and_costs([PLAIN, WRITE], samples))
    assert "rate_ratio" not in plain
    assert plain["cpu_us"].median == pytest.approx(500)
    assert write["cpu_us"].median == pytest.approx(1000)
    assert write["bridge_us"].median == pytest.approx(2000)
    assert write["rate_ratio"].median == pytest.approx(0.1)
    assert write["cpu_ratio"].median == pytest.approx(2)
    assert write["busy"].median == pytest.approx(22.5)
    assert write["waited"].median == pytest.approx(25)
    assert write["failed"].median == 3


@pytest.fixture
def root() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_way_to_the_wrong_cloud_is_not_measured(root: str) -> None:
    check(Way("leaves", "", Request(f"{root}/image"), 1, served_by="CloudTwo"))
    with pytest.raises(BenchError, match="stays: 200, served by CloudTwo, not CloudOne"):
        check(Way("stays", "", Request(f"{root}/image"), 1))
    with pytest.raises(BenchError, match="leaves: 503"):
        check(Way("leaves", "", Request(f"{root}/down"), 1, served_by="CloudTwo"))
