# SPDX-License-Identifier: Apache-2.0
"""The store of records is bounded in every direction, and a peer's word becomes a record only if it has the form of one."""

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.trace import records
from openstackoid.bridge.trace.records import Record, Records, record_of
from openstackoid.routing import Route

RECORD = Record(
    gateway="CloudTwo",
    cloud="CloudOne",
    service="image",
    interface="public",
    method="GET",
    path="/image/v2/images",
    status=200,
    started=1732450000.25,
    seconds=0.012,
    route="local",
    via="token",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(RECORD.document())) | st.text(), inner),
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_workflow_keeps_its_records_in_their_order() -> None:
    store = Records()
    store.add("a", RECORD)
    store.add("b", replace(RECORD, status=404))
    store.add("a", replace(RECORD, status=500))
    found = store.of("a")
    assert found is not None
    assert [record.status for record in found.records] == [200, 500]
    assert store.of("c") is None


def test_the_oldest_workflow_goes_first_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "IDS", 2)
    store = Records()
    for name in ("a", "b", "a", "c"):
        store.add(name, RECORD)
    assert [name for name in "abc" if store.of(name)] == ["b", "c"]


def test_the_oldest_workflow_goes_first_when_there_are_too_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RECORDS", 4)
    store = Records()
    for name in ("a", "a", "b", "b", "c"):
        store.add(name, RECORD)
    assert [name for name in "abc" if store.of(name)] == ["b", "c"]
    # What went has made room.
    store.add("c", RECORD)
    assert [name for name in "abc" if store.of(name)] == ["b", "c"]


def test_one_workflow_cannot_take_all_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RECORDS_OF_ONE", 2)
    store = Records()
    for status in (200, 201, 202, 203):
        store.add("a", replace(RECORD, status=status))
    found = store.of("a")
    assert found is not None
    assert ([record.status for record in found.records], found.lost) == ([200, 201], 2)


def test_a_workflow_is_forgotten_in_time_even_if_it_goes_on() -> None:
    clock = Clock()
    store = Records(clock)
    store.add("a", RECORD)
    clock.now += records.AGE - 1
    store.add("a", RECORD)
    store.add("b", RECORD)
    assert store.of("a")
    clock.now += 2
    assert store.of("a") is None
    assert store.of("b")


@pytest.mark.parametrize("route", get_args(Route))
def test_a_serialized_record_is_read_back(route: Route) -> None:
    record = replace(RECORD, route=route)
    assert record_of(json.loads(json.dumps(record.document())), "CloudTwo") == record


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gateway", "CloudOne"),
        ("cloud", "Cloud\x1b[2J"),
        ("cloud", "C" * 65),
        ("service", ""),
        ("service", "image\n"),
        ("interface", "secret"),
        ("interface", ["public"]),
        ("method", "get"),
        ("path", "/image/\x07"),
        ("path", "/" + "a" * 37),
        ("path", "/a" * 20),
        ("path", "/image?token=x"),
        ("status", True),
        ("status", "200"),
        ("status", -1),
        ("status", 10**400),
        ("started", float("nan")),
        ("started", 10**400),
        ("started", True),
        ("seconds", -1),
        ("seconds", float("inf")),
        ("route", "elsewhere"),
        ("via", "magic"),
    ],
)
def test_a_record_with_a_wrong_value_is_refused(name: str, value: object) -> None:
    assert record_of({**RECORD.document(), name: value}, "CloudTwo") is None


@pytest.mark.parametrize("name", sorted(RECORD.document()))
def test_an_incomplete_record_is_refused(name: str) -> None:
    item = RECORD.document()
    del item[name]
    assert record_of(item, "CloudTwo") is None


def test_unknown_keys_of_a_record_are_dropped() -> None:
    assert record_of({**RECORD.document(), "more": "\x1b"}, "CloudTwo") == RECORD


@given(JSON)
def test_an_excessive_record_is_refused(item: Any) -> None:
    assert record_of(item, "CloudTwo") is None


@given(st.sampled_from(sorted(RECORD.document())), JSON)
def test_a_record_is_made_of_short_printable_words(name: str, value: Any) -> None:
    found = record_of({**RECORD.document(), name: value}, "CloudTwo")
    if found is not None:
        for text in (found.cloud, found.service, found.interface, found.method, found.path, found.route, found.via):
            assert text.isprintable() and text.isascii() and len(text) <= 1024
