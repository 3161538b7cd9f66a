# SPDX-License-Identifier: Apache-2.0
"""The rules about the client's address in the configuration; tests/conformance/test_sources.py shows their effect."""

import re
from dataclasses import replace

import pytest

from conformance.clouds import three_clouds
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.header_names import HAS_CLAIMS, names_map
from openstackoid.haproxy.sources import told_to_peers, told_to_services
from openstackoid.routing.links import ABOUT_THE_CLIENT, CLAIMS_OF_PROXIES, SOURCE


@pytest.mark.parametrize("name", [*CLAIMS_OF_PROXIES, SOURCE])
def test_the_condition_before_the_rule_that_drops_claims_finds_each_claim(name: str) -> None:
    """HAProxy looks at the bits of the names before it tries the pattern."""
    assert re.search(names_map().splitlines()[-1].split(" ")[0], f"host,{name}")
    _, rule = told_to_services()
    assert name in rule
    assert rule.endswith(f" if {HAS_CLAIMS}")


@pytest.mark.parametrize("name", ABOUT_THE_CLIENT)
def test_each_header_about_the_client_is_removed_on_the_way_to_a_peer(name: str) -> None:
    rules = [rule.removeprefix("http-request del-header ").removesuffix(f" if {HAS_CLAIMS}") for rule in told_to_peers()]
    named = [rule.lower() for rule in rules]
    assert re.search(names_map().splitlines()[-1].split(" ")[0], f"host,{name}")
    assert name in named or ("forwarded" in name and "forwarded -m sub" in named)


def test_without_trusted_proxies_no_address_is_replaced() -> None:
    text = compile_gateway(three_clouds(), "CloudOne", Runtime.of("/run"))["haproxy.cfg"]
    assert "set-src" not in text.partition("\nfrontend upstream ")[0]
    assert "expect-proxy" not in text
    assert text.count("option forwardfor") == 5


def test_the_longest_lists_of_addresses_fit_into_lines_of_haproxy() -> None:
    """HAProxy takes 64 words of a line (MAX_LINE_ARGS)."""
    addresses = tuple(f"10.0.0.{number}/32" for number in range(48))
    mesh = three_clouds()
    one = mesh.clouds["CloudOne"]
    sockets = tuple(str(listener) for listener in one.listeners)
    long = replace(one, limits=replace(one.limits, exempt=addresses), trusted_proxies=addresses, proxy_protocol=sockets)
    clouds = {**mesh.clouds, "CloudOne": long}
    text = compile_gateway(replace(mesh, clouds=clouds), "CloudOne", Runtime.of("/run"))["haproxy.cfg"]
    assert text.count("10.0.0.47/32") == 4
    assert max(len(line.split()) for line in text.splitlines() if "10.0.0.47/32" in line or "is_proxy" in line) <= 64
