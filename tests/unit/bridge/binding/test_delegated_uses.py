# SPDX-License-Identifier: Apache-2.0
"""Requests of peers are counted by peer, rule and outcome, and no text of a request becomes a label."""

from openstackoid.bridge.binding.delegated_uses import BINDING, NO_RULE, RULES, Counts, DelegatedUses
from openstackoid.policy import EVERY_REQUEST, Delegated, Delegation, Services, TokenStep, Use, may_ask
from unit.bridge.stage import played


@played
async def test_requests_are_counted_by_peer_rule_and_outcome() -> None:
    uses = DelegatedUses()
    for rule in ("delegation of CloudTwo/users", "delegation of */users", "delegation of CloudTwo/bound to CloudThree"):
        uses.count("CloudTwo", rule, "allowed")
    uses.count("CloudTwo", None, "refused")
    uses.count(None, None, "refused")
    assert await uses.document() == [
        {"peer": None, "rule": NO_RULE, "outcome": "refused", "count": 1},
        {"peer": "CloudTwo", "rule": BINDING, "outcome": "allowed", "count": 1},
        {"peer": "CloudTwo", "rule": NO_RULE, "outcome": "refused", "count": 1},
        {"peer": "CloudTwo", "rule": "users", "outcome": "allowed", "count": 2},
    ]


@played
async def test_requests_that_haproxy_served_alone_are_counted_with_the_others() -> None:
    alone = DelegatedUses()
    for cloud in ("CloudTwo", "CloudTwo", "CloudThree"):
        alone.count(cloud, f"delegation of {cloud}/images", "allowed")

    async def others() -> Counts:
        return alone.of_this_process()

    uses = DelegatedUses(others)
    uses.count("CloudTwo", "delegation of */images", "allowed")
    for _ in range(2):
        assert [(use["peer"], use["rule"], use["count"]) for use in await uses.document()] == [
            ("CloudThree", "images", 1),
            ("CloudTwo", "images", 3),
        ]


def test_every_rule_of_delegation_has_its_label() -> None:
    steps: tuple[TokenStep, ...] = ("login", "exchange", "revocation")
    every = Services((("*", (EVERY_REQUEST,)),))
    read, write = Use("image", "GET", "/v2/images"), Use("image", "POST", "/v2/images")
    given = Delegation("*", users=every, services=every, tokens=steps)
    asked = [Delegated(None), Delegated(write), Delegated(write, of_service=True), *(Delegated(None, step) for step in steps)]
    found = {str(may_ask(given, each)).rpartition("/")[2] for each in asked}
    found.add(str(may_ask(Delegation("*"), Delegated(read, given=["compute"]))).rpartition("/")[2])
    assert found == set(RULES)
