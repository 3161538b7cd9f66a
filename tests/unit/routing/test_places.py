# SPDX-License-Identifier: Apache-2.0
"""HAProxy's names of places are unique, and what they stand for can be read from them."""

from conformance.clouds import three_clouds
from openstackoid.routing.places import BRIDGE, FRONTEND, backend_of, bind_ids, is_local, peer_of

MESH = three_clouds()


def test_a_name_says_which_cloud_is_behind_it() -> None:
    for name, cloud in MESH.clouds.items():
        for endpoint in cloud.endpoints:
            backend = backend_of("CloudOne", endpoint, cloud)
            assert (is_local(backend), peer_of(backend)) == ((True, None) if name == "CloudOne" else (False, name))


def test_the_gateways_own_names_are_no_clouds() -> None:
    assert [(is_local(name), peer_of(name)) for name in (BRIDGE, FRONTEND)] == [(False, None)] * 2


def test_every_socket_has_a_number_of_its_own() -> None:
    ids = bind_ids(MESH.clouds["CloudTwo"])
    assert sorted(ids.values()) == list(range(1, len(ids) + 1))
    assert list(ids) == list(MESH.clouds["CloudTwo"].listeners)
