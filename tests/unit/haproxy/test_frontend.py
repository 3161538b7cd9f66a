# SPDX-License-Identifier: Apache-2.0
"""The frontend can be read from top to bottom: few rules, short ones, in named groups, over variables that are declared."""

import re

import pytest

from conformance.clouds import three_clouds
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.rules import LONGEST_RULE, MOST_RULES
from openstackoid.haproxy.variables import VARIABLES
from openstackoid.mesh import parse_mesh

TWO_SERVICES = """
mesh: 1
shared: [{service: image, clouds: [CloudOne, CloudTwo]}]
clouds:
"""
CLOUD = """
  NAME:
    gateway: {tls: {certificate: /x/NAME.pem, authority: /x/ca.pem}, limits: {source_requests: 9}, trusted_proxies: [10.9.9.9]}
    policy: {peers: {"*": {services: {image: all}, rate: 9, people: [{name: a, roles: [member]}]}}}
    services:
      identity: {frontend: {public: "https://HOST:1443/identity", internal: "https://HOST:2443/identity"}, backend: "http://b:1"}
      image: {frontend: {public: "https://HOST:1443/image", internal: "https://INTERNAL:2443/image"}, backend: "http://b:2"}
"""
RUNTIME = Runtime("b", "u", "s", "r", "l", "o")
CLOUDS = {"CloudOne": ("10.0.0.1", "10.0.0.1"), "CloudTwo": ("10.0.0.2", "in.two.example")}
TWO_CLOUDS = TWO_SERVICES + "".join(
    CLOUD.replace("NAME", name).replace("HOST", host).replace("INTERNAL", internal) for name, (host, internal) in CLOUDS.items()
)
HOSTS = (
    TWO_CLOUDS.replace("https://10.0.0.1:1443/image", "https://image.one.test:1443")
    .replace("limits:", "bind: '*', limits:")
    .replace('backend: "http://b:2"', 'backend: {url: "https://b:2"}, timeouts: {server: 6h}')
)
"""The same with one port for two hosts, a backend of https, and more time for it."""
TEXTS = {
    "two services": compile_gateway(parse_mesh(TWO_CLOUDS), "CloudOne", RUNTIME)["haproxy.cfg"],
    "hosts": compile_gateway(parse_mesh(HOSTS), "CloudOne", RUNTIME)["haproxy.cfg"],
    "three clouds": compile_gateway(three_clouds(), "CloudOne", RUNTIME)["haproxy.cfg"],
}
VARIABLE = re.compile(r"\b((?:txn|sess|proc)\.[a-z_]+)\b")


def frontend(text: str) -> list[str]:
    section = text.partition("\nfrontend ")[2].partition("\nbackend ")[0]
    return [line.strip() for line in section.splitlines()[1:]]


def test_the_rules_of_a_cloud_with_two_services_are_few() -> None:
    rules = [line for line in frontend(TEXTS["two services"]) if line.startswith("http-request")]
    assert len(rules) <= MOST_RULES == 50


def test_hosts_take_three_more() -> None:
    rules, plain = (
        [line for line in frontend(TEXTS[name]) if line.startswith("http-request")] for name in ("hosts", "two services")
    )
    assert len(rules) <= len(plain) + 3


@pytest.mark.parametrize("name", TEXTS)
def test_every_rule_is_short(name: str) -> None:
    rules = [line for line in frontend(TEXTS[name]) if line.startswith("http-request")]
    assert [rule for rule in rules if len(rule) >= LONGEST_RULE] == []
    assert LONGEST_RULE == 160


@pytest.mark.parametrize("name", TEXTS)
def test_the_rules_stand_in_named_groups(name: str) -> None:
    """No group is longer than what is seen at once."""
    lines = frontend(TEXTS[name])
    groups = "\n".join(lines).split("\n# ")[1:]
    assert len(groups) == len(set(groups))
    assert max(group.count("\nhttp-request") for group in groups) <= 9


@pytest.mark.parametrize("name", TEXTS)
def test_every_variable_is_declared(name: str) -> None:
    text = "\n".join(line for line in TEXTS[name].splitlines() if not line.strip().startswith("#"))
    assert set(VARIABLE.findall(text)) - set(VARIABLES) == set()


def test_every_declared_variable_is_used() -> None:
    assert set(VARIABLES) - set(VARIABLE.findall("".join(TEXTS.values()))) == set()
