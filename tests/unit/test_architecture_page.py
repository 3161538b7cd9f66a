# SPDX-License-Identifier: Apache-2.0
"""docs/architecture.md names the imports that the test of the architecture allows."""

import re
from typing import get_args

import pytest

from openstackoid.routing.decision import Plan
from unit.test_architecture import BRIDGE_MAY_IMPORT, MAY_IMPORT, SOURCE

PAGE = (SOURCE.parent.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `src/openstackoid/([a-z/]+)/` \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE))


def named(row: str) -> set[str]:
    """Return the packages of a cell; every package may import ``redaction``."""
    return set() if row.startswith("nothing of ") else set(row.split(", ")) - {"redaction"}


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_the_page_names_the_imports_of_a_package(package: str) -> None:
    assert named(ROWS[package]) == MAY_IMPORT[package]


@pytest.mark.parametrize("package", sorted(BRIDGE_MAY_IMPORT))
def test_the_page_names_the_imports_of_a_package_of_the_bridge(package: str) -> None:
    every = set(BRIDGE_MAY_IMPORT) - {package}
    row = ROWS[f"bridge/{package}"]
    assert (every if row == "all of the bridge" else named(row)) == BRIDGE_MAY_IMPORT[package] - {"haproxy_log"}


def test_the_way_of_a_request_names_each_plan() -> None:
    (named_plans,) = re.findall(r"decides on a plan: ([A-Za-z, ]+) \(or", PAGE)
    assert set(re.split(r", | or ", named_plans)) == {plan.__name__ for plan in get_args(Plan)}
