# SPDX-License-Identifier: Apache-2.0
"""Each list of kinds.yaml, by clouds that page as its description says; and the ways of paging that few services have."""

import json
from urllib.parse import parse_qs

import pytest

from openstackoid.composition import Composed, CompositionError, ListKind, builtin_kinds
from unit.composition.clouds import FakeCloud, Gateway, by_pages, gateway, list_kind, shown
from unit.composition.paths import PATHS

EVERY = list(builtin_kinds().lists())


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: f"{kind.service}{kind.path}")
def test_pages_have_each_item_once_in_the_order_of_its_service(kind: ListKind) -> None:
    gate = gateway(kind, [9, 0, 7], most=3)
    found = shown(gate, by_pages(gate, 4))
    of_each = {cloud: [fake.id(item) for item in fake.ordered()] for cloud, fake in gate.clouds.items()}
    assert {cloud: [id_ for owner, id_ in found if owner == cloud] for cloud in gate.clouds} == of_each
    assert len(found) == 16


def test_each_list_is_found_by_its_path() -> None:
    for name, path in PATHS.items():
        assert isinstance(builtin_kinds().of(*path), ListKind), name


def numbered(gate: Gateway) -> list[str | None]:
    """Return the markers that the first cloud was asked for."""
    return [parse_qs(query).get("marker", [None])[0] for query in gate.clouds["One"].asked]


def test_a_marker_is_that_of_the_link_to_the_next_page() -> None:
    """Trove's markers of backups are numbers of items."""
    gate = gateway(list_kind("database-backups"), [9, 8], most=3)
    assert len(shown(gate, [gate.get("limit=20")])) == 17
    assert numbered(gate) == [None, "3", "6", "9"]


@pytest.mark.parametrize("href", ["http://service/next", "http://[", "?marker=", f"?marker={'x' * 300}"])
def test_a_link_without_a_usable_marker_is_the_last_one(href: str) -> None:
    listing = gateway(list_kind("database-backups"), [1, 1]).listing("")
    (request, _) = listing.wanted()
    body = {"backups": [{"id": "a", "updated": "2026"}], "links": [{"rel": "next", "href": href}]}
    listing.answer(request.cloud, 200, json.dumps(body).encode())
    assert [request.cloud for request in listing.wanted()] == ["Two"]


def test_a_service_that_refuses_long_pages_is_asked_for_short_ones() -> None:
    gate = gateway(list_kind("queues"), [30, 25], most=20)
    for cloud in gate.clouds.values():
        cloud.refuses = True
    assert len(gate.get().items) == 10
    assert len(gate.get("limit=20").items) == 20
    assert len(shown(gate, list(gate.pages("limit=20")))) == 55


def test_a_link_to_an_empty_page_ends_the_list() -> None:
    """Each page of Zaqar has a link, the last one too."""

    class Linking(FakeCloud):
        def get(self, query: str) -> tuple[int, bytes]:
            status, body = super().get(query)
            document = json.loads(body)
            links = [{"rel": "next", "href": "/v2/queues?marker=x"}] if document["queues"] else []
            return status, json.dumps({**document, "links": links}).encode()

    gate = gateway(list_kind("queues"), [3, 3])
    gate.clouds = {cloud: Linking(gate.kind, fake.items) for cloud, fake in gate.clouds.items()}
    pages = list(gate.pages("limit=4"))
    assert [len(page.items) for page in pages] == [4, 2]
    assert isinstance(pages[-1].outcome, Composed)


@pytest.mark.parametrize("query", ["sort_keys=name,created_at&sort_dirs=desc,asc", "sort_keys=name&sort_dirs=desc"])
def test_keys_and_directions_of_mistral_are_in_one_parameter_each(query: str) -> None:
    gate = gateway(list_kind("workflows"), [9, 7])
    descending = [item["name"].casefold() for item in gate.get(f"{query}&limit=16").items]
    assert descending == sorted(descending, reverse=True)
    assert all(query in asked.replace("%2C", ",") for asked in gate.clouds["One"].asked)


def test_share_types_stand_twice_in_an_answer_as_in_those_of_manila() -> None:
    document = gateway(list_kind("share-types"), [2, 3]).get().document
    assert len(document["share_types"]) == 5
    assert document["volume_types"] == document["share_types"]


def test_a_list_that_should_be_whole_and_has_a_further_page_is_a_failure_of_its_cloud() -> None:
    """Nova's usage of all projects has pages of a thousand servers, which break off in a project."""
    listing = gateway(list_kind("usages"), [1, 1]).listing("")
    links = {"tenant_usages_links": [{"rel": "next", "href": "http://service/x?marker=y"}]}
    for request in listing.wanted():
        body = {"tenant_usages": [{"tenant_id": "a", "total_hours": 1.5}], **(links if request.cloud == "Two" else {})}
        listing.answer(request.cloud, 200, json.dumps(body).encode())
    outcome = listing.outcome(strict=False)
    assert isinstance(outcome, Composed)
    assert outcome.partial == "Two=too-large"


def test_after_the_last_server_of_the_usage_nothing_follows() -> None:
    """Clients ask so, by the id of a server, until an answer is empty."""
    gate = gateway(list_kind("usages"), [3, 2])
    assert len(gate.get().items) == 5
    assert gate.get("marker=2a3fde5a-0000-4000-8000-000000000000").items == []


def test_pages_of_numbers_are_not_served() -> None:
    kind = builtin_kinds().of("admin-logic", "/v1/tasks")
    assert isinstance(kind, ListKind)
    with pytest.raises(CompositionError, match="page: it is not served"):
        gateway(kind, [1, 1]).listing("page=2&tasks_per_page=5")
