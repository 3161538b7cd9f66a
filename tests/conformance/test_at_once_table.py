# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/use/all-at-once.md: each cell is a request to a real HAProxy and the Python service."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from conformance.branches import BYTES, STATUSES, Branches, Got, branches
from documents import read

PAGE = read("use/all-at-once.md")
UUID = "7472ace0-0000-4000-8000-000000000000"
ITEM = f"/image/v2/images/{UUID}"
WORDS = {
    **{cloud: str(status) for cloud, status in STATUSES.items()},
    "Refuses": "unreachable",
    "Silent": "timeout",
    **dict.fromkeys(("Cuts", "Garbage", "CutsBytes", "CutsLater"), "unusable"),
}
"""The word of X-Scope-Partial."""


@dataclass(frozen=True)
class Column:
    """A kind of request. ``other``: the second cloud."""

    method: str
    path: str
    other: str = "Serves"
    strict: bool = False


COLUMNS = {
    "a list": (Column("GET", "/network/v2.0/networks"), Column("GET", "/image/v2/images?limit=5")),
    "limits, quotas": (Column("GET", "/network/v2.0/quotas/x"),),
    "versions, extensions": (Column("GET", "/network/v2.0/extensions"),),
    "the same, strict": (
        Column("GET", "/network/v2.0/networks", strict=True),
        Column("GET", "/network/v2.0/quotas/x", strict=True),
    ),
    "one resource": (Column("GET", ITEM, "LacksToo"),),
    "a part of it": (Column("GET", f"{ITEM}/file", "LacksToo"),),
    "a change of it": (Column("DELETE", ITEM, "LacksToo"), Column("PATCH", ITEM, "LacksToo")),
    "a new one": (Column("POST", "/image/v2/images"),),
}
ROWS = {
    "answers": ("Other",),
    "lacks the resource": ("Lacks",),
    "answers 401": ("Unauthorized",),
    "answers with another error of the client (4xx)": ("Forbids", "Conflicts"),
    "answers with an error of its own (5xx)": ("Fails", "Unavailable"),
    "cannot be reached": ("Refuses",),
    "does not answer in time": ("Silent",),
    "closes the connection, or sends no HTTP": ("Cuts", "Garbage"),
    "closes the connection in the body": ("CutsBytes", "CutsLater"),
}


def table(head: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the columns and the rows of the page's table whose head begins so."""
    lines = PAGE[PAGE.index(f"| {head} |") :].partition("\n\n")[0].splitlines()
    columns, _, *rows = (line.strip("| ").split(" | ") for line in lines)
    return columns[1:], {row[0]: row[1:] for row in rows}


COLUMNS_SHOWN, ROWS_SHOWN = table("one cloud")
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


def has_parts(got: Got, path: str, clouds: Sequence[str]) -> bool:
    """Return whether an answer is made of those of these clouds."""
    document = json.loads(got.body)
    if "quotas" in path:
        return bool(document["quota"] == {"network": 10 * len(clouds), "os_scope_clouds": list(clouds)})
    if "extensions" in path:
        return bool(document == {"extensions": [{"alias": "router"}], "os_scope_clouds": list(clouds)})
    return {item["os_scope_cloud"] for item in document[path.rpartition("/")[2].partition("?")[0]]} == {*clouds} - {"Lacks"}


@pytest.fixture(scope="module")
def around() -> Iterator[Branches]:
    with branches() as running:
        yield running


def test_the_page_has_these_cells() -> None:
    assert list(COLUMNS) == COLUMNS_SHOWN
    assert list(ROWS_SHOWN) == list(ROWS)


@pytest.mark.parametrize(
    ("row", "column", "request_", "clouds"),
    CELLS,
    ids=[f"{column}, {request.method} of {' & '.join(clouds)}" for _, column, request, clouds in CELLS],
)
def test_a_cell_of_the_table(row: str, column: str, request_: Column, clouds: tuple[str, str], around: Branches) -> None:
    (cloud,) = set(clouds) & set(ROWS[row])
    said = dict(zip(COLUMNS_SHOWN, ROWS_SHOWN[row], strict=True))[column]
    service = request_.path.split("/")[1]
    headers = {"X_Scope_Strict": "true"} if request_.strict else {}
    body = b"{}" if request_.method in ("POST", "PATCH") else None
    got = around.ask_rested(clouds, request_.method, request_.path, f"{service}={' & '.join(clouds)}", body, **headers)
    writes = [seen.server for seen in around.seen if seen.method not in ("GET", "HEAD")]
    assert not got.cut
    match said:
        case "of both" | "partial":
            having = clouds if said == "of both" else (request_.other,)
            assert got.status == 200, got
            assert got.headers.get("x-scope-partial") == (None if said == "of both" else f"{cloud}={WORDS[cloud]}")
            assert has_parts(got, request_.path, having), got
        case "its answer" if cloud in STATUSES:
            assert (got.status, writes) == (STATUSES[cloud], []), got
        case "its answer":
            assert got.status in (200, 204), got
            assert writes == ([] if request_.method == "GET" else [cloud])
            if column != "a change of it":
                assert got.body == f"{cloud}: ".encode() + BYTES or json.loads(got.body)["os_scope_cloud"] == cloud
        case status:
            assert (got.status, writes) == (int(status), []), got
            assert status not in ("502", "503") or cloud in got.message
            assert status != "400" or around.asked() == []


NAMED = "/image/v2/images/tiny"
SAID = {
    ("one has it", "its answer"): [
        ("GET", ITEM, "Lacks & Other", 200, "of-Other"),
        ("DELETE", ITEM, "Lacks & Other", 204, "Other"),
    ],
    ("all say 404", "404"): [(method, ITEM, "Lacks & LacksToo", 404, "") for method in ("GET", "DELETE")],
    ("one has it, another cannot be asked", "its answer"): [
        ("GET", ITEM, "Refuses & Other", 200, "of-Other"),
        ("DELETE", ITEM, "Refuses & Other", 204, "Other"),
    ],
    ("one cannot be asked, the others say 404", "503, which names it; nothing is changed"): [
        (method, ITEM, "Lacks & Refuses & LacksToo", 503, "Refuses") for method in ("GET", "DELETE")
    ],
    ("one says 403, the others 404", "its 403"): [
        (method, ITEM, "Lacks & Forbids & LacksToo", 403, "") for method in ("GET", "DELETE")
    ],
    ("several have it, by a name or a short id", "the first cloud's of the scope"): [
        ("GET", NAMED, "Serves & Other", 200, "of-Serves"),
        ("GET", NAMED, "Other & Serves", 200, "of-Other"),
        ("DELETE", NAMED, "Other & Serves", 204, "Other"),
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
    _, rows = table("the clouds say")
    assert [(row, *cells) for row, cells in rows.items()] == list(SAID)


@pytest.mark.parametrize(
    ("method", "path", "scope", "status", "words"),
    [play for plays in SAID.values() for play in plays],
    ids=[f"{row}, {method}, {scope}" for (row, _), plays in SAID.items() for method, _, scope, _, _ in plays],
)
def test_a_row_about_one_resource(method: str, path: str, scope: str, status: int, words: str, around: Branches) -> None:
    """``words``: of the answer, or the cloud that gets a change."""
    got = around.ask_rested(scope.split(" & "), method, path, f"image={scope}", None)
    changed = [seen.server for seen in around.seen if seen.method == "DELETE"]
    assert (got.status, changed) == (status, [words] if status == 204 else []), got
    if status != 204:
        assert words in got.body.decode()
