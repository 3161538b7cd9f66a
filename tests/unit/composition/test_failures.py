# SPDX-License-Identifier: Apache-2.0
"""Clouds that fail, and clouds that answer garbage: a partial answer that names them, or an error."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from openstackoid.composition import FEW_VALUES, MOST_VALUES, Composed, Failure, Fault, PassOn, Refused, page, parse_object
from openstackoid.composition.branch import MOST_PAGES
from unit.composition.clouds import Gateway, gateway, list_kind, tagged, uuid

LINKS = '"servers_links":[{"rel":"next","href":"x"}]'


def with_answers(gate: Gateway, cloud: str, answer: Callable[[str], tuple[int, bytes]]) -> Gateway:
    gate.clouds[cloud].get = answer  # type: ignore[method-assign, assignment]
    return gate


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not-json"),
        (b"<html>", "not-json"),
        (b'{"servers": [{"id": "a"}', "not-json"),
        (b'{"servers": [{"id": "a", "x": NaN}]}', "not-json"),
        (b'{"servers": [{"id": "a", "x": 1e999}]}', "not-json"),
        (b'{"servers": [{"id": "a", "x": ' + b"9" * 5000 + b"}]}", "not-json"),
        (b'{"servers":' + b"[" * 100_000, "not-json"),
        ('{"servers": [{"id": "a"}]}'.encode("utf-16"), "not-json"),
        (b'{"servers": "\xff"}', "not-json"),
        (b"[]", "wrong-shape"),
        (b"null", "wrong-shape"),
        (b"{}", "wrong-shape"),
        (b'{"servers": {}}', "wrong-shape"),
        (b'{"servers": [1]}', "wrong-shape"),
        (b'{"servers": [{}]}', "wrong-shape"),
        (b'{"servers": [{"id": null}]}', "wrong-shape"),
        (b'{"servers": [{"id": true}]}', "wrong-shape"),
        (b'{"servers": [{"id": ["a"]}]}', "wrong-shape"),
        (b'{"servers": [{"id": "' + b"a" * 256 + b'"}]}', "wrong-shape"),
        (b'{"servers": [{"id": "\\ud800"}, {"id": "a"}], ' + LINKS.encode() + b"}", "wrong-shape"),
        # It would be written at another depth of the stack than it was read at.
        (b'{"servers": [], "x": ' + b"[" * 900 + b"]" * 900 + b"}", "wrong-shape"),
    ],
)
def test_garbage_of_one_cloud_leaves_the_others_answer_and_names_the_cloud(body: bytes, word: str) -> None:
    gate = with_answers(gateway(list_kind("servers"), [3, 3]), "Two", lambda _: (200, body))
    answer = gate.get()
    assert answer.outcome == Composed(f"Two={word}")
    assert [cloud for cloud, _ in tagged(answer.items)] == ["One"] * 3
    outcome = gate.get(strict=True).outcome
    assert isinstance(outcome, Refused)
    assert outcome.status == 502
    assert "the scope is strict, and Two answered" in outcome.message


def test_a_page_of_few_bytes_and_many_values_is_refused_before_it_is_read() -> None:
    body = b'{"servers":[' + b",".join([b'{"":0}'] * (MOST_VALUES // 2)) + b"]}"
    gate = with_answers(gateway(list_kind("servers"), [3, 3]), "Two", lambda _: (200, body))
    assert gate.get().outcome == Composed("Two=too-large")
    few = b'{"x":[' + b",".join([b"0"] * FEW_VALUES) + b"]}"
    failure = parse_object("Two", few, 10 * len(few))
    assert isinstance(failure, Failure)
    assert str(failure) == f"Two answered with a page that is too large: more than {FEW_VALUES} values"


@pytest.mark.parametrize("odd", ["7#", "7?x", "7/8"])
def test_an_item_whose_id_would_lead_to_another_path_is_left_out(odd: str) -> None:
    body = json.dumps({"servers": [{"id": odd}, {"id": "7", "uuid": odd}, {"id": "8", "name": odd}]}).encode()
    gate = with_answers(gateway(list_kind("servers"), [0, 0]), "Two", lambda _: (200, body))
    assert [item["id"] for item in gate.get().items] == ["8"]


def test_a_page_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "ALL_BYTES", 1000)
    body = json.dumps({"servers": [{"id": uuid(1), "name": "x" * 1000}]}).encode()
    gate = with_answers(gateway(list_kind("servers"), [1, 0]), "Two", lambda _: (200, body))
    assert gate.get().outcome == Composed("Two=too-large")


def test_a_cloud_whose_pages_never_end_is_given_up() -> None:
    count = 0

    def endless(_: str) -> tuple[int, bytes]:
        nonlocal count
        count += 1
        return 200, json.dumps({"networks": [{"id": uuid(count)}], "networks_links": [{"rel": "next", "href": "x"}]}).encode()

    answer = with_answers(gateway(list_kind("networks"), [2, 0]), "Two", endless).get()
    assert answer.outcome == Composed("Two=endless")
    assert count == MOST_PAGES + 1


@pytest.mark.parametrize("pages", [1, 2, 5])
def test_a_cloud_that_repeats_its_pages_ends(pages: int) -> None:
    count = 0

    def repeating(_: str) -> tuple[int, bytes]:
        nonlocal count
        count += 1
        document = {"networks": [{"id": uuid(count % pages)}], "networks_links": [{"rel": "next", "href": "x"}]}
        return 200, json.dumps(document).encode()

    answer = with_answers(gateway(list_kind("networks"), [2, 0]), "Two", repeating).get()
    assert len([entry for entry in tagged(answer.items) if entry[0] == "Two"]) == pages
    assert (answer.outcome, count) == (Composed(), pages + 1)


@pytest.mark.parametrize("status", [400, 403, 404, 413, 500, 503])
def test_an_error_of_one_cloud_is_in_the_header(status: int) -> None:
    gate = with_answers(gateway(list_kind("servers"), [3, 3, 3]), "Two", lambda _: (status, b"{}"))
    assert gate.get().outcome == Composed(f"Two={status}")


def test_several_failures_are_named_in_the_order_of_the_scope() -> None:
    gate = gateway(list_kind("servers"), [2, 2, 2])
    listing = gate.listing("")
    listing.fail(Failure("Three", Fault.TIMEOUT))
    listing.answer("Two", *gate.clouds["Two"].get("limit=1000"))
    listing.fail(Failure("One", Fault.UNREACHABLE, detail="connection refused"))
    assert listing.outcome(strict=False) == Composed("One=unreachable, Three=timeout")
    said = "the scope is strict, and One was not reached: connection refused; Three did not answer in time"
    assert listing.outcome(strict=True) == Refused(502, said)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([(503, Fault.STATUS), (404, Fault.STATUS)], PassOn("One")),
        ([(0, Fault.UNREACHABLE), (404, Fault.STATUS)], 503),
        ([(0, Fault.TIMEOUT), (0, Fault.UNREACHABLE)], 504),
        ([(0, Fault.NOT_JSON), (0, Fault.UNREACHABLE)], 502),
        ([(500, Fault.STATUS), (401, Fault.STATUS)], PassOn("Two")),
    ],
)
def test_if_all_fail_the_first_error_is_the_answer(failures: list[tuple[int, Fault]], expected: Any) -> None:
    listing = gateway(list_kind("servers"), [2, 2]).listing("")
    for cloud, (status, fault) in zip(("One", "Two"), failures, strict=True):
        listing.fail(Failure(cloud, fault, status))
    outcome = listing.outcome(strict=False)
    assert (outcome.status if isinstance(outcome, Refused) else outcome) == expected


def test_a_cloud_that_fails_on_a_later_page_does_not_keep_the_list_from_its_end() -> None:
    gate = gateway(list_kind("servers"), [9, 9])
    first = gate.get("limit=4")
    with_answers(gate, "Two", lambda _: (503, b""))
    rest = list(gate.pages(str(first.link("next"))))
    assert {page.outcome for page in rest} == {Composed("Two=503")}
    assert len([entry for page in (first, *rest) for entry in tagged(page.items) if entry[0] == "One"]) == 9


def test_a_cloud_that_comes_back_goes_on_at_its_own_place() -> None:
    gate = gateway(list_kind("servers"), [9, 9])
    healthy = gate.clouds["Two"].get
    first = gate.get("limit=4")
    with_answers(gate, "Two", lambda _: (503, b""))
    second = gate.get(str(first.link("next")))
    with_answers(gate, "Two", healthy)
    rest = list(gate.pages(str(second.link("next"))))
    found = [entry for page in (first, second, *rest) for entry in tagged(page.items)]
    assert (len(found), set(found)) == (18, set(gate.whole()))


def test_fields_of_another_release_are_kept() -> None:
    body = json.dumps({"servers": [{"id": "a", "created": 7, "new": {"x": [1.5, None, "é"]}}], "servers_note": 1}).encode()
    gate = with_answers(gateway(list_kind("servers"), [1, 0]), "Two", lambda _: (200, body))
    answer = gate.get()
    found = next(item for item in answer.items if item["os_scope_cloud"] == "Two")
    assert found == {"id": "a", "created": 7, "new": {"x": [1.5, None, "é"]}, "os_scope_cloud": "Two"}
    assert answer.document["servers_note"] == 1


def test_a_cloud_cannot_speak_for_another() -> None:
    body = b'{"servers": [{"id": "a", "os_scope_cloud": "One"}]}'
    gate = with_answers(gateway(list_kind("servers"), [0, 0]), "Two", lambda _: (200, body))
    assert tagged(gate.get().items) == [("Two", "a")]


def test_a_cloud_that_ignores_limit_and_marker_is_listed_once() -> None:
    gate = gateway(list_kind("keypairs"), [0, 0])
    body = json.dumps({"keypairs": [{"keypair": {"name": f"k{number}", "fingerprint": "a"}} for number in range(9)]}).encode()
    with_answers(gate, "Two", lambda _: (200, body))
    assert [len(page.items) for page in gate.pages("limit=4")] == [4, 4, 1]


def test_a_marker_is_made_of_the_longest_ids_of_eight_clouds() -> None:
    gate = gateway(list_kind("keypairs"), [0] * 8)
    for number, name in enumerate(gate.clouds):
        pairs = [{"keypair": {"name": f"{number}{each}" * 127}} for each in range(3)]
        body = json.dumps({"keypairs": pairs, "keypairs_links": [{"rel": "next", "href": "x"}]}).encode()
        with_answers(gate, name, lambda _, body=body: (200, body))  # type: ignore[misc]
    answer = gate.get("limit=9")
    assert (answer.outcome, len(answer.items)) == (Composed(), 9)
    assert answer.link("next") is not None


def test_values_to_sort_by_are_told_by_their_json_and_fill_no_memory() -> None:
    """As a cloud could answer that means ill."""
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    values = [deep, {"b": 1, "a": 2}, None, "x" * 100_000, 3, True]
    items = [{"id": uuid(number), "created": value} for number, value in enumerate(values)]
    body = json.dumps({"servers": items}).encode()
    gate = with_answers(gateway(list_kind("servers"), [1, 0]), "Two", lambda _: (200, body))
    answer = gate.get("sort_key=created_at&limit=5")
    assert (answer.outcome, len(answer.items)) == (Composed(), 5)
    assert 0 < gate.known._cuts.size < 5000


def test_a_count_that_is_too_long_for_a_sum_is_a_failure_of_its_cloud() -> None:
    gate = with_answers(gateway(list_kind("volumes"), [0, 0]), "One", lambda _: (200, b'{"volumes": [], "count": 1}'))
    with_answers(gate, "Two", lambda _: (200, b'{"volumes": [], "count": ' + b"9" * 4300 + b"}"))
    answer = gate.get("with_count=True")
    assert (answer.outcome, answer.document["count"]) == (Composed("Two=wrong-shape"), 1)
