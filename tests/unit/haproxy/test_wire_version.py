# SPDX-License-Identifier: Apache-2.0
"""Which requests meet the rules about wire versions."""

from conformance.clouds import three_clouds
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.wire_version import spoken_rules, told_by_peers

FILES = compile_gateway(three_clouds(), "CloudOne", Runtime("b", "u", "s", "r", "l", "o"))
PEERS = FILES["haproxy.cfg"].partition("\nbackend peer ")[2].partition("\nbackend ")[0]


def test_every_answer_of_a_peer_is_looked_at_and_loses_the_header() -> None:
    """Before any rule that ends the section; what was not announced leaves the map alone."""
    learning = [rule for rule in told_by_peers() if not rule.startswith("#")]
    before = PEERS.partition("http-response allow")[0]
    assert all(rule in before for rule in learning)
    assert learning[-1] == "http-response del-header x-openstackoid-wire"
    assert FILES["wire.map"] == ""


def test_without_tls_the_request_is_the_proof() -> None:
    assert not any("sess.from" in rule for rule in spoken_rules(three_clouds().clouds["CloudOne"]))
