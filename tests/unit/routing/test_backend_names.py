# SPDX-License-Identifier: Apache-2.0
"""HAProxy's names of backends are unique, and can be parsed."""

from conformance.clouds import three_clouds
from openstackoid.routing.backend_names import BRIDGE, FRONTEND, PEER, bind_ids, is_local, local_backend

MESH = three_clouds()


def test_a_name_says_which_endpoint_of_this_cloud_is_behind_it() -> None:
    names = [local_backend(endpoint) for endpoint in MESH.clouds["CloudTwo"].endpoints]
    assert len(set(names)) == len(names)
    assert all(is_local(name) for name in names)


def test_the_gateways_own_names_are_no_services() -> None:
    assert not any(is_local(name) for name in (BRIDGE, FRONTEND, PEER))


def test_every_socket_has_a_number_of_its_own() -> None:
    ids = bind_ids(MESH.clouds["CloudTwo"])
    assert sorted(ids.values()) == list(range(1, len(ids) + 1))
    assert list(ids) == list(MESH.clouds["CloudTwo"].listeners)
