# SPDX-License-Identifier: Apache-2.0
"""The rules about hosts: none for a cloud without a shared socket."""

import pytest

from openstackoid.haproxy import compile_gateway
from openstackoid.mesh import parse_mesh
from unit.haproxy.test_frontend import HOSTS, RUNTIME, TWO_CLOUDS, frontend


def test_names_of_one_address_are_one_socket() -> None:
    text = HOSTS.replace("bind: '*', ", "")
    alone = compile_gateway(parse_mesh(text), "CloudOne", RUNTIME)
    assert sum(line.startswith("bind ") for line in frontend(alone["haproxy.cfg"])) == 3
    addresses = {"image.one.test": "10.0.0.1"}
    shared = compile_gateway(parse_mesh(text), "CloudOne", RUNTIME, own_addresses=addresses)
    assert sum(line.startswith("bind ") for line in frontend(shared["haproxy.cfg"])) == 2
    assert shared["listeners.map"] == "1|10.0.0.1| 1\n1|image.one.test| 3\n2| 2\n"


@pytest.mark.parametrize("at", ["CloudOne", "CloudTwo"])
def test_a_cloud_without_a_shared_socket_has_no_rule_about_hosts(at: str) -> None:
    files = compile_gateway(parse_mesh(TWO_CLOUDS), at, RUNTIME)
    assert "listeners.map" not in files
    assert "txn.listener" not in files["haproxy.cfg"]
