# SPDX-License-Identifier: Apache-2.0
"""The kinds of the package, and the refusal of a description that is not one."""

import re

import pytest

from openstackoid.composition import (
    CommonKind,
    ItemKind,
    ListKind,
    NamedKind,
    TotalKind,
    VersionsKind,
    builtin_kinds,
    parse_kinds,
)
from openstackoid.mesh import MeshError

PROJECT = "0123456789abcdef0123456789abcdef"
GOOD = """\
kinds: 1
paging:
  nova:
    limit: {default: 1000, most: 1000, zero: nothing}
    next: list
lists:
  compute:
    - path: /servers
      detail: true
      collection: servers
      item: server
      paging: nova
      order: [created_at desc]
"""


@pytest.mark.parametrize(
    ("service", "path", "collection"),
    [
        ("compute", "/v2.1/servers", "servers"),
        ("compute", "/v2.1/servers/detail", "servers"),
        ("compute", f"/v2.1/{PROJECT}/servers/detail", "servers"),
        ("compute", "/v2.1/servers/", "servers"),
        ("compute", "/v2.1/os-availability-zone/detail", "availabilityZoneInfo"),
        ("block-storage", f"/v3/{PROJECT}/volumes/detail", "volumes"),
        ("block-storage", "/v3/types", "volume_types"),
        ("network", "/v2.0/security-groups", "security_groups"),
        ("network", "/v2.0/qos/policies", "policies"),
        ("image", "/v2/images", "images"),
        ("orchestration", f"/v1/{PROJECT}/stacks", "stacks"),
        ("load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancers"),
        ("load-balancer", "/v2/octavia/amphorae", "amphorae"),
        ("dns", "/v2/zones", "zones"),
        ("dns", "/v2/zones/tasks/imports", "imports"),
        ("baremetal", "/v1/nodes/detail", "nodes"),
        ("baremetal", "/v1/volume/connectors", "connectors"),
        ("container-infrastructure-management", "/v1/clusters", "clusters"),
        ("key-manager", "/v1/secrets", "secrets"),
        ("shared-file-system", f"/v2/{PROJECT}/shares/detail", "shares"),
        ("placement", "/resource_providers", "resource_providers"),
        ("database", f"/v1.0/{PROJECT}/instances/detail", "instances"),
        ("workflow", "/v2/workflows", "workflows"),
        ("instance-ha", "/v1/segments", "segments"),
        ("reservation", "/v1/os-hosts/allocations", "allocations"),
        ("alarm", "/v2/alarms", ""),
        ("accelerator", "/v2/accelerator_requests", "arqs"),
        ("application-container", "/v1/capsules/", "capsules"),
        ("rating", "/v1/rating/module_config/hashmap/groups", "groups"),
        ("message", "/v2/queues", "queues"),
        ("backup", f"/v2/{PROJECT}/jobs", "jobs"),
        ("resource-optimization", "/v1/audits/detail", "audits"),
        ("nfv-orchestration", "/v1.0/vims", "vims"),
        ("admin-logic", "/v1/tasks", "tasks"),
        ("baremetal-introspection", "/v1/introspection", "introspection"),
        ("object-store", f"/v1/AUTH_{PROJECT}", ""),
        ("object-store", f"/v1/AUTH_{PROJECT}/photos", ""),
    ],
)
def test_a_list_is_found_by_its_path(service: str, path: str, collection: str) -> None:
    found = builtin_kinds().of(service, path)
    assert isinstance(found, ListKind)
    assert (found.service, found.collection) == (service, collection)


def test_one_resource_is_found_with_its_id_and_its_part() -> None:
    kinds = builtin_kinds()
    assert kinds.of("compute", "/v2.1/servers/abc") == ItemKind("compute", "/servers", "abc", "server")
    part = ItemKind("compute", "/servers", "abc", "server", "/os-interface")
    assert kinds.of("compute", "/v2.1/servers/abc/os-interface") == part
    assert kinds.of("image", "/v2/images/abc/file") == ItemKind("image", "/images", "abc", "", "/file")


def test_totals_and_what_is_common() -> None:
    kinds = builtin_kinds()
    assert isinstance(kinds.of("compute", "/v2.1/limits"), TotalKind)
    assert isinstance(kinds.of("network", f"/v2.0/quotas/{PROJECT}/details.json"), TotalKind)
    assert isinstance(kinds.of("block-storage", f"/v3/{PROJECT}/volumes/summary"), TotalKind)
    assert kinds.of("network", "/v2.0/extensions") == CommonKind("network", "extensions", "alias")
    assert kinds.of("image", "/v2/schemas/image") == CommonKind("image", "properties", None)
    assert [kinds.of("compute", path) for path in ("", "/", "/v2.1", "/v2.1/")] == [VersionsKind("compute")] * 4


@pytest.mark.parametrize(
    ("methods", "path", "name"),
    [
        (("GET", "HEAD", "POST", "DELETE"), "photos/one.jpg", "photos/one.jpg"),
        (("GET", "HEAD", "POST", "DELETE"), "photos/a/b//c/", "photos/a/b//c/"),
        (("POST", "DELETE"), "photos", "photos"),
        (("POST", "DELETE"), "photos/", "photos"),
        ((), "", None),
    ],
)
def test_a_container_or_an_object_is_found_by_its_name_but_where_it_is_listed_or_made(
    methods: tuple[str, ...], path: str, name: str
) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE", "PUT", "COPY", "OPTIONS"):
        found = builtin_kinds().named("object-store", f"/v1/AUTH_{PROJECT}/{path}", method)
        assert found == (NamedKind("object-store", name) if method in methods else None), method
        assert builtin_kinds().named("compute", f"/v1/AUTH_{PROJECT}/{path}", method) is None


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("identity", "/v3/projects"),
        ("compute", "/v2.1/nothing"),
        ("compute", "/v2.1/serversx"),
        ("object-store", "/v1"),
        ("placement", "/allocation_candidates"),
        ("rating", "/v2/summary"),
        ("reservation", "/v1/os-hosts/1"),
        ("message", "/v2/queues/letters"),
        ("clustering", "/v1/clusters"),
    ],
)
def test_what_is_not_composed_has_no_kind(service: str, path: str) -> None:
    found = builtin_kinds().of(service, path)
    assert found is None or isinstance(found, VersionsKind)


UNSORTED = {
    ("compute", "/os-hypervisors"),
    *(("shared-file-system", path) for path in ("/share-networks", "/security-services", "/share-replicas")),
    ("key-manager", "/secrets"),
    ("key-manager", "/project-quotas"),
    ("block-storage", "/cgsnapshots"),
}
"""Lists whose services sort them by numbers that they do not show, or do not sort them."""
UNSORTED_SERVICES = {
    *("baremetal", "container-infrastructure-management", "application-container", "backup", "resource-optimization"),
}
"""Services of which all lists are so."""


def test_each_list_can_be_sorted_by_its_own_order() -> None:
    for kind in builtin_kinds().lists():
        assert kind.collection or kind.service in ("object-store", "alarm")
        assert kind.paging.next not in ("list", "object") or kind.links
        is_sorted = kind.is_whole or kind.order or kind.paging.ties == "ascending"
        unsorted = (kind.service, kind.path.removesuffix("/detail")) in UNSORTED
        assert is_sorted or unsorted or kind.service in UNSORTED_SERVICES


def test_a_good_description_is_read() -> None:
    assert [kind.path for kind in parse_kinds(GOOD, "k.yaml").lists()] == ["/servers", "/servers/detail"]


@pytest.mark.parametrize(
    ("before", "after", "place", "words"),
    [
        ("detail: true", "details: true", "9:16", "lists.compute.0.details: unknown key; accepted: path, detail, collection"),
        ("most: 1000", "most: 0", "4:34", "Input should be greater than or equal to 1"),
        ("default: 1000", "default: 2000", "4:5", "'default' is at most 'most', 1000"),
        ("next: list", "next: links", "5:11", "Input should be 'list', 'object', 'top', 'none' or 'whole'"),
        ("next: list", "nexts: list", "5:12", "unknown key; accepted: limit, next, first"),
        ("zero: nothing", "zero: nothing, one: 1", "4:60", "unknown key; accepted: default, most, zero, words"),
        ("paging: nova", "paging: glance", "12:15", "'glance' is not described; accepted: nova"),
        ("path: /servers", "path: servers", "8:13", "a path below the service's version and project is accepted"),
        ("created_at desc", "created_at down", "13:15", "a sort key and a direction are accepted"),
        ("  compute:", "  nova:", "7:3", "'nova': an official service type is accepted"),
        ("kinds: 1", "kinds: 2", "1:8", "Input should be 1"),
        ("collection: servers", "collection: [servers]", "10:7", "text is accepted"),
        ("kinds: 1", "kinds: 1\nkinds: 1", "2:1", "'kinds' is there twice; name it once"),
        ("kinds: 1", "kinds: [", "3:7", "not YAML"),
    ],
)
def test_a_wrong_description_is_refused_with_line_and_column(before: str, after: str, place: str, words: str) -> None:
    assert before in GOOD
    with pytest.raises(MeshError, match=re.escape(words)) as raised:
        parse_kinds(GOOD.replace(before, after, 1), "k.yaml")
    assert str(raised.value).startswith(f"k.yaml:{place}: "), raised.value


def test_a_reference_is_to_a_list_of_things_that_can_be_equal() -> None:
    (resize,) = builtin_kinds().references(ItemKind("compute", "/servers", "abc", "server", "/action"))
    assert (resize.at, resize.item, resize.of.path) == (("resize", "flavorRef"), "flavor", "/flavors/detail")
    assert builtin_kinds().references(ItemKind("compute", "/servers", "abc", "server")) == ()
    text = GOOD + "references:\n  compute:\n    - {path: /servers, below: /action, at: resize.flavorRef, to: /servers}\n"
    with pytest.raises(MeshError, match=r"16:\d+: .*'/servers' is no list of items that can be equal"):
        parse_kinds(text, "k.yaml")


def test_a_path_that_stands_twice_is_refused() -> None:
    text = GOOD + "    - {path: /servers, collection: servers, paging: nova}\n"
    with pytest.raises(MeshError, match="'/servers' is there twice; name it once"):
        parse_kinds(text, "k.yaml")
