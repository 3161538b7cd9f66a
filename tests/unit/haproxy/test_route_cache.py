# SPDX-License-Identifier: Apache-2.0
"""The rules of the cache of routes; their effect is in ``tests/conformance/test_route_cache.py``."""

from conformance.clouds import three_clouds
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.route_cache import leaving_rules
from openstackoid.routing.route_cache import PREFIX

CONFIGURATION = compile_gateway(three_clouds(), "CloudOne", Runtime("b", "u", "s", "r", "l", "o"))["haproxy.cfg"]


def test_of_many_clouds_that_share_a_data_plane_no_line_is_too_long_for_haproxy() -> None:
    names = [f"Cloud{number}" for number in range(100)]
    rules = leaving_rules(three_clouds().clouds["CloudOne"], names)
    assert max(len(rule.split()) for rule in rules) <= 64
    named = [word for rule in rules if rule.startswith("acl is_sharing ") for word in rule.split()[5:]]
    assert named == names


def test_only_an_answer_of_the_python_service_teaches() -> None:
    sections = CONFIGURATION.split("\n\n")
    teaching = [section.partition("\n")[0] for section in sections if "set-map(routes.map)" in section]
    assert teaching == ["backend bridge from gateway"]
    (bridge,) = (section for section in sections if section.startswith("backend bridge"))
    assert f"http-response del-header {PREFIX} -m beg" in bridge
    for title in ("defaults local", "backend peer"):
        (others,) = (section for section in sections if section.startswith(title))
        assert "http-response del-header x-openstackoid- -m beg" in others
