# SPDX-License-Identifier: Apache-2.0
"""The clouds that claim each resource of a merged list, and whether all others deny it."""

from uuid import UUID

import pytest

from openstackoid.composition import Failure, Fault
from openstackoid.composition.claims import MOST, Claims
from unit.composition.clouds import FakeCloud, Gateway, list_kind

ONE, TWO, BOTH = (str(UUID(int=number * 2**100)) for number in (1, 2, 3))


def gateway(name: str = "networks", **more: object) -> Gateway:
    kind = list_kind(name)
    made = {"created": "2026-01-01", "created_at": "2026-01-01", "name": "n", **more}
    of = {"One": [ONE, BOTH], "Two": [TWO, BOTH]}
    return Gateway(kind, {cloud: FakeCloud(kind, [{kind.id: id_, **made} for id_ in ids]) for cloud, ids in of.items()})


def claimed(gate: Gateway, query: str = "", failing: str = "") -> tuple[dict[str, str], set[str], bool]:
    listing = gate.listing(query)
    while requests := listing.wanted():
        for request in requests:
            if request.cloud == failing:
                listing.fail(Failure(failing, Fault.UNREACHABLE))
            else:
                listing.answer(request.cloud, *gate.clouds[request.cloud].get(request.query))
        listing.chunks()
    listing.chunks()
    return dict(listing.claims.sole()), listing.claims.contested, listing.is_whole


@pytest.mark.parametrize("query", ["", "limit=10", "sort_key=name&sort_dir=desc", "fields=id", "fields=name"])
def test_each_cloud_of_a_whole_list_denies_what_it_does_not_list(query: str) -> None:
    assert claimed(gateway(), query) == ({ONE: "One", TWO: "Two"}, {BOTH}, True)


@pytest.mark.parametrize("query", ["name=n", "limit=3", "limit=1", "tenant_id=1", "limit=2&page_reverse=True"])
def test_a_filter_or_a_page_denies_nothing(query: str) -> None:
    assert not claimed(gateway(), query)[2]


def test_a_cloud_that_fails_denies_nothing() -> None:
    assert claimed(gateway(), failing="Two") == ({ONE: "One", BOTH: "One"}, set(), False)


def test_clients_say_the_usual_values_of_parameters() -> None:
    assert claimed(gateway("servers"), "deleted=False")[2]
    assert claimed(gateway("volumes"), "all_tenants=False")[2]
    assert not claimed(gateway("volumes"), "all_tenants=1")[2]


def test_an_equal_thing_that_is_shown_once_is_claimed_by_both() -> None:
    images = gateway("images", os_hash_algo="sha512", os_hash_value="1")
    assert claimed(images) == ({ONE: "One", TWO: "Two"}, {BOTH}, True)


def test_other_ids_than_uuids_are_no_claims() -> None:
    claims = Claims()
    claims.note("m1.tiny", "One")
    assert list(claims.sole()) == []


def test_a_long_list_is_noted_in_part_and_contested_all_the_same() -> None:
    claims = Claims()
    ids = [str(UUID(int=number)) for number in range(2 * MOST)]
    for cloud in ("One", "Two"):
        for id_ in ids:
            claims.note(id_, cloud)
    assert (list(claims.sole()), len(claims.contested)) == ([], MOST)
