# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from openstackoid.mesh import Cloud, EndpointLayout, Frontends, FrontendUrl, Layout, Mesh, parse_mesh
from openstackoid.mesh.clouds import Clouds

SERVICES = """\
    services:
      image: {frontend: {public: https://HOST/image/v2, internal: http://in.HOST:9292, admin: http://in.HOST:9292}}
      volumev3: {frontend: http://HOST:8776/v3/$(project_id)s, links: fixed}
"""
MESH = parse_mesh(
    f"mesh: 1\nclouds:\n  One:\n{SERVICES.replace('HOST', 'one')}  Two:\n{SERVICES.replace('HOST', 'two')}"
    "  Three:\n    services: {image: {frontend: http://three/image}}\n"
)


def frontends(cloud: Cloud) -> Frontends:
    return Mesh({cloud.name: cloud}).frontends[cloud.name]


def test_clouds_that_differ_in_name_and_hosts_share_a_layout() -> None:
    one, two, three = (MESH.frontends[name] for name in ("One", "Two", "Three"))
    assert one.layout is two.layout
    assert one.layout != three.layout
    assert (one.hosts, two.hosts, three.hosts) == (("one", "in.one"), ("two", "in.two"), ("three",))


def test_peers_see_all_of_the_frontends_but_their_hosts() -> None:
    every = ("public", "internal", "admin")
    volume = EndpointLayout("volumev3", "block-storage", "", every, FrontendUrl(0, 8776, "", "", "http"), (), True)
    assert MESH.frontends["One"].layout.endpoints == (
        EndpointLayout("image", "image", "", ("public",), FrontendUrl(0, 443, "/image", "", "https")),
        EndpointLayout("image", "image", "", ("internal", "admin"), FrontendUrl(1, 9292, "", "", "http")),
        volume,
    )
    assert volume.key == "volumev3.public"
    assert MESH.frontends["One"].layout.services == {"image", "block-storage"}
    assert MESH.frontends["One"].layout.schemes == {"http", "https"}


def test_backends_names_and_versions_make_no_other_layout_for_peers() -> None:
    more = "backend: 'http://b:1', name: g, frontend: 'http://four/image/v2'"
    four = parse_mesh(f"mesh: 1\nclouds:\n  Four:\n    services: {{image: {{{more}}}}}\n").frontends["Four"]
    assert (four.layout, four.hosts) == (MESH.frontends["Three"].layout, ("four",))


def test_equal_layouts_are_equal_wherever_they_come_from() -> None:
    again = frontends(MESH.clouds["Two"]).layout
    assert again == MESH.frontends["One"].layout
    assert len({again, MESH.frontends["One"].layout}) == 1
    assert again != "a layout"


def test_a_cloud_that_has_the_same_host_twice_has_another_layout() -> None:
    cloud = MESH.clouds["One"]
    same = tuple(replace(endpoint, frontend=replace(endpoint.frontend, host="one")) for endpoint in cloud.endpoints)
    endpoints = [endpoint.with_hosts(lambda _: 0) for endpoint in frontends(cloud).layout.endpoints]
    assert frontends(replace(cloud, endpoints=same)) == Frontends(Layout(tuple(endpoints)), ("one",))


def test_a_layout_with_hosts_gives_the_endpoints_of_a_cloud() -> None:
    clouds = MESH.clouds
    assert isinstance(clouds, Clouds)
    one, two = clouds.packed["One"], clouds.packed["Two"]
    assert one.layout.endpoints_of("Two", two.hosts) == clouds["Two"].endpoints
