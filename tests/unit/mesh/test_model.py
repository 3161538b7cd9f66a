# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from openstackoid.mesh import Cloud, Listener, catalog, parse_mesh

MESH = parse_mesh(
    """\
mesh: 1
clouds:
  One:
    region: North
    services:
      identity: {frontend: http://h:80/identity/v3}
      image: {frontend: {public: http://h:80/image, internal: http://in:9292}}
      volumev2: {frontend: http://h:80/volume/v2/$(project_id)s}
      volumev3: {frontend: http://h:80/volume/v3/$(project_id)s}
      object-store: {frontend: {admin: http://h:80/}}
"""
)
ONE: Cloud = MESH.clouds["One"]
GATEWAY = Listener("h", 80)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/image", "image.public"),
        ("/image/v2/images", "image.public"),
        ("/imagefoo", "object-store.admin"),
        ("/image/../identity", "image.public"),
        ("/volume/v3/p/volumes", "volumev2.public"),
        ("/", "object-store.admin"),
        ("", "object-store.admin"),
    ],
)
def test_the_longest_prefix_that_ends_with_a_segment_is_meant(path: str, key: str) -> None:
    endpoint = ONE.locate(GATEWAY, path)
    assert endpoint is not None
    assert endpoint.key == key


def test_each_socket_has_its_own_services() -> None:
    internal = ONE.locate(Listener("in", 9292), "/v2/images")
    assert internal is not None
    assert (internal.key, internal.interfaces) == ("image.internal", ("internal",))
    assert ONE.locate(Listener("h", 81), "/image") is None
    assert ONE.listeners == (Listener("h", 80), Listener("in", 9292))


def test_an_interface_that_a_service_lacks_is_another_of_it() -> None:
    found = {
        (service, interface): endpoint.key
        for service in ("image", "object-store", "block-storage")
        for interface in ("public", "internal", "admin")
        if (endpoint := ONE.endpoint(service, interface)) is not None
    }
    assert found == {
        ("image", "public"): "image.public",
        ("image", "internal"): "image.internal",
        ("image", "admin"): "image.public",
        ("object-store", "public"): "object-store.admin",
        ("object-store", "internal"): "object-store.admin",
        ("object-store", "admin"): "object-store.admin",
        ("block-storage", "public"): "volumev2.public",
        ("block-storage", "internal"): "volumev2.public",
        ("block-storage", "admin"): "volumev2.public",
    }
    assert ONE.endpoint("compute", "public") is None


def by_type(project: str | None) -> dict[str, Any]:
    return {entry["type"]: entry for entry in catalog(ONE, project)}


def test_the_catalog_of_a_project() -> None:
    entries = by_type("p")
    assert list(entries) == ["identity", "image", "volumev2", "volumev3", "object-store"]
    assert entries["image"]["name"] == "glance"
    assert [(row["interface"], row["url"], row["region"], row["region_id"]) for row in entries["image"]["endpoints"]] == [
        ("public", "http://h:80/image", "North", "North"),
        ("internal", "http://in:9292", "North", "North"),
    ]
    assert {row["url"] for row in entries["volumev3"]["endpoints"]} == {"http://h:80/volume/v3/p"}


def test_the_catalog_without_a_project_omits_services_that_need_one() -> None:
    assert list(by_type(None)) == ["identity", "image", "object-store"]


def test_ids_are_the_same_in_every_answer_and_of_one_endpoint_each() -> None:
    assert catalog(ONE, "p") == catalog(ONE, "p")
    ids = [row["id"] for entry in catalog(ONE, "p") for row in entry["endpoints"]]
    assert len(set(ids)) == len(ids)
