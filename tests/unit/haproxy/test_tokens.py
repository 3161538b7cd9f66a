# SPDX-License-Identifier: Apache-2.0
"""The rules that write tokens; what they do is in ``tests/conformance``."""

from conformance.clouds import three_clouds
from openstackoid.haproxy.tokens import sent_rules


def test_of_many_clouds_that_share_a_data_plane_no_line_is_too_long_for_haproxy() -> None:
    names = [f"Cloud{number}" for number in range(100)]
    rules = sent_rules(three_clouds().clouds["CloudOne"], names)
    assert max(len(rule.split()) for rule in rules) <= 64
    named = [word for rule in rules if rule.startswith("acl is_sharing ") for word in rule.split()[5:]]
    assert named == names
