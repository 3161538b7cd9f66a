# SPDX-License-Identifier: Apache-2.0
"""``A | B`` by a real HAProxy and the Python service: each cell of the table, and its memory, deadline, bodies and workflows."""

import json
import time
from collections.abc import Iterator

import pytest

from conformance.branches import BYTES, TIME, Branches, branches
from conformance.cases_compound import KINDS, NEXT, ROWS, SECOND, SILENT, Cell, cells, try_cell
from conformance.recorder import Seen
from openstackoid.scope import split_token
from waiting import timed
from waiting import until as until_true

CELLS = list(cells())


@pytest.fixture(scope="module")
def around() -> Iterator[Branches]:
    with branches() as running:
        yield running


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.key)
def test_each_outcome_has_its_answer(cell: Cell, around: Branches) -> None:
    try_cell(cell, around, f"{cell.first} | {cell.second}")


def test_each_cell_of_the_tables_is_tried() -> None:
    firsts, seconds = (
        {cloud: row for row, clouds in rows.items() for cloud in clouds}
        for rows in (ROWS, SECOND | {"answers": ("Serves", "Other")})
    )
    assert {(firsts[cell.first], cell.kind) for cell in CELLS} == {(row, kind) for row in ROWS for kind in KINDS}
    tried = {(seconds[cell.second], cell.kind, cell.first == "Lacks") for cell in CELLS if cell.goes_on}
    assert tried == {(seconds[cloud], kind, lacks) for cloud, kind, lacks in NEXT if cloud != "Silent" or kind in SILENT}


def test_an_error_names_each_cloud_and_its_failure(around: Branches) -> None:
    message = around.ask("GET", "/image/v2/images/x", "image=Lacks | Fails | Garbage").message
    assert message.startswith("gateway of Home: no cloud of Lacks | Fails | Garbage has the answer: image of Lacks answers 404; ")
    assert "image of Fails answers 500; image of Garbage at http://" in message


def test_three_clouds_are_asked_in_the_order_of_the_scope(around: Branches) -> None:
    got = around.ask("GET", "/image/v2/images/x/file", "image=Lacks | Fails | Serves | Other")
    assert (got.status, got.body) == (200, b"Serves: " + BYTES)
    assert around.asked() == ["Lacks", "Fails", "Serves"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_gateways_own_cloud_has_its_turn(method: str, around: Branches) -> None:
    body = b"{}" if method == "POST" else None
    assert around.ask("GET", "/network/v2.0/networks/x", "network=Lacks | Home | Serves").status == 200
    assert around.asked() == ["Lacks", "Home"]
    assert around.ask(method, "/dns/v2/zones", "dns=Home | Serves", body).status < 300
    assert around.asked() == ["Serves"]
    assert around.ask(method, "/network/v2.0/networks", "network=Home | Serves", body).status < 300
    assert around.asked() == ["Home"]
    assert "dns of Home" in around.ask("GET", "/dns/v2/zones/x", "dns=Lacks | Home").message


@timed
def test_no_request_waits_for_a_silent_cloud_until_a_probe_is_answered(around: Branches) -> None:
    scope = "image=Silent | Serves"

    def asks_it() -> bool:
        assert around.ask("GET", "/image/v2/images/x", scope).status == 200
        return "Silent" in around.asked()

    around.down.clear()
    until_true(asks_it)
    around.down.add("Silent")
    assert around.ask("GET", "/image/v2/images/x", scope).status == 200
    assert around.asked() == ["Silent", "Serves"]
    until = time.monotonic() + 2 * TIME
    while time.monotonic() < until:
        assert around.ask("GET", "/image/v2/images/x", scope).status == 200
        assert around.asked() == ["Serves"]
        time.sleep(0.1)
    # A list that it may have completed is not the whole truth.
    got = around.ask("GET", "/image/v2/images/x", "image=Lacks | Silent")
    assert (got.status, "image of Silent" in got.message) == (504, True)
    got = around.ask("GET", "/image/v2/images?limit=5", "image=Serves & Silent")
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Silent=timeout")
    around.down.clear()
    until_true(asks_it)


@pytest.mark.parametrize("body", [b"{}", b"x" * 200_000])
def test_the_5xx_of_a_write_is_the_answer_also_of_a_cloud_that_is_down(body: bytes, around: Branches) -> None:
    scope, path = "image=Unavailable | Serves", "/image/v2/images"

    def asks_it() -> bool:
        assert around.ask("GET", path, scope).status == 200
        return "Unavailable" in around.asked()

    around.down.add("Unavailable")
    try:
        until_true(lambda: not asks_it())
        for _ in range(2):
            assert around.ask("POST", path, scope, body).status == 503
            assert around.asked() == ["Unavailable"]
    finally:
        around.down.clear()
    until_true(asks_it)


@timed
def test_the_slow_request_of_one_user_is_no_outage_for_others(around: Branches) -> None:
    """Silent is silent for each user of this test, and answers probes."""
    for scope in ("image=Silent | Serves", "image=Silent & Serves"):
        for _ in range(2):
            assert around.ask("GET", "/image/v2/images?limit=5", scope).status == 200
            assert {seen.server for seen in around.seen} == {"Silent", "Serves"}


def test_the_404_of_a_write_is_the_answer_also_where_a_later_cloud_has_failed(around: Branches) -> None:
    for cloud in ("Refuses", "Cuts"):
        around.ask("GET", "/network/v2.0/networks/x", f"network={cloud} | Serves")
    for method in ("DELETE", "PATCH"):
        got = around.ask(
            method, "/network/v2.0/networks/x", "network=Lacks | Refuses | Cuts", None if method == "DELETE" else b"{}"
        )
        assert (got.status, around.asked()) == (404, ["Lacks"])
    got = around.ask("DELETE", "/network/v2.0/networks/x", "network=Refuses | Lacks")
    assert (got.status, around.asked()) == (503, ["Lacks"])


@timed
def test_all_turns_have_the_time_of_one_request(around: Branches) -> None:
    began = time.monotonic()
    got = around.ask("GET", "/image/v2/images/x", "image=Silent | Cuts")
    assert got.status >= 500
    assert time.monotonic() - began < TIME + 1


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_body_is_sent_to_the_cloud_that_is_reached(size: int, around: Branches) -> None:
    got = around.ask("PUT", "/network/v2.0/networks/x", "network=Refuses | Serves", b"x" * size)
    assert (got.status, around.asked(), len(around.seen[0].body)) == (200, ["Serves"], size)


def test_an_upload_may_take_longer_than_a_turn(around: Branches) -> None:
    def slow() -> Iterator[bytes]:
        for _ in range(8):
            yield b"x" * 25_000
            time.sleep(TIME / 6)

    got = around.ask("PUT", "/network/v2.0/networks/x", "network=Serves | Other", slow(), Content_Length="200000")
    assert (got.status, around.asked(), len(around.seen[0].body)) == (200, ["Serves"], 200_000)


def test_haproxy_keeps_no_route_of_several_clouds(around: Branches) -> None:
    for _ in range(3):
        assert around.ask("GET", "/image/v2/images/x", "image=Lacks | Serves").status == 200
        assert around.asked() == ["Lacks", "Serves"]


def scope_sent(seen: Seen) -> str | None:
    """Return the scope in the token of a request."""
    token, scope = split_token(seen.header("x-auth-token"))
    assert token == "tok"
    return scope


@pytest.mark.parametrize("cloud", ["Earlier", "Earliest"])
def test_a_peer_of_an_earlier_release_is_sent_no_operator(cloud: str, around: Branches) -> None:
    """Until its first answer it is taken for one of this release."""
    around.ask("GET", "/network/v2.0/networks/x", f"network={cloud}")
    for scope, expected in (
        (f"network=Lacks | {cloud}", {"network": cloud}),
        (f"network={cloud},image=Serves | {cloud}", {"network": cloud, "image": cloud}),
        (f"network={cloud},image=Serves | Other", {"network": cloud, "image": "Serves"}),
        (f"network={cloud} & Other,image=Serves & Other", {"network": cloud, "image": "Serves"}),
    ):
        for _ in range(3):
            assert around.ask("GET", "/network/v2.0/networks/x", scope).status == 200
            sent = [scope_sent(seen) for seen in around.seen if seen.server == cloud]
            assert [json.loads(text or "") for text in sent] == [{"*": "Home", **expected}]


@pytest.mark.parametrize("cloud", ["Earlier", "Earliest"])
def test_a_change_at_a_peer_of_an_earlier_release_names_one_cloud_for_each_service(cloud: str, around: Branches) -> None:
    around.ask("GET", "/network/v2.0/networks/x", f"network={cloud}")
    assert around.ask("POST", "/network/v2.0/networks", f"network={cloud} | Serves", b"{}").status == 201
    assert [scope_sent(seen) for seen in around.seen] == [f'{{"*":"Home","network":"{cloud}"}}']
    got = around.ask("POST", "/network/v2.0/networks", f"network={cloud},image=Serves | Other", b"{}")
    assert (got.status, around.asked()) == (400, [])
    assert got.message == (
        f"gateway of Home: 'Serves | Other' of 'image' is not read by the gateway of {cloud}, which is of an earlier release;"
        " name one cloud for 'image'"
    )


def test_each_cloud_sees_the_scope_and_the_request_id(around: Branches) -> None:
    request_id = "req-0a1b2c3d-0000-4000-8000-000000000000"
    around.ask("GET", "/network/v2.0/networks/x", "network=Lacks | Serves", X_OpenStack_Request_Id=request_id)
    assert around.asked() == ["Lacks", "Serves"]
    for seen in around.seen:
        assert scope_sent(seen) == '{"*":"Home","network":"Lacks | Serves"}'
        assert seen.header("x-openstack-request-id") == request_id


def test_the_cloud_of_a_write_is_alone_in_the_scope(around: Branches) -> None:
    around.ask("POST", "/network/v2.0/networks", "network=Refuses | Serves", b"{}")
    (seen,) = around.seen
    assert scope_sent(seen) == '{"*":"Home","network":"Serves"}'
    assert seen.header("x-openstack-request-id").startswith("req-5c09ed")


def test_a_cloud_alone_is_for_all_services_but_identity(around: Branches) -> None:
    assert around.ask("GET", "/network/v2.0/networks/x", "Lacks | Serves").status == 200
    assert around.asked() == ["Lacks", "Serves"]
    assert scope_sent(around.seen[0]) == '{"*":"Lacks | Serves","identity":"Home"}'
    assert around.ask("GET", "/identity/v3/projects", "Lacks | Serves").status == 200
    assert around.asked() == []


def test_an_operator_that_is_not_served_is_refused(around: Branches) -> None:
    got = around.ask("GET", "/image/v2/images", '{"image": "(Lacks & Serves | Other) & Fails"}')
    assert (got.status, around.asked()) == (400, [])
    served = "(A | B) & C and A & B | C are"
    assert got.message == f"gateway of Home: X-Scope, column 12: '&' within '|' within '&' is not served; {served}"
