# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from openstackoid.mesh import Entry, Outline, Shape, outline, parse_mesh

SERVICES = """\
    services:
      image: {frontend: {public: https://HOST/image/v2, internal: http://in.HOST:9292, admin: http://in.HOST:9292}}
      volumev3: {frontend: http://HOST:8776/v3/$(project_id)s, links: fixed}
"""
MESH = parse_mesh(
    f"mesh: 1\nclouds:\n  One:\n{SERVICES.replace('HOST', 'one')}  Two:\n{SERVICES.replace('HOST', 'two')}"
    "  Three:\n    services: {image: {frontend: http://three/image}}\n"
)


def test_clouds_that_differ_in_name_and_hosts_share_a_shape() -> None:
    one, two, three = (MESH.outlines[name] for name in ("One", "Two", "Three"))
    assert one.shape is two.shape
    assert one.shape != three.shape
    assert (one.hosts, two.hosts, three.hosts) == (("one", "in.one"), ("two", "in.two"), ("three",))


def test_a_shape_says_all_of_the_frontends_but_their_hosts() -> None:
    volume = Entry("volumev3", "block-storage", ("public", "internal", "admin"), "http", 0, 8776, "", True)
    assert MESH.outlines["One"].shape.entries == (
        Entry("image", "image", ("public",), "https", 0, 443, "/image"),
        Entry("image", "image", ("internal", "admin"), "http", 1, 9292, ""),
        volume,
    )
    assert volume.key == "volumev3.public"
    assert MESH.outlines["One"].shape.services == {"image", "block-storage"}


def test_equal_shapes_are_equal_wherever_they_come_from() -> None:
    again = outline(MESH.clouds["Two"]).shape
    assert again == MESH.outlines["One"].shape
    assert len({again, MESH.outlines["One"].shape}) == 1
    assert again != "a shape"


def test_a_cloud_that_has_the_same_host_twice_has_another_shape() -> None:
    cloud = MESH.clouds["One"]
    same = tuple(replace(endpoint, frontend=replace(endpoint.frontend, host="one")) for endpoint in cloud.endpoints)
    entries = [replace(entry, host=0) for entry in outline(cloud).shape.entries]
    assert outline(replace(cloud, endpoints=same)) == Outline(Shape(tuple(entries)), ("one",))
