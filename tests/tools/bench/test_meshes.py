# SPDX-License-Identifier: Apache-2.0
"""The meshes are valid, and as large as they say."""

import json

from bench.meshes import OFFICIAL, many_clouds, one_of_many, port_each, token_document, two_clouds
from openstackoid.mesh import Tls, parse_mesh


def test_many_clouds_have_eight_services_and_three_interfaces_each() -> None:
    mesh = parse_mesh(many_clouds(60, [1, 2, 3], [4, 5, 6], 7))
    assert list(mesh.clouds)[:2] == ["CloudOne", "Cloud2"]
    assert list(mesh.clouds)[-1] == "Cloud60"
    assert {len(cloud.endpoints) for cloud in mesh.clouds.values()} == {24}
    assert {len(cloud.listeners) for cloud in mesh.clouds.values()} == {3}


def test_one_file_a_cloud_describes_the_same_clouds() -> None:
    whole = parse_mesh(many_clouds(3, [1, 2, 3], [4, 5, 6], 7))
    for number, name in enumerate(whole.clouds, 1):
        assert parse_mesh(one_of_many(number, [1, 2, 3], [4, 5, 6], 7)).clouds == {name: whole.clouds[name]}


def test_both_layouts_have_the_services_of_a_scope_of_eight() -> None:
    for text in (two_clouds(1, 2, 3), port_each(range(10, 18), 2, 3)):
        assert {cloud.services for cloud in parse_mesh(text).clouds.values()} == {frozenset(OFFICIAL)}


def test_with_tls_all_frontends_are_https() -> None:
    mesh = parse_mesh(two_clouds(1, 2, 3, Tls("/c/CloudOne.pem", "/c/authority.pem")))
    assert mesh.clouds["CloudOne"].tls == Tls("/c/CloudOne.pem", "/c/authority.pem")
    for cloud in mesh.clouds.values():
        assert cloud.secure_listeners == frozenset(cloud.listeners)


def test_a_token_comes_with_the_other_clouds_catalog() -> None:
    token = json.loads(token_document(two_clouds(1001, 1002, 1003)))["token"]
    assert len(token["catalog"]) == 8
    assert "http://127.0.0.1:1002/image" in json.dumps(token["catalog"])
