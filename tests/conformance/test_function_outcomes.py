# SPDX-License-Identifier: Apache-2.0
"""``around``, ``nearest`` and ``all``: the cells of the tables of ``A | B`` and ``A & B`` hold under them, too."""

import itertools
from collections.abc import Iterator

import pytest

from conformance.branches import CLOUDS, Branches, branches
from conformance.cases_at_once import COLUMNS, ROWS, SAID, Column, check_answer, check_parts, check_status, request
from conformance.cases_compound import TABLE, Cell, try_cell

KIND_OF_COLUMN = ("list", "streamed name", "item", "head", "bytes", "create", "delete")
TIMES = {pair: 100.0 for pair in itertools.combinations(["Home", *CLOUDS], 2) if "Other" not in pair}
TIMES |= {("Other", cloud): 1.0 for cloud in ["Home", *CLOUDS] if cloud != "Other"}
"""Other is the nearest to all, and no other cloud is near."""

IN_TURN = [
    Cell(kind, first, "Other", "its answer" if goes_on else said, asked, goes_on=goes_on)
    for kind in KIND_OF_COLUMN
    for first in TABLE
    # A silent cloud takes its time.
    if first != "Silent" or kind == "item"
    for said in (TABLE[first][kind],)
    for goes_on in (said == "the next",)
    for asked in (tuple(cloud for cloud in (first, "Other")[: 1 + goes_on] if cloud != "Refuses"),)
]
AT_ONCE = [
    (spelling, row, column, asked, cloud)
    for spelling, columns in {
        "all(around({0}, 2ms))": ("a list", "limits, quotas", "the same, strict"),
        "all({0} | {1})": ("a list", "one resource", "a part of it", "a change of it", "a new one"),
    }.items()
    for column in columns
    for asked in COLUMNS[column][:1]
    for row, clouds in ROWS.items()
    for cloud in clouds[:1]
    if cloud != "Silent" or column == "one resource"
]


@pytest.fixture(scope="module")
def running() -> Iterator[Branches]:
    with branches(TIMES) as running:
        yield running


@pytest.mark.parametrize("spelling", ["around({0}, 2ms)", "nearest({0})"])
@pytest.mark.parametrize("cell", IN_TURN, ids=lambda cell: cell.key)
def test_the_clouds_near_another_are_asked_in_turn(cell: Cell, spelling: str, running: Branches) -> None:
    try_cell(cell, running, spelling.format(cell.first))


@pytest.mark.parametrize(
    ("spelling", "row", "column", "asked", "cloud"),
    AT_ONCE,
    ids=[f"{column}: {spelling.format(cloud, asked.other)}" for spelling, _, column, asked, cloud in AT_ONCE],
)
def test_all_of_them_are_asked_at_once(
    spelling: str, row: str, column: str, asked: Column, cloud: str, running: Branches
) -> None:
    if cloud == "Other":
        cloud = "Serves"
    other = "Other" if "around" in spelling or asked.other == "Serves" else asked.other
    got = request(asked, (cloud, other), running, spelling.format(cloud, other))
    match SAID[row][column]:
        case "of both":
            check_parts(got, asked, (cloud, other), None)
        case "partial":
            check_parts(got, asked, (other,), cloud)
        case "its answer":
            check_answer(got, asked, cloud, running)
        case status:
            check_status(got, int(status), [cloud] if status != "400" else [], running)
