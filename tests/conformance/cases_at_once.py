# SPDX-License-Identifier: Apache-2.0
"""The tables of ``A & B`` of docs/use/all-at-once.md and docs/use/outcomes.md, and the answers that their words mean."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.branches import BYTES, LATER, SECONDS_LATER, STATUSES, Branches, Got
from documents import read, table

UUID = "7472ace0-0000-4000-8000-000000000000"
ITEM = f"/image/v2/images/{UUID}"
OF_HEAD = ITEM.replace("7472ace0", "7472ace1")
"""Another one: after an answer without a body, the gateway takes the cloud for the resource's own."""
WORDS = {
    **{cloud: str(status) for cloud, status in STATUSES.items()},
    **dict.fromkeys(("Refuses", "RefusesToo"), "unreachable"),
    **dict.fromkeys(("Silent", "SilentToo"), "timeout"),
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
    "one resource": (Column("GET", ITEM, "LacksToo"), Column("OPTIONS", ITEM, "LacksToo")),
    "`HEAD` of it": (Column("HEAD", OF_HEAD, "LacksToo"),),
    "a part of it": (Column("GET", f"{ITEM}/file", "LacksToo"),),
    "a change of it": tuple(Column(method, ITEM, "LacksToo") for method in ("DELETE", "PATCH", "PUT")),
    "a change of a part of it": (
        Column("POST", f"{ITEM}/actions/deactivate", "LacksToo"),
        *(Column(method, f"{ITEM}/tags/x", "LacksToo") for method in ("PUT", "DELETE")),
    ),
    "a new one": (Column("POST", "/image/v2/images"),),
    "`PUT`, `PATCH`, `DELETE`, `OPTIONS` or `HEAD` of a list": tuple(
        Column(method, "/image/v2/images") for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
    ),
}
ROWS = {
    "answers": ("Other",),
    "lacks the resource": ("Lacks",),
    "answers 401": ("Unauthorized",),
    "answers with another error of the client (4xx)": ("Forbids", "Conflicts", "Waits", "Busy"),
    "answers with an error of its own (5xx)": ("Fails", "Unavailable"),
    "cannot be reached": ("Refuses",),
    "does not answer in time": ("Silent",),
    "closes the connection, or sends no HTTP": ("Cuts", "Garbage"),
    "closes the connection in the body": ("CutsBytes", "CutsLater"),
}


SAID = table(read("use/all-at-once.md"), "one cloud")
"""The words of the page, by rows and columns."""

FAILED = {"unreachable": 503, "timeout": 504, "unusable": 502}
"""The statuses of the answer for a first cloud that has failed, as the other one."""


def request(column: Column, clouds: Sequence[str], around: Branches, scope: str | None = None) -> Got:
    """Send the request of a column to the gateway, for both clouds at once, or under another scope."""
    service = column.path.split("/")[1]
    headers = {"X_Scope_Strict": "true"} if column.strict else {}
    body = b"{}" if column.method in ("POST", "PATCH", "PUT") else None
    scope = f"{service}={scope or ' & '.join(clouds)}"
    return around.ask(column.method, column.path, scope, body, **headers)


def writes(around: Branches) -> list[str]:
    """Return the clouds that got a change."""
    return [seen.server for seen in around.seen if seen.method not in ("GET", "HEAD", "OPTIONS")]


def check_parts(got: Got, column: Column, having: Sequence[str], failed: str | None) -> None:
    """Check an answer that is made of those of some clouds; ``failed``: the one that it lacks."""
    assert got.status == 200, got
    assert got.headers.get("x-scope-partial") == (None if failed is None else f"{failed}={WORDS[failed]}")
    document = json.loads(got.body)
    if "quotas" in column.path:
        assert document["quota"] == {"network": 10 * len(having), "os_scope_clouds": list(having)}
    elif "extensions" in column.path:
        assert document == {"extensions": [{"alias": "router"}], "os_scope_clouds": list(having)}
    else:
        found = {item["os_scope_cloud"] for item in document[column.path.rpartition("/")[2].partition("?")[0]]}
        assert found == {*having} - {"Lacks"}


def check_answer(got: Got, column: Column, cloud: str, around: Branches) -> None:
    """Check that an answer is that of a cloud which has the resource, or refuses the request."""
    if cloud in STATUSES:
        assert (got.status, writes(around)) == (STATUSES[cloud], []), got
        assert got.headers.get("retry-after") == (SECONDS_LATER if cloud in LATER else None)
        return
    assert got.status in (200, 201, 204), got
    reads = column.method in ("GET", "HEAD", "OPTIONS")
    assert writes(around) == ([] if reads else [cloud])
    if column.method in ("GET", "OPTIONS"):
        assert got.body == f"{cloud}: ".encode() + BYTES or json.loads(got.body)["os_scope_cloud"] == cloud


def check_status(got: Got, status: int, named: Sequence[str], around: Branches) -> None:
    """Check an error without any change; one of the gateway names clouds."""
    assert (got.status, writes(around)) == (status, []), got
    if status in (502, 503) and got.body:
        assert all(cloud in got.message for cloud in named)
    if status == 400:
        assert around.asked() == []
