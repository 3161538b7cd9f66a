# SPDX-License-Identifier: Apache-2.0
"""Every hop of every workflow goes to the cloud of the scope, and the page describes it."""

from pathlib import Path
from typing import Any

import pytest

from examples.coverage import Lab, run
from examples.coverage_page import heading
from examples.workflows import WORKFLOWS

PAGE = Path(__file__).parents[2] / "docs" / "understand" / "coverage.md"


def told(title: str) -> set[str]:
    """The rows of the page about a workflow that change something: reads depend on the moment."""
    section = PAGE.read_text(encoding="utf-8").split(f"{title}\n", 1)[1].split("\n## ", 1)[0]
    return {row for row in section.splitlines() if changes(row)}


def changes(row: str) -> bool:
    return any(f"| `{method} " in row for method in ("POST", "PUT", "PATCH", "DELETE"))


@pytest.mark.timeout(900)
def test_each_hop_goes_where_the_scope_says(lab: Any, tmp_path: Path) -> None:
    found = run(Lab(tmp_path))
    assert list(found) == list(WORKFLOWS)
    for workflow, hops in found.items():
        assert {hop.row() for hop in hops if changes(hop.row())} == told(heading(workflow)), workflow.name
    recalled = {(hop.service, hop.method) for hops in found.values() for hop in hops if hop.via == "recalled"}
    assert ("placement", "PUT") in recalled
    assert ("network", "PUT") in recalled
    (boot,) = (hops for workflow, hops in found.items() if workflow.name == "boot, the network there")
    assert ("CloudOne", "CloudTwo", "recalled") in {(hop.gateway, hop.cloud, hop.via) for hop in boot if hop.method == "PUT"}
