# SPDX-License-Identifier: Apache-2.0
"""``A | B`` where HAProxy asks A, its own cloud, by a taught route: the table of ``A | B`` holds as well."""

import time
from collections.abc import Iterator

import pytest

from conformance.branches import TIME, Branches, Got, branches
from conformance.cases_compound import KINDS, Cell, cells, status
from waiting import timed

TAUGHT = ("list", "item", "head", "head of bytes", "bytes", "streamed list")
NAMED = ("name", "streamed name")
"""Kinds of reads whose first cloud HAProxy asks; and those of which the body decides, for the Python service."""

SECOND = ("Serves", "LacksToo", "Other")
CELLS = [
    cell for cell in cells() if cell.kind in TAUGHT + NAMED and cell.first not in ("Refuses", "Serves") and cell.second in SECOND
]


@pytest.fixture(scope="module")
def running() -> Iterator[Branches]:
    with branches() as running:
        yield running


@pytest.fixture
def around(running: Branches) -> Iterator[Branches]:
    running.home = "Home"
    yield running
    running.home = "Home"
    running.down.clear()


def ask(around: Branches, kind: str, second: str) -> Got:
    method, path = KINDS[kind]
    return around.ask(method, path, f"{path.split('/')[1]}=Home | {second}")


def by_haproxy(around: Branches, kind: str, second: str) -> bool:
    """Return whether a request goes to Home without the Python service."""
    before = around.of_python()
    assert ask(around, kind, second).status == 200
    assert around.asked() == ["Home"]
    return around.of_python() == before


def teach(around: Branches, kind: str, second: str) -> None:
    """Have HAProxy ask Home, once that counts as a cloud that answers."""
    around.home = "Home"
    until = time.monotonic() + 10
    while not (ask(around, kind, second).status == 200 and around.asked() == ["Home"] and by_haproxy(around, kind, second)):
        assert time.monotonic() < until, "the route is not taught"
        time.sleep(0.1)


def play(cell: Cell, around: Branches) -> Got:
    if cell.kind in TAUGHT:
        teach(around, cell.kind, cell.second)
    around.home = cell.first
    return ask(around, cell.kind, cell.second)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.key)
def test_each_outcome_has_its_answer(cell: Cell, around: Branches) -> None:
    method, got = KINDS[cell.kind][0], play(cell, around)
    if b"does not answer within 0 s" in got.body:
        # The machine was too busy for the first turn to leave time for the second.
        got = play(cell, around)
    assert around.asked() == ["Home", *cell.asked[1:]]
    assert got.cut == (cell.said == "it breaks off")
    if cell.said == "an error":
        assert got.status >= 500
        assert method == "HEAD" or " of Home" in got.message
        return
    assert got.status == status(cell.last, cell.kind)
    served = "Home" if cell.last == cell.first else cell.last
    assert method == "HEAD" or got.cut or got.status != 200 or served.encode() in got.body


def test_a_failed_cloud_is_not_asked_by_haproxy_until_it_answers_again(around: Branches) -> None:
    teach(around, "item", "Serves")
    around.home = "Unavailable"
    around.down.add("Unavailable")
    assert ask(around, "item", "Serves").status == 200
    assert around.asked() == ["Home", "Serves"]
    before = around.requests_of("otherwise")
    for _ in range(3):
        assert ask(around, "item", "Serves").status == 200
        assert around.asked() == ["Serves"]
        time.sleep(0.3)
    assert around.requests_of("otherwise") == before
    teach(around, "item", "Serves")


def test_a_missing_item_leaves_the_route(around: Branches) -> None:
    teach(around, "item", "Serves")
    around.home = "Lacks"
    assert ask(around, "item", "Serves").status == 200
    assert [seen.server for seen in around.seen] == ["Home", "Serves"]
    around.home = "Home"
    assert by_haproxy(around, "item", "Serves")


def test_an_item_that_no_cloud_has_is_missing(around: Branches) -> None:
    teach(around, "item", "Lacks")
    around.home = "Lacks"
    assert ask(around, "item", "Lacks").status == 404
    assert [seen.server for seen in around.seen] == ["Home", "Lacks"]


@timed
def test_all_turns_have_the_time_of_one_request(around: Branches) -> None:
    teach(around, "item", "Serves")
    around.home = "Silent"
    began = time.monotonic()
    assert ask(around, "item", "Silent").status >= 500
    assert ask(around, "item", "Serves").status == 200
    assert time.monotonic() - began < 2 * (TIME + 1)


@timed
def test_a_cloud_that_is_silent_is_asked_once_in_its_time(around: Branches) -> None:
    teach(around, "item", "Serves")
    around.home = "Silent"
    began = time.monotonic()
    assert ask(around, "item", "Serves").status == 200
    assert time.monotonic() - began < TIME + 1
    assert [seen.server for seen in around.seen] == ["Home", "Serves"]


@pytest.mark.parametrize("query", ["?name=x", "?a=b&display_name=x", "?n%61me=x", "?limit=1&n%61me=x"])
def test_a_list_by_name_is_the_python_services_in_any_spelling(query: str, around: Branches) -> None:
    teach(around, "streamed list", "Serves")
    around.home = "Lacks"
    got = around.ask("GET", f"/network/v2.0/networks{query}", "network=Home | Serves")
    assert (got.status, around.asked(), b"of-Serves" in got.body) == (200, ["Home", "Serves"], True)


@pytest.mark.parametrize("body", [b"x", b"x" * 200_000])
def test_a_read_with_a_body_is_the_python_services(body: bytes, around: Branches) -> None:
    teach(around, "item", "Serves")
    before = around.of_python()
    assert around.ask("GET", "/image/v2/images/x", "image=Home | Serves", body).status == 200
    assert (around.asked(), around.of_python(), len(around.seen[0].body)) == (["Home"], before + 1, len(body))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_write_is_sent_by_haproxy(method: str, around: Branches) -> None:
    teach(around, "item", "Serves")
    before = around.of_python()
    for _ in range(2):
        around.ask(method, "/network/v2.0/networks/x", "network=Home | Serves", b"{}")
        assert around.asked() == ["Home"]
    assert around.of_python() == before + 2


def test_the_cloud_sees_the_same_request_as_from_the_python_service(around: Branches) -> None:
    seen = []
    teach(around, "item", "Serves")
    for odd in ({}, {"Accept": "x", "Via": "1.1 proxy"}):
        around.ask("GET", "/image/v2/images/x", "image=Home | Serves", None, X_OpenStack_Request_Id="req-1", **odd)
        (one,) = around.seen
        headers = {name.lower(): value for name, value in one.headers if name.lower() not in ("accept", "via", "connection")}
        seen.append((one.method, one.path, headers))
    assert seen[0] == seen[1]
    assert not any(name.startswith("x-openstackoid") for name in seen[0][2])


def test_the_answer_names_its_cloud_whoever_asks_it(around: Branches) -> None:
    """HAProxy, or the Python service after it or in its place."""
    teach(around, "item", "Serves")
    for home, cloud, python in (("Home", "Home", 0), ("Lacks", "Serves", 1), ("Home", "Home", 0)):
        around.home = home
        before = around.of_python()
        got = ask(around, "item", "Serves")
        assert (got.status, got.headers["x-scope-cloud"], around.of_python() - before) == (200, cloud, python)
