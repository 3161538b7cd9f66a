# SPDX-License-Identifier: Apache-2.0
"""Separated collaborations of a scope, and the proposals."""

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import Mesh
from openstackoid.routing.collaborations import broken, explanation, separated
from openstackoid.scope import parse

MESH = three_clouds()


def names(scope: str, method: str = "POST", called: str = "/v2.1/servers", service: str = "compute") -> list[str]:
    return [rule.name for rule in separated(MESH, parse(scope), service, method, called)]


@pytest.mark.parametrize(
    ("scope", "separates"),
    [
        ('{"*":"CloudOne"}', []),
        ('{"*":"CloudOne","image":"CloudTwo","identity":"CloudTwo"}', []),
        ('{"*":"CloudOne","network":"CloudTwo"}', ["network-of-a-server"]),
        ('{"*":"CloudOne","network":"Cloud-3.b"}', []),
        ('{"*":"CloudOne","compute":"CloudTwo"}', ["network-of-a-server", "boot-from-volume"]),
        ('{"*":"CloudOne","compute":"CloudTwo","network":"CloudTwo"}', ["boot-from-volume"]),
        (
            '{"*":"CloudOne","compute":"CloudTwo","placement":"CloudOne","network":"CloudTwo"}',
            ["placement-of-a-server", "boot-from-volume"],
        ),
    ],
)
def test_a_boot(scope: str, separates: list[str]) -> None:
    assert names(scope) == separates


def test_only_requests_that_a_rule_names() -> None:
    scope = '{"*":"CloudOne","network":"CloudTwo"}'
    assert names(scope, "GET") == []
    assert names(scope, called="/v2.1/flavors") == []
    assert names(scope, service="network", called="/servers") == []


def test_a_partner_that_the_mesh_has_not_is_not_asked_for() -> None:
    """No scope could move it. Cloud-3.b has a network and no volumes."""
    mesh = Mesh({"Cloud-3.b": MESH.clouds["Cloud-3.b"]}, MESH.collaborations)
    asked = [
        separated(mesh, parse(f'{{"*":"A","{partner}":"B"}}'), "compute", "POST", "/servers") for partner in ("network", "volume")
    ]
    assert [[rule.name for rule in rules] for rules in asked] == [["network-of-a-server"], []]


def test_the_body_says_which_of_them_are_broken() -> None:
    rules = separated(
        MESH, parse('{"*":"CloudOne","network":"CloudTwo","block-storage":"CloudTwo"}'), "compute", "POST", "/servers"
    )
    volume = {"server": {"networks": "none", "block_device_mapping_v2": [{"source_type": "volume"}]}}
    said = [broken(rules, body) for body in ({}, volume, {"server": {"networks": "none"}})]
    assert [rule and rule.name for rule in said] == ["network-of-a-server", "boot-from-volume", None]


@pytest.mark.parametrize(
    ("scope", "fixes"),
    [
        (
            '{"*":"CloudOne","network":"CloudTwo"}',
            'use {"*":"CloudOne","compute":"CloudOne","network":"CloudOne"} or '
            '{"*":"CloudOne","compute":"CloudTwo","network":"CloudTwo"};',
        ),
        ('{"*":"Cloud-3.b","compute":"CloudTwo"}', 'use {"*":"Cloud-3.b","compute":"CloudTwo","network":"CloudTwo"};'),
        (
            '{"*":"CloudOne","compute":"CloudOne","placement":"CloudTwo"}',
            'use {"*":"CloudOne","compute":"CloudOne"} or {"*":"CloudOne","compute":"CloudTwo"};',
        ),
    ],
)
def test_the_proposal_names_a_cloud_that_has_both_services(scope: str, fixes: str) -> None:
    rule = separated(MESH, parse(scope), "compute", "DELETE", "/servers/s")[0]
    text = explanation(MESH, rule, parse(scope), "nothing overrides it")
    assert fixes in text
    assert text.endswith("nothing overrides it")
    for proposed in (part.strip() for part in text.partition("use ")[2].partition(";")[0].split(" or ")):
        assert rule not in separated(MESH, parse(proposed), "compute", "DELETE", "/servers/s")
