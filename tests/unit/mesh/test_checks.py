# SPDX-License-Identifier: Apache-2.0
"""Faults of several files together; those of one file are in ``test_description.py``."""

from pathlib import Path

import pytest

from openstackoid.mesh import MeshError, load_mesh


def cloud(name: str, frontend: str, more: str = "") -> str:
    return f"mesh: 1\nclouds:\n  {name}:\n    services: {{image: {{frontend: {frontend}}}}}\n{more}"


@pytest.mark.parametrize(
    ("two", "error"),
    [
        (cloud("One", "http://two"), "{b}:3:3: clouds.One: {a} describes One already; name it once"),
        (
            cloud("Two", "http://ONE:80/x"),
            "{b}:4:34: clouds.Two.services.image.frontend.public: one:80 is a frontend of One already; each cloud has its own",
        ),
        (
            cloud("Two", "http://two", "    policy: {peers: {One: {}, Six: {}}}\n"),
            "{b}:5:31: clouds.Two.policy.peers.Six: unknown cloud 'Six'; accepted: One, or '*' for each that is not named",
        ),
        (
            cloud("Two", "http://two", "shared: [{service: image, clouds: [Two, One]}, {service: image, clouds: [Two, Six]}]\n"),
            "{b}:5:79: shared.1.clouds.1: unknown cloud 'Six'; known: One, Two",
        ),
        (
            cloud("Two", "http://two", "shared: [{service: network, clouds: [Two, One]}]\n"),
            "{b}:5:20: shared.0.service: Two has no service 'network' to share",
        ),
        (
            cloud(
                "Two", "http://two", "collaborations: [{name: r, service: image, partner: x, requests: [POST /x], reason: y}]\n"
            ),
            "{b}:5:53: collaborations.0.partner: unknown service 'x'; a service of OpenStack, or one of this mesh, is accepted",
        ),
    ],
)
def test_the_error_names_the_file_and_the_spot(tmp_path: Path, two: str, error: str) -> None:
    (tmp_path / "a.yaml").write_text(cloud("One", "http://one"))
    (tmp_path / "b.yaml").write_text(two)
    with pytest.raises(MeshError) as refused:
        load_mesh(tmp_path)
    told = str(refused.value).splitlines()[0]
    assert told == error.format(a=tmp_path / "a.yaml", b=tmp_path / "b.yaml")


def test_a_host_with_a_port_for_each_cloud(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(cloud("One", "http://one:1"))
    (tmp_path / "b.yaml").write_text(cloud("Two", "http://one:2"))
    (tmp_path / "c.yaml").write_text(cloud("Three", "http://three:1"))
    assert len(load_mesh(tmp_path).clouds) == 3


def test_a_policy_speaks_of_a_service_that_another_file_offers(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(cloud("One", "http://one", "    policy: {peers: {Two: {services: {billing: all}}}}\n"))
    (tmp_path / "b.yaml").write_text(cloud("Two", "http://two").replace("image", "billing"))
    assert load_mesh(tmp_path).services == {"image", "billing"}
    (tmp_path / "b.yaml").write_text(cloud("Two", "http://two"))
    with pytest.raises(
        MeshError, match=r"a\.yaml:5:48: clouds\.One\.policy\.peers\.Two\.services\.billing: unknown service 'billing'"
    ):
        load_mesh(tmp_path)
