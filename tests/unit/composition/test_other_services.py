# SPDX-License-Identifier: Apache-2.0
"""Lists of Octavia, Designate, Ironic, Magnum, Barbican and Manila, by clouds that page as their sources say."""

from urllib.parse import parse_qs

import pytest

from openstackoid.composition import Composed, ItemKind, ListKind, builtin_kinds
from unit.composition.clouds import FakeCloud, by_pages, gateway, list_kind, shown
from unit.composition.paths import PATHS

NAMES = ["load-balancers", "zones", "nodes", "clusters", "secrets", "orders", "shares", "share-networks"]
OFFSETS = ["secrets", "orders", "shares", "share-networks"]


@pytest.mark.parametrize("limit", [1, 4, 25])
@pytest.mark.parametrize("name", NAMES)
def test_pages_have_each_item_once_in_the_order_of_the_service(name: str, limit: int) -> None:
    gate = gateway(list_kind(name), [9, 0, 7])
    kind = gate.kind
    found = shown(gate, by_pages(gate, limit))
    of_each = {cloud: [fake.id(item) for item in fake.ordered()] for cloud, fake in gate.clouds.items()}
    assert {cloud: [id_ for owner, id_ in found if owner == cloud] for cloud in gate.clouds} == of_each
    assert len(found) == 16
    assert found == gate.whole() or not kind.order


@pytest.mark.parametrize("name", NAMES)
def test_a_cloud_that_caps_its_pages_loses_nothing(name: str) -> None:
    gate = gateway(list_kind(name), [9, 8], most=3)
    assert sorted(shown(gate, [gate.get("limit=17")])) == sorted(gate.whole())


@pytest.mark.parametrize("name", OFFSETS)
def test_without_markers_a_cloud_is_asked_by_offsets(name: str) -> None:
    gate = gateway(list_kind(name), [9, 8], most=3)
    gate.get("limit=17")
    queries = [parse_qs(query) for query in gate.clouds["One"].asked]
    assert not any("marker" in query for query in queries)
    assert [query.get("offset") for query in queries][:3] == [None, ["3"], ["6"]]


@pytest.mark.parametrize("name", OFFSETS)
def test_an_item_that_is_deleted_between_pages_of_the_client_moves_no_other(name: str) -> None:
    gate = gateway(list_kind(name), [9, 7])
    whole = shown(gate, [gate.get("limit=16")])
    first = gate.get("limit=5")
    gone = shown(gate, [first])[2]
    for cloud in gate.clouds.values():
        cloud.items = [item for item in cloud.items if cloud.id(item) != gone[1]]
    following = f"limit=5&marker={shown(gate, [first])[-1][1]}"
    second = gate.get(first.link("next") or following)
    assert shown(gate, [second]) == whole[5:10]


@pytest.mark.parametrize("name", OFFSETS)
def test_the_offset_of_a_client_is_of_the_merged_list(name: str) -> None:
    gate = gateway(list_kind(name), [9, 7])
    whole = shown(gate, [gate.get("limit=16")])
    assert shown(gate, [gate.get("limit=4&offset=6")]) == whole[6:10]


@pytest.mark.parametrize(("name", "length"), [("zones", 20), ("secrets", 10), ("nodes", 30), ("shares", 30)])
def test_without_a_limit_a_page_is_as_long_as_the_service_makes_it(name: str, length: int) -> None:
    assert len(gateway(list_kind(name), [15, 15]).get().items) == length


@pytest.mark.parametrize(("name", "query"), [("zones", "limit=max"), ("load-balancers", "limit=infinite")])
def test_words_for_a_limit(name: str, query: str) -> None:
    assert len(gateway(list_kind(name), [30, 30]).get(query).items) == 60


def test_links_are_of_the_form_of_the_service() -> None:
    zones = gateway(list_kind("zones"), [3, 3]).get("limit=2")
    assert set(zones.document["links"]) == {"self", "next"}
    assert zones.document["links"]["self"] == "http://gateway/list?limit=2"
    assert zones.document["links"]["next"].startswith("http://gateway/list?limit=2&marker=scope1.")
    assert set(gateway(list_kind("zones"), [3, 3]).get("limit=6").document["links"]) == {"self"}
    for name in ("nodes", "clusters", "secrets"):
        found = gateway(list_kind(name), [3, 3]).get("limit=2").document
        assert found["next"].startswith("http://gateway/list?limit=2&marker=scope1.")
        assert "first" not in found
    assert "loadbalancers_links" in gateway(list_kind("load-balancers"), [3, 3]).get("limit=2").document
    assert not any("link" in member for member in gateway(list_kind("shares"), [3, 3]).get("limit=2").document)


def test_numbers_of_all_items_are_added() -> None:
    assert gateway(list_kind("zones"), [3, 4]).get("limit=2").document["metadata"] == {"total_count": 7}
    assert gateway(list_kind("secrets"), [3, 4]).get("limit=2").document["total"] == 7
    assert gateway(list_kind("shares"), [3, 4]).get("limit=2").document["count"] == 7


def test_on_later_pages_only_services_without_markers_count_all() -> None:
    for name, count in (("zones", 6), ("orders", 7)):
        gate = gateway(list_kind(name), [1, 6])
        (made,) = gate.clouds["One"].items
        made["created_at" if name == "zones" else "created"] = "2025"
        document = gate.get(str(gate.get("limit=2").link("next"))).document
        assert (document["metadata"]["total_count"] if name == "zones" else document["total"]) == count


@pytest.mark.parametrize("deleting", [False, True])
@pytest.mark.parametrize("limit", [1, 5, 25])
@pytest.mark.parametrize("query", ["", "sort=name:desc", "sort_key=name,created_at&sort_dir=asc,desc"])
def test_the_way_back_through_load_balancers_is_the_way_there(query: str, limit: int, deleting: bool) -> None:
    """Octavia answers page_reverse with other items: it is asked for the list in the other order."""
    gate = gateway(list_kind("load-balancers"), [9, 3, 7], most=4)
    whole = shown(gate, list(gate.pages(f"{query}&limit={limit}")))
    back = [list(gate.pages(f"{query}&limit={limit}"))[-1]]
    while (previous := back[-1].link("previous")) is not None:
        if deleting:
            for cloud in gate.clouds.values():
                cloud.items = [item for item in cloud.items if cloud.id(item) not in back[-1].ids]
        back.append(gate.get(previous))
        assert back[-1].link("next") is not None
    assert shown(gate, list(reversed(back))) == whole
    asked = [parse_qs(query) for query in gate.clouds["One"].asked]
    assert not any("page_reverse" in query for query in asked)
    assert all(len(query.get("sort", [])) <= 1 for query in asked)


def test_the_page_before_an_item_is_found_by_its_id() -> None:
    for name in ("load-balancers", "load-balancer-flavors"):
        gate = gateway(list_kind(name), [5, 6])
        whole = gate.whole()
        page = gate.get(f"limit=3&page_reverse=True&marker={whole[7][1]}")
        assert shown(gate, [page]) == whole[4:7]
        assert shown(gate, [gate.get("limit=4&page_reverse=True")]) == whole[-4:]
    asked = parse_qs(gate.clouds["One"].asked[-1])
    assert asked["sort"] == ["id:desc"]


def test_fields_of_ironic_are_in_one_parameter() -> None:
    gate = gateway(list_kind("nodes"), [1, 1])
    gate.get("fields=name,provision_state&limit=3")
    (asked,) = gate.clouds["One"].asked
    assert parse_qs(asked)["fields"] == ["name,provision_state,uuid"]


@pytest.mark.parametrize("name", NAMES)
def test_a_cloud_that_always_answers_the_same_page_ends(name: str) -> None:
    kind = list_kind(name)
    gate = gateway(kind, [3, 3])
    whole = gate.whole()

    class Deaf(FakeCloud):
        def get(self, query: str) -> tuple[int, bytes]:
            return super().get(f"limit={len(self.items)}")

    gate.clouds = {cloud: Deaf(kind, fake.items) for cloud, fake in gate.clouds.items()}
    answer = gate.get("limit=6")
    assert isinstance(answer.outcome, Composed)
    assert sorted(shown(gate, [answer])) == sorted(whole)


@pytest.mark.parametrize(
    "body", [b"[]", b'{"links": 3}', b'{"zones": [{"name": "a"}]}', b'{"zones": [], "metadata": {"total_count": 1e99}}']
)
def test_an_answer_of_another_form_is_a_failure_of_its_cloud(body: bytes) -> None:
    listing = gateway(list_kind("zones"), [1, 1]).listing("")
    for request in listing.wanted():
        listing.answer(request.cloud, 200, body if request.cloud == "One" else b'{"zones": [], "links": {"self": "x"}}')
    outcome = listing.outcome(strict=False)
    assert isinstance(outcome, Composed)
    assert outcome.partial is not None and outcome.partial.startswith("One=wrong-shape")


@pytest.mark.parametrize(
    ("service", "path", "resources", "below"),
    [
        ("dns", "/v2/zones/tasks/imports/abc", "/zones/tasks/imports", ""),
        ("dns", "/v2/zones/abc/recordsets", "/zones", "/recordsets"),
        ("load-balancer", "/v2.0/lbaas/pools/abc/members", "/lbaas/pools", "/members"),
        ("baremetal", "/v1/nodes/abc/states/power", "/nodes", "/states/power"),
        ("key-manager", "/v1/secrets/abc/payload", "/secrets", "/payload"),
        ("shared-file-system", "/v2/shares/abc/action", "/shares", "/action"),
        ("container-infrastructure-management", "/v1/clusters/abc/nodegroups", "/clusters", "/nodegroups"),
    ],
)
def test_parts_of_a_resource_are_for_its_cloud(service: str, path: str, resources: str, below: str) -> None:
    found = builtin_kinds().of(service, path)
    assert isinstance(found, ItemKind)
    assert (found.resources, found.below) == (resources, below)


@pytest.mark.parametrize("name", NAMES)
def test_the_list_is_found_by_its_path(name: str) -> None:
    assert isinstance(builtin_kinds().of(*PATHS[name]), ListKind)
