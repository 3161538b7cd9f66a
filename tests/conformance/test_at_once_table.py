# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/use/all-at-once.md: each cell is a request to a real HAProxy and the Python service."""

from collections.abc import Iterator

import pytest

from conformance.branches import Branches, branches
from conformance.cases_at_once import COLUMNS, ITEM, ROWS, SAID, Column, check_answer, check_parts, check_status, request
from documents import read, table
from openstackoid.routing import READS

IN_BOTH_ORDERS = ("a list", "one resource")
CELLS = [
    (row, column, request, clouds)
    for column, requests in COLUMNS.items()
    for number, request in enumerate(requests)
    for row, of_row in ROWS.items()
    # A silent cloud takes its time.
    for cloud in (of_row if number == 0 or row != "does not answer in time" else ())
    for clouds in ((cloud, request.other), (request.other, cloud))[: 2 if column in IN_BOTH_ORDERS and number == 0 else 1]
]


@pytest.fixture(scope="module")
def around() -> Iterator[Branches]:
    with branches() as running:
        yield running


def test_the_page_has_these_cells() -> None:
    assert list(SAID) == list(ROWS)
    assert all(list(row) == list(COLUMNS) for row in SAID.values())


@pytest.mark.parametrize(
    ("row", "column", "asked", "clouds"),
    CELLS,
    ids=[f"{column}, {asked.method} of {' & '.join(clouds)}" for _, column, asked, clouds in CELLS],
)
def test_a_cell_of_the_table(row: str, column: str, asked: Column, clouds: tuple[str, str], around: Branches) -> None:
    (cloud,) = set(clouds) & set(ROWS[row])
    got = request(asked, clouds, around)
    assert not got.cut
    match SAID[row][column]:
        case "of both":
            check_parts(got, asked, clouds, None)
        case "partial":
            check_parts(got, asked, (asked.other,), cloud)
        case "its answer":
            check_answer(got, asked, cloud, around)
        case status:
            check_status(got, int(status), [cloud] if status != "400" else [], around)


NAMED = "/image/v2/images/tiny"
NAMESPACE = "/image/v2/metadefs/namespaces/web"
ANSWERS = {
    ("one has it", "its answer"): [
        ("GET", ITEM, "Lacks & Other", 200, "of-Other"),
        ("DELETE", ITEM, "Lacks & Other", 204, "Other"),
    ],
    ("all say 404", "404"): [(method, ITEM, "Lacks & LacksToo", 404, "") for method in ("GET", "DELETE")],
    ("one has it, by a UUID, another cannot be asked", "its answer"): [
        ("GET", ITEM, "Refuses & Other", 200, "of-Other"),
        ("DELETE", ITEM, "Refuses & Other", 204, "Other"),
    ],
    ("one cannot be asked, the others say 404", "503, which names it; nothing is changed"): [
        (method, ITEM, "Lacks & Refuses & LacksToo", 503, "Refuses") for method in ("GET", "DELETE")
    ],
    ("one says 403, the others 404", "its 403"): [
        (method, ITEM, "Lacks & Forbids & LacksToo", 403, "") for method in ("GET", "DELETE")
    ],
    (
        "several have it, by a name or a short id",
        "of one that is read: the first cloud's of the scope; of a change: 409, nothing is changed",
    ): [
        ("GET", NAMED, "Serves & Other", 200, "of-Serves"),
        ("GET", NAMED, "Other & Serves", 200, "of-Other"),
        ("DELETE", NAMED, "Other & Serves", 409, "Other and Serves have 'tiny'; nothing was changed"),
        ("DELETE", NAMESPACE, "Serves & Other", 409, "Serves and Other have 'web'"),
        ("PUT", NAMESPACE, "Refuses & Serves & Other", 409, "Serves and Other have 'web'"),
        ("POST", f"{NAMESPACE}/objects", "Serves & Other", 409, "Serves and Other have 'web'"),
    ],
    (
        "one has it, by a name or a short id, and another cannot be asked",
        "of one that is read: its answer; of a change: 503, which names the other; nothing is changed",
    ): [
        ("GET", NAMED, "Refuses & Other", 200, "of-Other"),
        *(("DELETE", NAMED, f"{cloud} & Other", 503, f"{cloud} ") for cloud in ("Refuses", "Unavailable", "Busy", "Cuts")),
        ("PUT", NAMESPACE, "Other & Refuses", 503, "Other has 'web', and it is not certain"),
        ("POST", f"{NAMESPACE}/objects", "Other & Refuses", 503, "Other has 'web', and it is not certain"),
        ("DELETE", NAMED, "Forbids & Other", 204, "Other"),
        ("DELETE", NAMED, "Lacks & Other", 204, "Other"),
    ],
    (
        "several say that they have it, by a UUID",
        "of one that is read: the first answer; of a change: 409, nothing is changed",
    ): [
        ("GET", ITEM, "Serves & Other", 200, "of-"),
        ("DELETE", ITEM, "Serves & Other", 409, "Serves and Other have"),
    ],
}


def test_the_page_has_these_rows() -> None:
    rows = table(read("use/all-at-once.md"), "the clouds say")
    assert [(row, cells["answer"]) for row, cells in rows.items()] == list(ANSWERS)


@pytest.mark.parametrize(
    ("method", "path", "scope", "status", "words"),
    [play for plays in ANSWERS.values() for play in plays],
    ids=[f"{row}, {method}, {scope}" for (row, _), plays in ANSWERS.items() for method, _, scope, _, _ in plays],
)
def test_a_row_about_one_resource(method: str, path: str, scope: str, status: int, words: str, around: Branches) -> None:
    """``words``: of the answer, or the cloud that gets a change."""
    got = around.ask(method, path, f"image={scope}")
    changed = [seen.server for seen in around.seen if seen.method not in READS]
    assert (got.status, changed) == (status, [words] if status == 204 else []), got
    if status != 204:
        assert words in got.body.decode()
