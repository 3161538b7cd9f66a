# SPDX-License-Identifier: Apache-2.0
"""Which requests a rule is about."""

from typing import Any

import pytest

from openstackoid.mesh import Collaboration
from openstackoid.mesh.description import builtin_collaborations

RULE = Collaboration(
    "r",
    "compute",
    "network",
    (("POST", "/servers"), ("DELETE", "/servers/*"), ("POST", "/servers/*/action")),
    "because",
    when=(("server.disks.*.type", ("volume", "snapshot")), ("server.volume", ("*",))),
    unless=(("server.networks", ("none",)),),
)


@pytest.mark.parametrize(
    ("method", "path", "about"),
    [
        ("POST", "/servers", True),
        ("POST", "/v2.1/servers", True),
        ("POST", "/v2/0123456789abcdef0123456789abcdef/servers", True),
        ("POST", "/v2.1/01234567-89ab-cdef-0123-456789abcdef/servers", True),
        ("POST", "/v1/AUTH_p/servers", True),
        ("DELETE", "/v2.1/servers/s", True),
        ("POST", "/v2.1/servers/s/action", True),
        ("GET", "/servers", False),
        ("PUT", "/servers", False),
        ("POST", "", False),
        ("POST", "/v2.1", False),
        ("POST", "/serversx", False),
        ("POST", "/servers/s", False),
        ("DELETE", "/servers/s/t", False),
        ("DELETE", "/servers/", False),
        ("POST", "/v2.1/project/servers", False),
        ("POST", "/servers\n", False),
    ],
)
def test_a_request_is_known_by_method_and_path(method: str, path: str, about: bool) -> None:
    assert RULE.about(method, path) is about


def test_a_path_of_a_rule_is_no_pattern() -> None:
    rule = Collaboration("r", "x", "y", (("POST", "/a.b"),), "because")
    assert rule.about("POST", "/v1/a.b")
    assert not rule.about("POST", "/v1/axb")


@pytest.mark.parametrize(
    ("body", "applies"),
    [
        ({"server": {"volume": "v"}}, True),
        ({"server": {"disks": [{"type": "image"}, {"type": "volume"}]}}, True),
        ({"server": {"disks": [{"type": "snapshot"}], "networks": "auto"}}, True),
        ({"server": {"volume": "v", "networks": "none"}}, False),
        ({"server": {"volume": None}}, False),
        ({"server": {"disks": [{"type": "image"}, "volume", None, {}]}}, False),
        ({"server": {"disks": {"type": "volume"}}}, False),
        ({"server": None}, False),
        ({}, False),
        ([], False),
        (None, False),
        ("server", False),
    ],
)
def test_a_body_is_looked_into(body: Any, applies: bool) -> None:
    assert RULE.applies(body) is applies


def test_without_conditions_no_body_is_asked_for() -> None:
    rule = Collaboration("r", "x", "y", (("POST", "/a"),), "because")
    assert (rule.asks_for_body, RULE.asks_for_body) == (False, True)
    assert rule.applies(None)
    assert repr(rule) == "<Collaboration r: x with y>"


def test_the_rules_that_come_with_the_package() -> None:
    rules = builtin_collaborations()
    assert [(rule.name, rule.service, rule.partner, rule.asks_for_body) for rule in rules] == [
        ("network-of-a-server", "compute", "network", True),
        ("network-of-a-server", "compute", "network", False),
        ("placement-of-a-server", "compute", "placement", False),
        ("volume-of-a-server", "compute", "block-storage", False),
        ("boot-from-volume", "compute", "block-storage", True),
    ]
    # Nova serves a boot under two names.
    for rule in (rules[0], rules[2], rules[4]):
        assert rule.about("POST", "/v2.1/servers") and rule.about("POST", "/v2.1/os-volumes_boot")
    # What a body says of a boot is nothing to a server that is there.
    assert rules[1].about("DELETE", "/v2.1/servers/s") and not rules[0].about("DELETE", "/v2.1/servers/s")
