# SPDX-License-Identifier: Apache-2.0
"""What holds for every policy and every document, well-formed or hostile."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.policy import (
    Condition,
    Denial,
    Domain,
    Grant,
    Owned,
    PeerPolicy,
    People,
    Policy,
    RequestPattern,
    Roles,
    Services,
    Use,
    grant,
    mapped,
    may_enter,
    person_of,
)
from unit.policy.samples import token

CLOUDS = st.sampled_from(["CloudTwo", "CloudThree", "*"])
IDS = st.sampled_from(["default", "a11ce", "de30", "0a0a", "a" * 64])
NAMES = st.sampled_from(["alice", "demo", "Default", "admin", "a*", "*", "ALICE", "Zoë"])
ROLES = st.sampled_from(["admin", "Admin", "ADMIN", "service", "Service", "member", "reader", "*", "admin,service"])
HARMLESS = st.sampled_from(["member", "reader", "Member", "creator"])
PATHS = st.sampled_from(["", "/", "/v2/images", "/v2/images/1", "/v2/../x", "/%2f", "relative", "/\x00"])
USES = st.builds(
    Use, st.sampled_from(["image", "compute", "identity", "*", ""]), st.sampled_from(["GET", "HEAD", "B\x00", ""]), PATHS
)
REQUESTS = st.lists(
    st.sampled_from(["GET /v2/images", "GET /v2/**", "* /**", "POST /"]).map(RequestPattern.parse), max_size=3
).map(tuple)
SERVICES = st.dictionaries(st.sampled_from(["image", "compute", "*"]), REQUESTS).map(lambda said: Services(tuple(said.items())))
CONDITIONS = st.builds(Condition, *(st.lists(part, max_size=2).map(tuple) for part in (NAMES, NAMES, IDS)))
OWNED = st.builds(Owned, IDS, NAMES, st.builds(Domain, IDS, NAMES))


def policies(ours: st.SearchStrategy[str]) -> st.SearchStrategy[Policy]:
    roles = st.dictionaries(ROLES, st.lists(ours, max_size=2).map(tuple), max_size=4).map(lambda said: Roles(tuple(said.items())))
    projects = st.one_of(st.sampled_from(["keep", "apart"]), OWNED)
    people = st.builds(People, NAMES, roles, CONDITIONS, CONDITIONS, projects, st.none() | SERVICES)
    peers = st.builds(
        PeerPolicy, CLOUDS, st.lists(people, max_size=3).map(tuple), SERVICES, st.lists(CLOUDS, max_size=2).map(tuple)
    )
    return st.builds(Policy, st.just(60.0), st.lists(peers, max_size=3).map(tuple))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | ROLES | IDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["token", "user", "project", "domain", "roles", "id", "name", "system"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
IN_DOMAINS = st.fixed_dictionaries(
    {"id": IDS | JSON, "name": NAMES | st.text(max_size=4), "domain": st.fixed_dictionaries({"id": IDS, "name": NAMES})}
)
TOKENS = st.builds(
    lambda changes: token(**changes),
    st.fixed_dictionaries(
        {
            "user": IN_DOMAINS,
            "project": IN_DOMAINS,
            "roles": st.lists(st.fixed_dictionaries({"id": IDS, "name": ROLES}), max_size=5),
        },
        optional={
            "is_admin_project": st.booleans(),
            "is_domain": st.booleans(),
            "system": JSON,
            "domain": JSON,
            "OS-TRUST:trust": JSON
            | st.fixed_dictionaries(
                {
                    "id": IDS,
                    "trustor_user": st.fixed_dictionaries({"id": IDS}),
                    "trustee_user": st.fixed_dictionaries({"id": IDS}),
                }
            ),
            "application_credential": JSON,
        },
    ),
)
ISSUERS = st.sampled_from(["CloudTwo", "CloudThree", "CloudTen"])


def accepted(document: Any, policy: Policy, issuer: str) -> tuple[Grant, dict[str, Any]] | None:
    """Return the grant and what the token becomes, or None where either is refused."""
    try:
        given_ = grant(policy, issuer, person_of(document), None)
        return None if isinstance(given_, Denial) else (given_, mapped(document, issuer, given_))
    except ValueError:
        return None


@given(TOKENS, policies(HARMLESS), ISSUERS)
def test_nobody_is_admin_or_service_here_unless_it_is_written_as_ours(document: Any, policy: Policy, issuer: str) -> None:
    told = accepted(document, policy, issuer)
    if told is not None:
        assert {role["name"].lower() for role in told[1]["token"]["roles"]} <= {"member", "reader", "creator"}
        assert told[1]["token"]["roles"]
        assert told[1]["token"]["is_admin_project"] is False


@given(TOKENS, policies(ROLES), ISSUERS)
def test_every_role_is_one_that_the_operator_wrote(document: Any, policy: Policy, issuer: str) -> None:
    told = accepted(document, policy, issuer)
    if told is not None:
        peer = policy.of(issuer)
        assert peer is not None
        ours = {role for people in peer.people for _, given_ in people.roles.pairs for role in given_}
        assert {role["name"] for role in told[1]["token"]["roles"]} <= ours


@given(TOKENS, policies(ROLES), ISSUERS)
def test_no_user_or_domain_keeps_an_id_that_a_peer_chose(document: Any, policy: Policy, issuer: str) -> None:
    told = accepted(document, policy, issuer)
    if told is not None:
        seen = told[1]["token"]
        theirs = document["token"]
        ids = [seen["user"]["id"], seen["user"]["domain"]["id"]]
        if not isinstance(told[0].project, Owned):
            ids.append(seen["project"]["domain"]["id"])
        if told[0].project == "apart":
            ids.append(seen["project"]["id"])
        if "OS-TRUST:trust" in seen:
            ids += [seen["OS-TRUST:trust"][user]["id"] for user in ("trustor_user", "trustee_user")]
        chosen = {
            theirs["user"]["id"],
            theirs["user"]["domain"]["id"],
            theirs["project"]["domain"]["id"],
            theirs["project"]["id"],
        }
        assert chosen.isdisjoint(ids)
        assert "system" not in seen
        assert "domain" not in seen
        assert seen["is_domain"] is False


@given(JSON | TOKENS, policies(ROLES), ISSUERS, st.none() | USES, st.none() | ISSUERS)
@example({"token": {}}, Policy(), "CloudTwo", None, None)
def test_a_judge_answers_whatever_it_is_asked(
    document: Any, policy: Policy, issuer: str, use: Use | None, sender: str | None
) -> None:
    entering = may_enter(policy, issuer, sender, use)
    assert entering is None or isinstance(entering, Denial)
    try:
        person = person_of(document)
    except ValueError as error:
        assert "\n" not in str(error)
        return
    judged = grant(policy, issuer, person, use)
    assert isinstance(judged, Grant | Denial)
    if isinstance(judged, Grant):
        # What is refused before the token is looked at is refused after it.
        assert may_enter(policy, issuer, issuer, use) is None


@given(JSON | TOKENS, ISSUERS, st.none() | USES)
def test_without_peers_everything_is_refused(document: Any, issuer: str, use: Use | None) -> None:
    assert isinstance(may_enter(Policy(), issuer, None, use), Denial)
    assert accepted(document, Policy(), issuer) is None


@given(st.text() | JSON)
def test_nothing_but_a_value_error_is_raised_by_a_document(document: Any) -> None:
    granted = Grant("r", ("member",), "keep")
    for said in (document, {"token": document}, token(user=document), token(**{"OS-TRUST:trust": document, "roles": document})):
        try:
            json.dumps(mapped(said, "CloudTwo", granted))
        except ValueError as error:
            assert len(str(error)) < 200
