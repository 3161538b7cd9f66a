# SPDX-License-Identifier: Apache-2.0
"""The rules about the client's address in the configuration; tests/conformance/test_sources.py shows their effect."""

import re
from dataclasses import replace

import pytest

from conformance.clouds import three_clouds
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.hardening import underscore_rules
from openstackoid.haproxy.header_names import HAS_CLAIMS, names_map
from openstackoid.haproxy.sources import told_to_peers, told_to_services
from openstackoid.routing.links import ABOUT_THE_CLIENT, CLAIMS_OF_PROXIES, SOURCE


def removed(rules: list[str], name: str) -> bool:
    """Return whether one of these rules removes a header, where the bits of its name have HAProxy try the pattern."""
    for rule in rules:
        found = re.fullmatch(r"http-request del-header '?(\S+?)'? -m (reg|sub) if (.*)", rule)
        if found is not None and (found[3] == HAS_CLAIMS or "_" in name):
            pattern = found[1] if found[2] == "reg" else re.escape(found[1])
            if re.search(pattern, name):
                return True
    return False


def is_noticed(name: str) -> bool:
    return re.search(names_map().splitlines()[-1].split(" ")[0], f"host,{name}") is not None


@pytest.mark.parametrize("name", [*CLAIMS_OF_PROXIES, SOURCE, "x-forwarded-what"])
def test_each_claim_is_removed_on_the_way_to_a_service(name: str) -> None:
    assert is_noticed(name)
    assert removed(told_to_services(), name)


@pytest.mark.parametrize("name", [name for name in (*CLAIMS_OF_PROXIES, SOURCE) if "-" in name])
def test_each_claim_is_removed_with_underscores(name: str) -> None:
    for spelt in (name.replace("-", "_"), name[::-1].replace("-", "_", 1)[::-1]):
        assert removed(underscore_rules(), spelt)


@pytest.mark.parametrize("name", ["x-forwarded-proto", "x-auth-token", "client-ip-address", "x-openstack-request-id"])
def test_no_other_header_is_removed_on_the_way_to_a_service(name: str) -> None:
    assert not removed([*told_to_services(), *underscore_rules()], name)
    assert not removed(underscore_rules(), name.replace("-", "_")) or "forwarded" in name


@pytest.mark.parametrize("name", ABOUT_THE_CLIENT)
def test_each_header_about_the_client_is_removed_on_the_way_to_a_peer(name: str) -> None:
    assert is_noticed(name)
    assert removed(told_to_peers(), name)


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
