# SPDX-License-Identifier: Apache-2.0
"""docs/architecture.md names the imports that the test of the architecture allows."""

import re

import pytest

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
