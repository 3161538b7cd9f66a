# SPDX-License-Identifier: Apache-2.0
"""Users in tokens of a peer's Keystone, and their mapping by a policy."""

import json
from typing import Any

from hypothesis import strategies as st

from conformance.scopes import once_in
from fuzz.heads import SECRET
from fuzz.target import Target, pure
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
    grant,
    mapped,
    may_enter,
    principal_of,
)
from unit.policy.samples import IMAGES, token

Said = tuple[tuple[str, tuple[tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...], Any], ...], tuple[str, ...]], ...]
"""A policy as a literal: for each cloud its people (roles, names, project) and the gateways that may speak for them."""

_POWERFUL = ("admin", "service")
_THEIRS = [
    "admin", "Admin", "ADMIN", "admin ", "ADMİN", "\uff41dmin", "admin\u200b", "\u017fervice", "service", "member", "reader", "*",
    "", "a" * 300, "admin,member", "member\r\nX-Roles: admin", "nova_admin", "\x00admin",
]  # fmt: skip
_OURS = ["member", "reader", "creator", "nova_admin", "administrator"]
_ODD: list[Any] = [
    None, True, 0, -1, 10**400, 1.5, "", "x", SECRET, "\ud800", "../..", "a\r\nb", "é" * 300, "default", [], {}, [[]],
    {"id": {}},
]  # fmt: skip
_KEYS = [
    "user", "project", "domain", "roles", "id", "name", "system", "is_domain", "is_admin_project", "OS-TRUST:trust",
    "access_rules", "application_credential", "trustor_user", "trustee_user", "catalog", "service_providers", "expires_at",
    "oauth2_credential",
]  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """The document of a token, with odd values somewhere."""
    usual = st.sampled_from(["admin", "member", "Admin", "service"])
    roles = [
        {"id": "r", "name": name} for name in draw(st.lists(usual | st.sampled_from(_THEIRS) if draw(once_in(3)) else usual))
    ]
    if draw(once_in(12)):
        roles *= 200
    document: Any = token(roles=roles)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 4]))):
        holder = document["token"] if isinstance(document.get("token"), dict) else document
        for _ in range(draw(st.integers(0, 2))):
            inner = holder.get(draw(st.sampled_from(_KEYS)))
            holder = inner if isinstance(inner, dict) else holder
        value = draw(st.one_of(st.sampled_from(_ODD), st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_ODD), max_size=4)))
        holder[draw(st.sampled_from(_KEYS))] = json.loads(json.dumps(value))
    return draw(st.sampled_from(_ODD)) if draw(once_in(40)) else document


def policies(ours: list[str]) -> st.SearchStrategy[Said]:
    """Policies that grant no other roles than these."""
    theirs = st.sampled_from(["*", "admin", "member", *_THEIRS])
    roles = st.dictionaries(theirs, st.lists(st.sampled_from(ours), max_size=2).map(tuple), min_size=1, max_size=3)
    project = st.sampled_from(["keep", "apart", ("0a0a", "guests", "default", "Default")])
    names = st.one_of(st.just(()), st.lists(st.sampled_from(["*", "a*", "*e", "**", "x", ""]), max_size=2).map(tuple))
    people = st.tuples(roles.map(lambda said: tuple(said.items())), names, project)
    through = st.lists(st.sampled_from(["*", "CloudThree"]), max_size=2).map(tuple)
    peer = st.tuples(st.sampled_from(["CloudTwo", "*"]), st.lists(people, min_size=1, max_size=3).map(tuple), through)
    return once_in(8).flatmap(lambda few: st.lists(peer, min_size=0 if few else 1, max_size=3).map(tuple))


def policy_of(said: Said) -> Policy:
    """Return the policy that a literal stands for."""
    peers = []
    for cloud, people, through in said:
        entries = tuple(
            MappingRule(f"p{number}", Roles(roles), Condition(names=names), Condition(), _project(project))
            for number, (roles, names, project) in enumerate(people)
        )
        peers.append(PeerPolicy(cloud, entries, IMAGES, through))
    return Policy(peers=tuple(peers))


def _project(said: Any) -> Any:
    return said if isinstance(said, str) else DomainScoped(said[0], said[1], Domain(said[2], said[3]))


def check(given: tuple[Any, Said, str, str | None]) -> None:
    """A grant or a denial; nobody gets a right that is not written, nor keeps an id that could be one of ours."""
    document, said, issuer, sender = given
    policy = policy_of(said)
    peer = policy.of(issuer)
    entering = may_enter(policy, issuer, sender, None)
    assert peer is not None or isinstance(entering, Denial), "who is not named is refused"
    if entering is None and peer is not None and sender not in (None, issuer):
        assert {sender, "*"} & set(peer.through), "a gateway speaks for others only where it is named"
    try:
        principal = principal_of(document)
    except ValueError as error:
        _shown(error)
        return
    judged = grant(policy, issuer, principal, None)
    if isinstance(judged, Denial):
        assert SECRET not in judged.reason, "a reason quotes nothing"
        return
    assert peer is not None, "who is not named is refused"
    try:
        seen = mapped(document, issuer, judged)
    except ValueError as error:
        _shown(error)
        return
    _as_granted(seen["token"], judged, {role for people in peer.people for _, ours in people.roles.pairs for role in ours})
    _apart(seen["token"], document["token"], judged)
    assert principal_of(seen).roles == judged.roles, "what was mapped is a token"


def _shown(error: ValueError) -> None:
    assert str(error).isprintable(), "an error is one line"
    assert len(str(error)) < 200, "an error is short"
    assert SECRET not in str(error), "an error quotes nothing"


def _as_granted(seen: dict[str, Any], judged: Grant, written: set[str]) -> None:
    having = {role["name"] for role in seen["roles"]}
    assert having == set(judged.roles), "roles are what was granted"
    assert having <= written, "roles are what the operator wrote"
    assert having, "nobody comes in without a role"
    powerful = {role for role in having if role.lower() in _POWERFUL}
    assert powerful <= written, "nobody is admin unless it is written"
    assert seen["is_admin_project"] in (False, any(role.lower() == "admin" for role in having)), "nobody is admin by a project"
    assert seen["is_domain"] is False, "nobody acts for a domain"
    assert not {"system", "domain"} & set(seen), "nobody acts for the system"


def _apart(seen: dict[str, Any], theirs: dict[str, Any], judged: Grant) -> None:
    chosen = {theirs["user"]["id"], theirs["user"]["domain"]["id"], theirs["project"]["domain"]["id"]}
    ids = [seen["user"]["id"], seen["user"]["domain"]["id"]]
    if judged.project in ("keep", "apart"):
        ids.append(seen["project"]["domain"]["id"])
    assert chosen.isdisjoint(ids), "no id is one that a peer chose"
    assert all(len(each) == 32 and each.isalnum() for each in ids), "an id is an id"


TARGET = Target(
    "policy",
    "person_of() raises ValueError alone; nobody gets a role that is not written, or keeps an id of user or domain",
    st.tuples(
        documents(),
        st.one_of(policies(_OURS), policies([*_OURS, "admin", "Admin", "service"])),
        st.sampled_from(["CloudTwo", "CloudThree", "CloudTen"]),
        st.sampled_from([None, "CloudTwo", "CloudThree"]),
    ),
    pure(check),
    short=300,
)
