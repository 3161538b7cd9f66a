# SPDX-License-Identifier: Apache-2.0
"""The maps grow by two rows with a cloud of any services; their effect is tested in tests/conformance."""

import pytest

from openstackoid.haproxy.maps import all_maps, has_names, most_hosts
from openstackoid.mesh import Mesh, parse_mesh

OURS = """
mesh: 1
clouds:
  One:
    services:
      image: {frontend: {public: "http://One.Example:80/image", internal: "http://10.0.0.1:81/os/image"}, backend: "http://b:1"}
      compute: {frontend: "http://One.Example:80/compute", backend: "http://b:2"}
"""


def mesh(*clouds: str) -> Mesh:
    return parse_mesh(OURS + "\n".join(clouds))


def alike(number: int) -> str:
    services = "".join(f'image: {{frontend: "http://10.1.{number // 250}.{number % 250}:80/image"}}' for _ in range(1))
    return f"  Peer{number}: {{services: {{{services}}}}}"


def rows(mesh: Mesh, name: str) -> dict[str, str]:
    lines = all_maps(mesh, "One", {"localhost": "127.0.0.1"})[name].splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_a_cloud_like_others_costs_one_row() -> None:
    few, many = mesh(*map(alike, range(2))), mesh(*map(alike, range(1000)))
    for name, content in all_maps(few, "One", {}).items():
        grown = len(all_maps(many, "One", {})[name].splitlines()) - len(content.splitlines())
        assert (name, grown) == (name, 998 if name == "clouds.map" else 0)


def test_the_maps_hold_hosts_and_ports_of_a_cloud() -> None:
    found = mesh('  Two: {services: {image: {frontend: {public: "http://[2001:DB8::1]:8080", internal: "http://in.two:81"}}}}')
    name, shape, host, address, home = rows(found, "clouds.map")["Two"].split("|")
    assert (name, host, address, home) == ("Two", "[2001:db8::1]", "2001:db8::1", "")
    assert rows(found, "targets.map") == {f"{shape}/image.public": "0|8080|", f"{shape}/image.internal": "1|81|"}
    assert rows(found, "hosts.map")["Two/1"] == "in.two|"
    assert (most_hosts(found, "One"), has_names(found, "One", {}), has_names(found, "One", {"in.two": "10.0.0.9"})) == (
        2,
        True,
        False,
    )


@pytest.mark.parametrize(("prefix", "said"), [("/image", "="), ("/glance", "/glance"), ("", "")])
def test_a_prefix_that_is_ours_need_not_be_put_in_place(prefix: str, said: str) -> None:
    found = rows(mesh(f'  Two: {{services: {{image: {{frontend: "http://10.0.0.2:80{prefix}"}}}}}}'), "targets.map")
    assert next(value for key, value in found.items() if key.endswith("/image.public")) == f"0|80|{said}"


def test_without_a_peer_of_several_hosts_there_is_no_hosts_map() -> None:
    assert "hosts.map" not in all_maps(mesh(alike(1)), "One", {})
