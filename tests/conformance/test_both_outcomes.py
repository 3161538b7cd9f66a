# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/use/outcomes.md about both clouds of ``A & B``: each cell is a request to a real gateway."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.branches import LACKING, STATUSES, Branches, branches
from conformance.cases_at_once import FAILED, ITEM, OF_HEAD, WORDS, Column, check_answer, check_parts, check_status, request
from documents import read, table

PAGE = read("use/outcomes.md")
LISTS = table(PAGE, "A, for a list or a sum")
ONE = table(PAGE, "A, for one resource")
CLOUDS = {
    "answers": ("Serves", "Other"),
    "has it": ("Serves", "Other"),
    "lacks it": LACKING,
    "answers 401": ("Unauthorized", "UnauthorizedToo"),
    "answers with another error of the client (4xx)": ("Forbids", "Conflicts"),
    "answers with an error of its own (5xx)": ("Fails", "Unavailable"),
    "cannot be reached": ("Refuses", "RefusesToo"),
    "does not answer in time": ("Silent", "SilentToo"),
    "closes the connection": ("Cuts", "Garbage"),
    "closes the connection in the body": ("CutsBytes", "CutsLater"),
}
"""The clouds of each row, as A; the second one as B beside the first."""

LIST = Column("GET", "/network/v2.0/networks")
OF_LISTS = (LIST, Column("GET", "/network/v2.0/quotas/x"), Column("GET", "/network/v2.0/extensions"))
OF_ONE = (Column("GET", ITEM), Column("DELETE", ITEM), Column("HEAD", OF_HEAD))
IN_THE_BODY = "closes the connection in the body"
"""What is an answer to a ``HEAD``, as the page says."""
SLOW = "does not answer in time"


def pairs(rows: dict[str, dict[str, str]], requests: tuple[Column, ...]) -> list[tuple[str, Column, str, str]]:
    """Return the words of each cell, a request for it, and its clouds."""
    names = list(rows)
    answered = names[0]
    assert all([column.removeprefix("B ") for column in row] == names for row in rows.values())
    found = []
    for number, column in enumerate(requests):
        for step in range(len(names)):
            for at, row in enumerate(names):
                other = names[(at + step) % len(names)]
                if number == 0 or SLOW not in (row, other):
                    one, two = CLOUDS[row][0], CLOUDS[other][row == other]
                    said = (answered if column.method == "HEAD" and cell == IN_THE_BODY else cell for cell in (row, other))
                    found.append((rows[next(said)][f"B {next(said)}"], column, one, two))
    return found


LIST_CELLS = pairs(LISTS, OF_LISTS)
STRICT_CELLS = [
    (said, replace(column, strict=True), one, two)
    for said, column, one, two in pairs(LISTS, (LIST,))
    if not {one, two} & set(CLOUDS[SLOW])
]
ONE_CELLS = pairs(ONE, OF_ONE)


@pytest.fixture(scope="module")
def around() -> Iterator[Branches]:
    with branches() as running:
        yield running


def name(cell: tuple[str, Column, str, str]) -> str:
    _, column, one, two = cell
    return f"{column.method} {column.path.split('/')[3]} of {one} & {two}"


@pytest.mark.parametrize("cell", LIST_CELLS + STRICT_CELLS, ids=name)
def test_a_list_or_a_sum_of_both(cell: tuple[str, Column, str, str], around: Branches) -> None:
    said, column, one, two = cell
    got = request(column, (one, two), around)
    assert not got.cut
    match said:
        case "of both":
            check_parts(got, column, (one, two), None)
        case "partial":
            failed, answering = (one, two) if one in WORDS else (two, one)
            if column.strict:
                check_status(got, 502, [failed], around)
            else:
                check_parts(got, column, (answering,), failed)
        case "A's error":
            check_status(got, STATUSES.get(one) or FAILED[WORDS[one]], [one], around)
        case status:
            check_status(got, int(status), [], around)


@pytest.mark.parametrize("cell", ONE_CELLS, ids=name)
def test_one_resource_of_both(cell: tuple[str, Column, str, str], around: Branches) -> None:
    said, column, one, two = cell
    got = request(column, (one, two), around)
    assert not got.cut
    match said:
        case "A's answer" | "A's error":
            check_answer(got, column, one, around)
        case "B's answer" | "B's error":
            check_answer(got, column, two, around)
        case "of a read, the first answer; of a change, 409" if column.method in ("GET", "HEAD"):
            check_answer(got, column, one if one.encode() in got.body else two, around)
        case "of a read, the first answer; of a change, 409":
            check_status(got, 409, [], around)
        case status:
            unknown = [cloud for cloud in (one, two) if cloud in WORDS and STATUSES.get(cloud, 500) >= 500]
            check_status(got, int(status), unknown, around)
