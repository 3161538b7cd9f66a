# SPDX-License-Identifier: Apache-2.0
"""A merged list is the sorted whole, by pages of any size, whatever is deleted in between."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openstackoid.composition import CompositionError, KnownMarkers, ListKind, PassOn, Refused
from unit.composition.clouds import NAMES, FakeCloud, Gateway, Item, by_pages, gateway, list_kind, shown, tagged, uuid

PAGED = ["servers", "flavors", "images", "networks", "volumes", "attachments", "stacks", "containers", "server-groups"]


@pytest.mark.parametrize("limit", [1, 7, 25])
@pytest.mark.parametrize("name", PAGED)
def test_pages_of_three_clouds_are_the_sorted_whole(name: str, limit: int) -> None:
    gate = gateway(list_kind(name), [30, 3, 19])
    pages = by_pages(gate, limit)
    expected = gate.whole() if not gate.kind.is_whole else [(n, c.id(i)) for n, c in gate.clouds.items() for i in c.ordered()]
    assert shown(gate, pages) == expected
    assert [len(page.items) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages) == -(-52 // limit), "no page is empty"


@pytest.mark.parametrize("limit", [1, 7, 25])
@pytest.mark.parametrize("name", ["servers", "networks", "images", "volumes"])
def test_the_last_id_is_accepted_as_a_marker(name: str, limit: int) -> None:
    gate = gateway(list_kind(name), [11, 20])
    assert shown(gate, list(gate.pages_by_id(limit))) == gate.whole()
    forgetful = gateway(list_kind(name), [11, 20])
    forgetful.known = KnownMarkers(0)
    assert shown(forgetful, list(forgetful.pages_by_id(limit))) == gate.whole(), "and if the gateway has forgotten it"


@pytest.mark.parametrize("name", PAGED)
def test_without_a_limit_the_service_has_its_own(name: str) -> None:
    gate = gateway(list_kind(name), [20, 20])
    answer = gate.get()
    default = gate.kind.paging.limit.default or 10**6
    assert len(answer.items) == min(40, default)
    assert (answer.link("next") is not None) == (default < 40)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(PAGED), limit=st.sampled_from([1, 7, 25]))
def test_deletions_lose_and_repeat_no_other_item(data: st.DataObject, name: str, limit: int) -> None:
    sizes = data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=4))
    gate = gateway(list_kind(name), sizes, most=data.draw(st.sampled_from([3, 1000])))
    numbered = not gate.kind.is_whole and gate.kind.paging.ties == "as-sorted" and data.draw(st.booleans())
    for cloud in gate.clouds.values():
        cloud.numbered = numbered
    before = set(gate.whole())

    def delete() -> None:
        for cloud in gate.clouds.values():
            gone = (
                data.draw(st.sets(st.sampled_from([cloud.id(item) for item in cloud.items]), max_size=4))
                if cloud.items
                else set()
            )
            cloud.items = [item for item in cloud.items if cloud.id(item) not in gone]

    pages = []
    if gate.kind.paging.next == "none":
        for page in gate.pages_by_id(limit):
            pages.append(page)
            delete()
    else:
        pages = list(gate.pages(f"limit={limit}", between=delete))
    found = shown(gate, pages)
    if gate.kind.is_whole and isinstance(pages[-1].outcome, Refused):
        assert "list again from the start" in pages[-1].outcome.message, "an unsorted list has no place without an item beside it"
        return
    assert len(found) == len(set(found)), "no item comes twice"
    assert set(gate.whole()) <= set(found) <= before, "every item that is still there came"


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 15), min_size=1, max_size=4),
    limit=st.sampled_from([1, 7, 25]),
    name=st.sampled_from(["servers", "networks", "images", "volumes"]),
    way=st.sampled_from(["asc", "desc"]),
    most=st.sampled_from([3, 1000]),
)
def test_the_order_asked_for_holds_across_clouds(sizes: list[int], limit: int, name: str, way: str, most: int) -> None:
    gate = gateway(list_kind(name), sizes, most)
    query = f"sort_key=name&sort_dir={way}"
    assert shown(gate, by_pages(gate, limit, query)) == gate.whole(query)


@pytest.mark.parametrize("limit", [1, 7, 25])
@pytest.mark.parametrize("deleting", [False, True])
def test_the_way_back_is_the_way_there(limit: int, deleting: bool) -> None:
    gate = gateway(list_kind("networks"), [20, 3, 9])
    last = list(gate.pages(f"limit={limit}"))[-1]
    back = [last]
    while (query := back[-1].link("previous")) is not None:
        if deleting:
            for cloud in gate.clouds.values():
                cloud.items = [item for item in cloud.items if cloud.id(item) not in back[-1].ids]
        back.append(gate.get(query))
        assert back[-1].link("next") is not None
    whole = gate.whole() if not deleting else None
    found = [entry for page in reversed(back) for entry in tagged(page.items)]
    assert found == (whole or found)
    assert len(found) == 32
    assert found == sorted(found, key=lambda entry: entry[1])


def test_next_leads_on_after_previous() -> None:
    gate = gateway(list_kind("networks"), [6, 6])
    first, second, third = (page for page in gate.pages("limit=4"))
    again = gate.get(str(third.link("previous")))
    assert again.ids == second.ids
    assert gate.get(str(again.link("previous"))).ids == first.ids
    assert gate.get(str(again.link("next"))).ids == third.ids
    assert first.link("previous") is None


def test_an_item_says_its_cloud_and_the_first_page_costs_one_request_of_each() -> None:
    gate = gateway(list_kind("servers"), [5, 5])
    page = gate.get("limit=3&name=x")
    assert {item["os_scope_cloud"] for item in page.items} <= {"One", "Two"}
    assert [cloud.asked for cloud in gate.clouds.values()] == [["name=x&limit=4"]] * 2
    assert str(page.document["servers_links"][0]["href"]).startswith("http://gateway/list?limit=3&name=x&marker=scope1.")


def test_glance_has_its_links_as_paths_and_its_default_of_25() -> None:
    gate = gateway(list_kind("images"), [20, 20])
    page = gate.get("status=active", url="/v2/images")
    assert (len(page.items), page.document["first"]) == (25, "/v2/images?status=active")
    assert page.document["next"].startswith("/v2/images?status=active&marker=scope1.")
    assert page.document["schema"] == "/v2/schemas/images"


def test_neutron_returns_the_fields_that_were_asked_for_and_sorts_by_others() -> None:
    gate = gateway(list_kind("networks"), [2, 2])
    page = gate.get("fields=name&sort_key=mtu&sort_dir=asc&limit=3")
    assert [set(item) for item in page.items] == [{"name", "os_scope_cloud"}] * 3
    asked = gate.clouds["One"].asked[0]
    assert asked == "fields=name&sort_key=mtu&sort_dir=asc&fields=id&fields=mtu&limit=4"


def equal_flavors(kind: ListKind, cloud: str) -> FakeCloud:
    sizes = {"vcpus": 1, "ram": 512, "disk": 1, "OS-FLV-EXT-DATA:ephemeral": 0}
    flavors = [{"id": f"{cloud}-{name}", "name": name, **sizes} for name in ("tiny", "small", f"own-{cloud}")]
    flavors.append({"id": f"{cloud}-big", "name": "big", **sizes, "ram": len(cloud)})
    return FakeCloud(kind, flavors)


@pytest.mark.parametrize("limit", [1, 2, 25])
def test_equal_flavors_collapse_over_all_pages(limit: int) -> None:
    kind = list_kind("flavors")
    gate = Gateway(kind, {"One": equal_flavors(kind, "One"), "Three": equal_flavors(kind, "Three")})
    pages = list(gate.pages(f"limit={limit}"))
    names = sorted((item["name"], item["os_scope_cloud"]) for page in pages for item in page.items)
    assert names == [
        ("big", "One"), ("big", "Three"), ("own-One", "One"), ("own-Three", "Three"), ("small", "One"), ("tiny", "One"),
    ]  # fmt: skip
    assert all(page.items for page in pages)


def test_keypairs_collapse_by_name_and_fingerprint_and_keep_their_form() -> None:
    kind = list_kind("keypairs")
    clouds = {
        cloud: FakeCloud(kind, [{"name": "work", "fingerprint": "aa"}, {"name": "home", "fingerprint": cloud}])
        for cloud in ("One", "Two")
    }
    page = Gateway(kind, clouds).get()
    assert [(item["name"], item["os_scope_cloud"]) for item in page.items] == [("home", "One"), ("home", "Two"), ("work", "One")]
    assert set(page.document["keypairs"][0]) == {"keypair"}


@pytest.mark.parametrize("after", ["cirros", "other"])
def test_the_id_of_an_equal_thing_that_is_not_shown_is_accepted_as_a_marker(after: str) -> None:
    kind = list_kind("images")

    def image(number: int, name: str, day: int) -> Item:
        return {"id": uuid(number), "name": name, "os_hash_algo": "x", "os_hash_value": name, "created_at": f"2026-01-{day:02}"}

    one = [image(1, "cirros", 9), image(2, "other", 5)]
    two = [image(3, "cirros", 8), image(4, "mine", 4), image(5, "other", 3)]
    gate = Gateway(kind, {"One": FakeCloud(kind, one), "Two": FakeCloud(kind, two)})
    page = gate.get(f"limit=9&marker={uuid({'cirros': 3, 'other': 5}[after])}")
    assert [item["name"] for item in page.items] == {"cirros": ["other", "mine"], "other": []}[after]


def test_images_without_a_hash_are_not_equal() -> None:
    kind = list_kind("images")
    image = {"name": "cirros", "os_hash_algo": None, "os_hash_value": None, "created_at": "2026-01-01T00:00:00Z"}
    clouds = {cloud: FakeCloud(kind, [image | {"id": cloud}]) for cloud in ("One", "Two")}
    assert len(Gateway(kind, clouds).get().items) == 2


def test_a_cloud_that_lists_an_id_twice_does_not_repeat_it() -> None:
    gate = gateway(list_kind("servers"), [5, 5])
    gate.clouds["One"].items += gate.clouds["One"].items[:3]
    assert len(shown(gate, by_pages(gate, 4))) == 10


def test_swift_names_that_two_clouds_have_both_come_also_across_pages() -> None:
    kind = list_kind("containers")
    clouds = {cloud: FakeCloud(kind, [{"name": name, "count": 0} for name in "abc"]) for cloud in ("One", "Two")}
    gate = Gateway(kind, clouds)
    expected = [(cloud, name) for name in "abc" for cloud in ("One", "Two")]
    assert shown(gate, by_pages(gate, 1)) == expected
    assert shown(gate, [gate.get("reverse=true")]) == sorted(expected, key=lambda entry: -ord(entry[1]))


def test_an_offset_leaves_out_items_of_the_merged_list() -> None:
    gate = gateway(list_kind("volumes"), [6, 6])
    page = gate.get("offset=5&limit=3")
    assert shown(gate, [page]) == gate.whole()[5:8]
    assert "offset" not in str(page.link("next")) and "offset" not in gate.clouds["One"].asked[0]


def test_counts_are_added() -> None:
    gate = gateway(list_kind("volumes"), [3, 4])
    listing = gate.listing("with_count=true")
    for request in listing.wanted():
        document = json.loads(gate.clouds[request.cloud].get(request.query)[1])
        listing.answer(request.cloud, 200, json.dumps(document | {"count": len(document["volumes"])}).encode())
    body = listing.chunks()
    assert json.loads(body + listing.tail("http://gateway/list"))["count"] == 7


@pytest.mark.parametrize(("name", "length"), [("servers", 0), ("networks", 8)])
def test_a_limit_of_0_means_what_the_service_means(name: str, length: int) -> None:
    gate = gateway(list_kind(name), [4, 4])
    page = gate.get("limit=0")
    assert (len(page.items), page.link("next")) == (length, None)
    assert all(len(cloud.asked) == 1 for cloud in gate.clouds.values()), "every cloud judges the request"


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=", "limit=1e3", "limit=99999999999999", "offset=-1", "limit=٣"])
def test_a_query_that_is_not_accepted_is_refused(query: str) -> None:
    with pytest.raises(CompositionError, match="a whole number from 0 to 2147483647 is accepted") as raised:
        gateway(list_kind("servers"), [1]).get(query)
    assert raised.value.status == 400


def test_an_unknown_id_as_a_marker_is_refused() -> None:
    gate = gateway(list_kind("servers"), [5, 5])
    outcome = gate.get("limit=2&marker=no-such-id").outcome
    assert outcome == Refused(400, "marker [no-such-id] not found in any cloud of the scope")


def test_a_place_that_is_lost_is_refused_not_guessed() -> None:
    # A brief list has no attribute to sort by: once the items beside the cut are gone, the place cannot be found.
    kind = list_kind("servers-brief")
    gate = Gateway(kind, {"One": FakeCloud(kind, [{"id": uuid(n), "name": "x"} for n in range(9)])})
    page = gate.get("limit=3")
    ids = [gate.clouds["One"].id(item) for item in gate.clouds["One"].ordered()]
    gate.clouds["One"].items = [item for item in gate.clouds["One"].items if item["id"] not in ids[2:4]]
    outcome = gate.get(str(page.link("next"))).outcome
    assert isinstance(outcome, Refused) and outcome.status == 400
    assert "One no longer has the items around the marker; list again from the start" in outcome.message


def test_a_401_of_one_cloud_is_passed_on() -> None:
    gate = gateway(list_kind("servers"), [2, 2])
    listing = gate.listing("")
    listing.answer("Two", 401, b"{}")
    listing.answer("One", 503, b"")
    assert listing.wanted() == []
    assert listing.outcome(strict=False) == PassOn("Two")


def test_a_volume_type_that_clouds_have_under_one_id_is_shown_once() -> None:
    kind = list_kind("volume-types")
    shared = {"id": uuid(1), "name": "__DEFAULT__", "created_at": "2026-01-01"}
    others = [{**shared, "id": uuid(number), "name": name} for number, name in ((2, "__DEFAULT__"), (3, "fast"))]
    gate = Gateway(kind, {name: FakeCloud(kind, [shared, other]) for name, other in zip(NAMES, others, strict=False)})
    assert sorted((item["os_scope_cloud"], item["name"]) for item in gate.get().items) == [
        ("One", "__DEFAULT__"),
        ("One", "__DEFAULT__"),
        ("Two", "fast"),
    ]
