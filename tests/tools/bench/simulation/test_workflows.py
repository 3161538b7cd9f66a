# SPDX-License-Identifier: Apache-2.0
"""The requests of a new server are those that the lab has seen."""

import re
from pathlib import Path

from bench.simulation.workflows import CLIENT, DOWNLOAD, MANY, SERVER, WORKFLOWS, Hop

COVERAGE = Path(__file__).parents[4] / "docs" / "understand" / "coverage.md"


def test_a_server_takes_the_requests_of_the_first_table_of_the_coverage() -> None:
    table = COVERAGE.read_text(encoding="utf-8").partition("## Boot, the image there")[2].partition("\n## ")[0]
    seen = re.findall(r"^\| ([a-z]+) \| `(.+)` \| (.+) \| (.+) \|$", table, re.MULTILINE)
    # This one is the peer's guard asking about the token; the walk adds it where it is asked.
    guard = ("identity", "GET /auth/tokens", "CloudOne", "no scope")
    assert guard in seen
    seen.remove(guard)
    hops = [hop for (hop,) in SERVER]
    assert [(hop.service, hop.request, "→" in where) for hop, (_, _, where, _) in zip(hops, seen, strict=True)] == [
        (service, request, hop.remote) for hop, (service, request, _, _) in zip(hops, seen, strict=True)
    ]
    for hop, (*_, how) in zip(hops, seen, strict=True):
        assert (hop.sender == CLIENT) == (how == "in X-Scope"), hop
        changes = not hop.request.startswith("GET") and hop.request != "POST /auth/tokens" and hop.service != "image"
        assert hop.python == (changes or how.startswith("by the request id")), hop


def test_only_requests_with_a_token_are_validated() -> None:
    assert Hop(CLIENT, "image", "GET /images").token
    assert not Hop(CLIENT, "image", "GET /").token
    assert not Hop(CLIENT, "identity", "POST /auth/tokens").token


def test_local_workflows_ask_no_peer() -> None:
    for workflow in WORKFLOWS:
        hops = [hop for step in workflow.steps for hop in step]
        assert workflow.scoped == any(hop.remote for hop in hops) == (workflow.peers > 0), workflow.title
    assert {workflow.peers for workflow in WORKFLOWS} == {0, 1, MANY}
    assert sum(hop.request == DOWNLOAD for (hop,) in SERVER) == 1
