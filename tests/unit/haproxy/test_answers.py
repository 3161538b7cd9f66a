# SPDX-License-Identifier: Apache-2.0
"""The number of rules of answers does not depend on peers; their effect is tested in tests/conformance."""

from openstackoid.haproxy.answers import local_rules, peer_answers, peer_rules
from openstackoid.haproxy.hardening import FORBIDDEN
from openstackoid.haproxy.maps import layouts_of, links_map
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.routing.egress import ADMISSION_HEADER
from openstackoid.routing.links import GATEWAYS_OWN

ASTRAY = "status 502"


def mesh(peers: int) -> Mesh:
    lines = ["mesh: 1", "clouds:", '  One: {services: {image: {frontend: "http://one/image", backend: "http://b:1/os/image"}}}']
    lines += [f'  Peer{number}: {{services: {{image: {{frontend: "http://peer{number}"}}}}}}' for number in range(peers)]
    return parse_mesh("\n".join(lines))


def test_a_peer_costs_neither_rules_nor_links() -> None:
    few, many = mesh(1), mesh(100)
    assert peer_rules(few, few.clouds["One"], ASTRAY) == peer_rules(many, many.clouds["One"], ASTRAY)
    assert local_rules(few, few.clouds["One"]) == local_rules(many, many.clouds["One"])
    assert links_map(few, "One", layouts_of(few, "One")) == links_map(many, "One", layouts_of(many, "One"))


def test_most_answers_meet_one_rule() -> None:
    one = mesh(1)
    assert local_rules(one, one.clouds["One"])[0].startswith("http-response allow unless { res.fhdr(Location) -m found }")
    (rule,) = peer_answers()
    names = rule.partition("-m sub ")[2].removesuffix(" }").split()
    others = ("location", "content-location", "www-authenticate", "x-subject-token")
    for header in (*FORBIDDEN, ADMISSION_HEADER, GATEWAYS_OWN, *others):
        assert any(name in header for name in names), "what has a rule does not end before it"


def test_a_cloud_without_keystone_names_none() -> None:
    rules = peer_rules(mesh(1), mesh(1).clouds["One"], ASTRAY)
    assert not any("replace-header WWW-Authenticate" in rule for rule in rules)
    assert any("del-header WWW-Authenticate if { var(txn.endpoint) -m end .public }" in rule for rule in rules)
