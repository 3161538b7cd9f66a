# SPDX-License-Identifier: Apache-2.0
"""The lines that the benchmark counts are read as HAProxy's, and differ as those of real traffic do."""

import pytest

from bench.traffic import BATCH, Traffic, batches
from openstackoid.bridge.audit.audit_file import UncountedAudit
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.telemetry.haproxy_lines import LineCounts
from openstackoid.haproxy.trace import shown_lines

LINES = 600


def requests() -> float:
    return sum(value for name, _, value in LineCounts().samples() if name == "openstackoid_requests_total")


@pytest.mark.parametrize(("kind", "counted"), [("local", 1), ("remote", 1), ("guest", 1), ("mixed", 1), ("write", 0)])
def test_each_line_is_a_request_but_those_that_the_python_service_counts(kind: str, counted: int) -> None:
    before, counts = requests(), LineCounts()
    egress = EgressLines("CloudOne", UncountedAudit(None), requests=counts.add_audited)
    for batch in batches(getattr(Traffic(), kind), LINES):
        assert len(batch) <= BATCH
        counts.add(shown_lines(egress(batch))[1], some_audited=True)
    counts.settle()
    assert requests() - before == counted * LINES


def test_lines_differ_and_are_the_same_in_each_run() -> None:
    lines = b"".join(batches(Traffic().local, LINES))
    assert lines == b"".join(batches(Traffic().local, LINES))
    words = [line.split(b" ") for line in lines.splitlines()]
    few = {"clients": 0, "methods": 1, "paths": 2, "backends": 4, "statuses": 6, "times": 7}
    found = {name: len({word[place] for word in words}) for name, place in few.items()}
    assert found["clients"] > 100
    assert found["paths"] > LINES // 2
    assert found["times"] > 100
    assert (found["methods"], found["backends"], found["statuses"]) == (5, 8, 10)
