# SPDX-License-Identifier: Apache-2.0
"""Each official service type is composed, or docs/use/merged-lists.md says why it is not."""

import re
from collections.abc import Iterator

import pytest

from documents import read
from openstackoid.composition import TotalKind, VersionsKind, builtin_kinds
from openstackoid.scope import official_service_types

PAGE = read("use/merged-lists.md")
COMPOSED, REST = PAGE.partition("\n## Not composed, and why\n")[::2]
TYPES, PATHS = REST.partition("\nAnd these lists")[::2]


def rows(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


TOTALS = COMPOSED.partition("\n## Limits, quotas and usage\n")[2]


def _totals(cell: str) -> Iterator[str]:
    """Return the paths of a cell: after `with`, those below the one before."""
    above = ""
    for name in names(cell):
        below = cell.partition(f"`{name}`")[0].rpartition(",")[2]
        above = above if " with" in below else name
        yield above if above == name else above + name


WITH_LISTS = [name for row in rows(COMPOSED.partition("\n## Lists\n")[2].partition("\n## ")[0]) for name in names(row[0])]
WITHOUT = [name for row in rows(TYPES) for name in names(row[0])]


def test_each_official_service_type_has_its_row() -> None:
    assert sorted(WITH_LISTS + WITHOUT) == sorted(official_service_types())


def test_the_services_of_the_page_are_those_that_are_composed() -> None:
    assert set(WITH_LISTS) == {kind.service for kind in builtin_kinds().lists()}


@pytest.mark.parametrize("service", WITHOUT)
def test_nothing_of_the_others_is_composed(service: str) -> None:
    assert builtin_kinds().of(service, "/") is None


@pytest.mark.parametrize(("service", "path"), [(row[0].strip("`"), path) for row in rows(PATHS) for path in names(row[1])])
def test_a_list_that_is_said_not_to_be_composed_is_not(service: str, path: str) -> None:
    versions = ["", "/v1", "/v2"] if service != "object-store" else ["/v1/AUTH_1"]
    found = [builtin_kinds().of(service, version + path) for version in versions]
    assert found == [None] * len(versions), found
    assert not isinstance(found[0], VersionsKind)


def test_each_row_says_why() -> None:
    for row in rows(TYPES) + rows(PATHS):
        assert len(row[-1]) > 15, row


@pytest.mark.parametrize(("service", "path"), [(row[0].strip("`"), path) for row in rows(TOTALS) for path in _totals(row[1])])
def test_a_document_that_is_said_to_be_added_is(service: str, path: str) -> None:
    assert isinstance(builtin_kinds().of(service, f"/v2{path}"), TotalKind)
