# SPDX-License-Identifier: Apache-2.0
"""Properties of every policy and every document, well-formed or hostile."""

import json
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from openstackoid.policy import (
    Condition,
    Denial,
    Domain,
    DomainScoped,
    Grant,
    MappingRule,
    PeerPolicy,
    Policy,
    Roles,
    Services,
    Use,
    grant,
    mapped,
    may_enter,
    principal_of,
)
from unit.policy.samples import services, token

CLOUDS = st.sampled_from(["CloudTwo", "CloudThree", "*"])
IDS = st.sampled_from(["default", "a11ce", "de30", "0a0a", "a" * 64])
NAMES = st.sampled_from(["alice", "demo", "Default", "admin", "a*", "*", "ALICE", "Zoë"])
ROLES = st.sampled_from(["admin", "Admin", "ADMIN", "service", "Service", "member", "reader", "*", "admin,service"])
HARMLESS = st.sampled_from(["member", "reader", "Member", "creator"])
PATHS = st.sampled_from(["", "/", "/v2/images", "/v2/images/1", "/v2/../x", "/%2f", "relative", "/\x00"])
USES = st.builds(
    Use, st.sampled_from(["image", "compute", "identity", "*", ""]), st.sampled_from(["GET", "HEAD", "B\x00", ""]), PATHS
)
SERVICES = st.sampled_from(
    [
        Services(),
        services(__="* /**"),
        services(image="* /**"),
        services(image="GET /v2/images", compute="GET /v2/**, POST /"),
        services(image="GET /v2/**", __="POST /"),
    ]
)
CONDITIONS = st.sampled_from(
    [
        Condition(),
        Condition(),
        Condition(names=("a*", "Zoë")),
        Condition(domains=("default", "Default")),
        Condition(ids=("a11ce", "0a0a")),
        Condition(domains=("*",), names=("*",)),
    ]
)
LOCALS = st.sampled_from([DomainScoped(identity, "guests", Domain("default", "Default")) for identity in ("0a0a", "de30")])


def policies(ours: st.SearchStrategy[str]) -> st.SearchStrategy[Policy]:
    """Policies that let users in more often than not."""
    pairs = st.dictionaries(ROLES, st.lists(ours, min_size=1, max_size=2).map(tuple), min_size=1, max_size=4)
    projects = st.sampled_from(["keep", "apart"]) | LOCALS
    people = st.builds(
        MappingRule,
        NAMES,
        pairs.map(lambda said: Roles(tuple(said.items()))),
        CONDITIONS,
        CONDITIONS,
        projects,
        st.none() | SERVICES,
    )
    through = st.lists(CLOUDS, max_size=2).map(tuple)
    peers = st.builds(PeerPolicy, CLOUDS, st.lists(people, min_size=1, max_size=3).map(tuple), SERVICES, through)
    everybody = st.builds(PeerPolicy, st.just("*"), st.lists(people, min_size=1, max_size=3).map(tuple), SERVICES, through)
    return st.builds(lambda *said: Policy(60.0, said), everybody, peers)


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
DOMAINS = st.fixed_dictionaries({"id": IDS, "name": NAMES})
HELD = st.lists(st.fixed_dictionaries({"id": IDS, "name": ROLES}), min_size=1, max_size=4)
USERS = st.fixed_dictionaries({"id": IDS})
TRUSTS = st.fixed_dictionaries({"id": IDS, "trustor_user": USERS, "trustee_user": USERS})


def tokens(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Tokens of users with any names, ids and roles, and with these parts or without."""
    owned: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"id": IDS, "name": NAMES, "domain": DOMAINS}, optional={"OS-FEDERATION": st.just({"groups": []})}
    )
    known = {"user": owned, "project": owned, "roles": HELD}
    changes = st.fixed_dictionaries({key: parts.pop(key, part) for key, part in known.items()}, optional=parts)
    return changes.map(lambda changed: {"token": {**token()["token"], **changed}})


ADMIN = {"is_admin_project": st.booleans(), "is_domain": st.none() | st.just(False), "system": st.none(), "domain": st.none()}
TOKENS = tokens(**ADMIN, **{"OS-TRUST:trust": TRUSTS})
WILD = tokens(**dict.fromkeys(("user", "project", "roles", "system", "domain", "OS-TRUST:trust", "application_credential"), JSON))
ISSUERS = st.sampled_from(["CloudTwo", "CloudThree", "CloudTen"])


def accepted(document: Any, policy: Policy, issuer: str) -> tuple[Grant, dict[str, Any]]:
    """Return the grant and the mapped token. Cases without one are not counted; too many are an error."""
    judged = grant(policy, issuer, principal_of(document), None)
    assume(isinstance(judged, Grant))
    assert isinstance(judged, Grant)
    told: dict[str, Any] = mapped(document, issuer, judged)["token"]
    return judged, told


@given(TOKENS, policies(HARMLESS), ISSUERS)
def test_no_guest_gets_admin_or_service_unless_it_is_mapped(document: Any, policy: Policy, issuer: str) -> None:
    _, told = accepted(document, policy, issuer)
    assert told["roles"]
    assert {role["name"].lower() for role in told["roles"]} <= {"member", "reader", "creator"}
    assert told["is_admin_project"] is False


@given(TOKENS, policies(ROLES), ISSUERS)
def test_every_role_is_one_that_the_operator_wrote(document: Any, policy: Policy, issuer: str) -> None:
    judged, told = accepted(document, policy, issuer)
    peer = policy.of(issuer)
    assert peer is not None
    ours = {role for people in peer.people for _, given_ in people.roles.pairs for role in given_}
    assert {role["name"] for role in told["roles"]} <= ours
    assert told["is_admin_project"] is any(role.lower() == "admin" for role in judged.roles)


@given(TOKENS, policies(ROLES), ISSUERS)
def test_no_user_or_domain_keeps_an_id_that_a_peer_chose(document: Any, policy: Policy, issuer: str) -> None:
    judged, told = accepted(document, policy, issuer)
    theirs = document["token"]
    ids = [told["user"]["id"], told["user"]["domain"]["id"]]
    if not isinstance(judged.project, DomainScoped):
        ids.append(told["project"]["domain"]["id"])
    if judged.project == "apart":
        ids.append(told["project"]["id"])
    if "OS-TRUST:trust" in told:
        ids += [told["OS-TRUST:trust"][user]["id"] for user in ("trustor_user", "trustee_user")]
    chosen = {part["id"] for key in ("user", "project") for part in (theirs[key], theirs[key]["domain"])}
    if "OS-TRUST:trust" in theirs:
        chosen |= {theirs["OS-TRUST:trust"][user]["id"] for user in ("trustor_user", "trustee_user")}
    assert chosen.isdisjoint(ids)
    assert told["user"].keys() == told["project"].keys() == {"id", "name", "domain"}
    assert told.keys().isdisjoint({"system", "domain"})
    assert told["is_domain"] is False


@given(TOKENS, policies(ROLES), USES)
def test_a_granted_request_may_enter(document: Any, policy: Policy, use: Use) -> None:
    judged = grant(policy, "CloudTwo", principal_of(document), use)
    if isinstance(judged, Grant):
        assert may_enter(policy, "CloudTwo", "CloudTwo", use) is None
        assert grant(policy, "CloudTwo", principal_of(document), None) == judged


@given(JSON | TOKENS | WILD, policies(ROLES), ISSUERS, st.none() | USES, st.none() | ISSUERS)
@example({"token": {}}, Policy(), "CloudTwo", None, None)
def test_the_judge_answers_every_input(document: Any, policy: Policy, issuer: str, use: Use | None, sender: str | None) -> None:
    entering = may_enter(policy, issuer, sender, use)
    assert entering is None or isinstance(entering, Denial)
    try:
        principal = principal_of(document)
    except ValueError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(grant(policy, issuer, principal, use), Grant | Denial)


@given(TOKENS, ISSUERS, st.none() | USES)
def test_without_peers_everything_is_refused(document: Any, issuer: str, use: Use | None) -> None:
    assert isinstance(may_enter(Policy(), issuer, None, use), Denial)
    assert isinstance(grant(Policy(), issuer, principal_of(document), use), Denial)


@given(st.text() | JSON)
def test_an_arbitrary_document_raises_value_error_alone(document: Any) -> None:
    granted = Grant("r", ("member",), "keep")
    for said in (document, {"token": document}, token(user=document), token(**{"OS-TRUST:trust": document, "roles": document})):
        try:
            json.dumps(mapped(said, "CloudTwo", granted))
        except ValueError as error:
            assert len(str(error)) < 200
