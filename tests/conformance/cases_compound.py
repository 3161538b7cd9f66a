# SPDX-License-Identifier: Apache-2.0
"""The tables of ``A | B`` of docs/use/compound.md and docs/use/outcomes.md, and a request for each of their cells."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.branches import LACKING, STATUSES, TIME, Branches, Got
from documents import read, table

KINDS = {
    "list": ("GET", "/image/v2/images?limit=5"),
    "name": ("GET", "/image/v2/images?name=x"),
    "item": ("GET", "/image/v2/images/x"),
    "options": ("OPTIONS", "/image/v2/images/x"),
    "head": ("HEAD", "/image/v2/images/x"),
    "head of bytes": ("HEAD", "/image/v2/images/x/file"),
    "bytes": ("GET", "/image/v2/images/x/file"),
    "streamed list": ("GET", "/network/v2.0/networks"),
    "streamed name": ("GET", "/network/v2.0/networks?name=x"),
    "create": ("POST", "/network/v2.0/networks"),
    "replace": ("PUT", "/network/v2.0/networks/x"),
    "change": ("PATCH", "/network/v2.0/networks/x"),
    "delete": ("DELETE", "/network/v2.0/networks/x"),
}
"""The kinds of requests: method and path. A list of networks is handed on as it comes, a page of images is read as a whole."""

ROWS = {
    "answers": ("Serves",),
    "lacks the item": ("Lacks",),
    "answers with another error of the client (4xx)": ("Unauthorized", "Forbids", "Conflicts", "Waits", "Busy"),
    "answers with an error of its own (5xx)": ("Fails", "Unavailable"),
    "cannot be reached": ("Refuses", "Unsent"),
    "does not answer in time, closes the connection, or sends no HTTP": ("Silent", "Cuts", "Garbage"),
    "closes the connection before the first byte of the body": ("CutsBytes",),
    "closes the connection later": ("CutsLater",),
}
"""The rows of the table of the first cloud, with those of :mod:`conformance.branches`."""
_COLUMNS = {
    "a list": ("list", "streamed list"),
    "a list by `name`": ("name", "streamed name"),
    "an item": ("item", "options"),
    "`HEAD` of an item": ("head", "head of bytes"),
    "an image's bytes": ("bytes",),
    "a write": ("create", "replace", "change", "delete"),
}

SECOND = {
    "answers": ("Serves",),
    "lacks the item": ("LacksToo",),
    "answers with another error of the client (4xx)": ("Forbids", "Busy"),
    "answers with an error of its own (5xx)": ("Fails",),
    "cannot be reached": ("Refuses",),
    "does not answer in time": ("Silent",),
    "closes the connection, or sends no HTTP": ("Cuts", "Garbage"),
    "closes the connection before the first byte of the body": ("CutsBytes",),
    "closes the connection later": ("CutsLater",),
}
"""The rows of the table of the next cloud."""
_SECOND_COLUMNS = {
    "a list": (_COLUMNS["a list"], False),
    "a list by `name`, after a cloud without the item": (_COLUMNS["a list by `name`"], True),
    "a list by `name`, after a failure": (_COLUMNS["a list by `name`"], False),
    "an item, after a cloud without it": (_COLUMNS["an item"], True),
    "an item, after a failure": (_COLUMNS["an item"], False),
    "its `HEAD`, after a cloud without it": (_COLUMNS["`HEAD` of an item"], True),
    "its `HEAD`, after a failure": (_COLUMNS["`HEAD` of an item"], False),
    "an image's bytes, after a cloud without it": (_COLUMNS["an image's bytes"], True),
    "an image's bytes, after a failure": (_COLUMNS["an image's bytes"], False),
    "a new item, after a cloud that was sent no byte": (("create",), False),
    "a change of an item, after such a cloud": (("replace", "change", "delete"), False),
}
"""The kinds of requests, and whether the first cloud lacks the item; otherwise it has failed."""

AFTER_SILENCE = ("Serves", "LacksToo")
"""The second clouds where the first one is silent, which takes its time; to the others it is a cloud that cuts."""
SILENT = tuple(dict.fromkeys(kinds[0] for kinds in (*_COLUMNS.values(), *(kinds for kinds, _ in _SECOND_COLUMNS.values()))))
"""The kinds of requests that a silent cloud gets: one of each column."""
_BEFORE = {
    **dict.fromkeys(("Silent", "Garbage", "CutsBytes", "CutsLater", "Busy"), ("Lacks", "Fails", "Refuses")),
    "Garbage": ("Lacks", "Cuts", "Unsent"),
}
"""The first clouds of some second ones, which answer alike after each other first cloud."""


def _first() -> dict[str, dict[str, str]]:
    page = table(read("use/compound.md"), "the cloud")
    assert page.keys() == ROWS.keys()
    assert all(list(row) == list(_COLUMNS) for row in page.values())
    return {
        cloud: {kind: page[row][column] for column, kinds in _COLUMNS.items() for kind in kinds}
        for row, clouds in ROWS.items()
        for cloud in clouds
    }


def _next() -> dict[tuple[str, str, bool], str]:
    page = table(read("use/outcomes.md"), "the next cloud")
    assert page.keys() == SECOND.keys()
    assert all(list(row) == list(_SECOND_COLUMNS) for row in page.values())
    return {
        (cloud, kind, lacks): page[row][column]
        for column, (kinds, lacks) in _SECOND_COLUMNS.items()
        for kind in kinds
        for row, clouds in SECOND.items()
        for cloud in clouds
    }


TABLE = _first()
"""The words of the page about each first cloud, for each kind of request."""
NEXT = _next()
"""The words of the page about the next cloud, for each kind of request, by whether the first one lacks the item."""


@dataclass(frozen=True)
class Cell:
    """A request for ``first | second``, and the words of the page: ``its answer`` is that of the last cloud that is asked.

    ``asked``: the clouds that get the request; one that cannot be reached gets none.
    """

    kind: str
    first: str
    second: str
    said: str
    asked: tuple[str, ...]
    goes_on: bool

    @property
    def key(self) -> str:
        """Return the cell's name."""
        return f"{self.kind}: {self.first}, {self.second}"

    @property
    def last(self) -> str:
        """Return the cloud whose outcome counts."""
        return self.second if self.goes_on else self.first


def status(cloud: str, kind: str) -> int:
    """Return the status of a cloud's answer that begins."""
    method, path = KINDS[kind]
    if cloud in STATUSES:
        return STATUSES[cloud]
    if cloud in LACKING and "/x" in path:
        return 404
    if cloud == "CutsLater":
        return 200
    return {"POST": 201, "DELETE": 204}.get(method, 200)


def cells() -> Iterator[Cell]:
    """Yield each cell."""
    for kind in KINDS:
        for second in (cloud for clouds in SECOND.values() for cloud in clouds):
            for first in TABLE:
                if first == "Silent" and second not in AFTER_SILENCE:
                    continue
                if "Silent" in (first, second) and kind not in SILENT:
                    continue
                if first not in _BEFORE.get(second, TABLE):
                    continue
                said = TABLE[first][kind]
                if said != "the next" and second == "Serves":
                    # After an answer, it does not matter which cloud would have been next.
                    yield Cell(kind, first, "Other", said, (first,), goes_on=False)
                elif said == "the next" and first != second:
                    asked = tuple(cloud for cloud in (first, second) if cloud != "Refuses")
                    yield Cell(kind, first, second, NEXT[second, kind, first == "Lacks"], asked, goes_on=True)


FAILED = {
    "Fails": 500,
    **dict.fromkeys(("Unavailable", "Refuses", "Unsent"), 503),
    "Silent": 504,
    **dict.fromkeys(("Cuts", "Garbage", "CutsBytes", "CutsLater"), 502),
}
"""The statuses that failures count as."""


def try_cell(cell: Cell, running: Branches, expression: str) -> None:
    """Ask by an expression, and check the answer and which clouds were asked."""
    method, path = KINDS[cell.kind]
    scope, body = f"{path.split('/')[1]}={expression}", b"{}" if method in ("POST", "PUT", "PATCH") else None
    began = time.monotonic()
    got = running.ask(method, path, scope, body)
    was_late = time.monotonic() - began > TIME / 2
    if was_late and (running.asked() != list(cell.asked) or ("Refuses" in (cell.first, cell.second) and got.status == 504)):
        # The machine was too busy: the first turn left no time for the second, or a refusal came after the time for it.
        got = running.ask(method, path, scope, body)
    assert running.asked() == list(cell.asked)
    check(cell, got)


def check(cell: Cell, got: Got) -> None:
    """Check that an answer is the one that the page has."""
    method, path = KINDS[cell.kind]
    service = path.split("/")[1]
    assert got.cut == (cell.said == "it breaks off")
    match cell.said:
        case "its answer" | "it breaks off":
            assert got.status == status(cell.last, cell.kind)
            if method != "HEAD" and got.status == 200 and not got.cut:
                assert cell.last.encode() in got.body
        case "502":
            assert got.status == 502
            assert f"{service} of {cell.last}" in got.message
            assert "look before you repeat it" in got.message
        case "an error":
            failed = {FAILED[cloud] for cloud in (cell.first, cell.second) if cloud not in LACKING}
            assert got.status == (failed.pop() if len(failed) == 1 else 503)
            if method != "HEAD":
                assert got.message.startswith(f"gateway of Home: no cloud of {cell.first} | {cell.second} has the answer: ")
                assert all(f"{service} of {cloud}" in got.message for cloud in (cell.first, cell.second))
        case other:
            raise AssertionError(other)
