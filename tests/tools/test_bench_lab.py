# SPDX-License-Identifier: Apache-2.0
"""``make bench-lab`` makes its measurements on real clouds, with any figures."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.lab.__main__ import main
from bench.lab.goals import ACROSS, JUDGED, LAB_GOALS, THROUGH
from bench.lab.things import NAME
from examples.session import User


@pytest.mark.timeout(240)
def test_a_round_measures_every_way_and_counts_the_calls(lab: Any, tmp_path: Path) -> None:
    code = main(["--rounds", "1", "--output", str(tmp_path)])
    found = json.loads((tmp_path / "results.json").read_text())
    assert code == (0 if all(goal["met"] for goal in found["goals"]) else 1)
    assert len(found["goals"]) == len(LAB_GOALS)
    for part in JUDGED:
        rows = {row["key"]: row["figures"] for row in found["parts"][part]["rows"]}
        for way in (THROUGH, ACROSS):
            assert rows[way]["time_ratio"]["median"] > 0
            assert rows[way]["haproxy_ms"]["median"] > 0
        assert rows[ACROSS]["python_ms"]["median"] > 0, "the guard of the other cloud has been passed"
    calls = {row["key"]: row["figures"] for row in found["parts"]["calls"]["rows"]}
    assert calls["images_here_again"]["calls"]["median"] >= 1
    assert calls["images_there_again"]["calls_there"]["median"] >= 1
    # Answers about a peer's image pass the Python service.
    assert sum(calls["boot_there_again"][where]["median"] for where in ("calls_crossing", "calls_python")) >= 4
    for scope in (None, '{"compute": "CloudTwo", "image": "CloudTwo", "network": "CloudTwo"}'):
        for kind in ("server", "image"):
            names = [row["Name"] for row in User("CloudOne").openstack(kind, "list", "-f", "json", scope=scope).json()]
            assert [name for name in names if name.startswith(NAME)] == [], "what was made is deleted"
