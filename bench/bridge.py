# SPDX-License-Identifier: Apache-2.0
"""Part 5: what goes through the Python service, beside what HAProxy does alone: validations of tokens above all."""

from dataclasses import replace

from bench.compare import Rounds, Way, in_turns, rates_and_costs
from bench.headers import AUTH, said_twice
from bench.inserts import measure_inserts
from bench.load import Request
from bench.meshes import GUEST_SCOPE, TOKEN
from bench.own_haproxy import measure_own_haproxy
from bench.results import Part
from bench.revocation import measure_revocation
from bench.routing import ways
from bench.stage import Stage
from openstackoid.scope import join_token

CONNECTIONS = 16


def measure_bridge(stage: Stage, rounds: Rounds) -> Part:
    """Measure part 5."""
    haproxy, bridge = stage.ours.haproxy, stage.ours.bridge
    local = Request(stage.url("one", "/identity/v3/auth/tokens"), (AUTH, f"X-Subject-Token: {TOKEN}"))
    foreign = join_token("", GUEST_SCOPE)
    cached = replace(local, headers=(AUTH, f"X-Subject-Token: {TOKEN}{foreign}"))
    # The number is in the token: what was cached for one does not answer the next. A % of the token itself would be read.
    cold = replace(local, headers=(AUTH,), fresh=f"X-Subject-Token: {TOKEN}%d{foreign}")
    # Two scopes: HAProxy learns nothing.
    visitor = replace(local, url=stage.url("one"), headers=(f"{AUTH}{foreign}", f"X-Scope: {GUEST_SCOPE}"))
    twice = replace(local, url=stage.url("one"), headers=said_twice("CloudTwo"))
    write = next(way for way in ways(stage) if way.key == "write")
    local_way = Way("validate_local", "a token of this cloud validated, HAProxy alone", local, haproxy, baseline=None)
    compared = [
        replace(local_way, connections=CONNECTIONS),
        Way(
            "validate_cold", "a token of another cloud, not seen before", cold, haproxy, bridge, "CloudTwo", "validate_local", 16
        ),
        Way("validate_again", "the same token of another cloud again", cached, haproxy, bridge, "CloudTwo", "validate_local", 16),
        Way(
            "visitor",
            "a request with a token of another cloud, judged by Python",
            visitor,
            haproxy,
            bridge,
            "CloudOne",
            "validate_local",
            16,
        ),
        Way("said_twice", "a scope in two headers, forwarded", twice, haproxy, bridge, "CloudTwo", "validate_local", 16),
        replace(write, baseline="validate_local"),
    ]
    rows = [*rates_and_costs(compared, in_turns(compared, rounds)), *measure_own_haproxy(stage, rounds)]
    rows.append(measure_revocation(stage))
    rows += measure_inserts(stage, max(1, min(1000, round(1000 * rounds.seconds))))
    return Part(
        "bridge",
        "The Python service, in relation to a validation that HAProxy forwards alone",
        rows,
        [
            "Sent to HAProxy: the Python service's client alone, as a ratio to a connection of its own.",
            "Revoked: from the revocation to the last request that was let in, the longest of some times.",
            "What a whole workflow costs in calls is not measured here: that needs real services (bench-lab).",
        ],
    )
