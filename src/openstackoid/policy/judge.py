# SPDX-License-Identifier: Apache-2.0
"""Judge a request: policy, principal and use in; a grant, or a denial with its reason, out. Deny by default."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from openstackoid.policy.model import KEEP, DomainScoped, MappingRule, PeerPolicy, Policy, Services, Use
from openstackoid.policy.patterns import ANY, METHODS
from openstackoid.policy.principal import Principal

APART_VERSION = 5
"""The version of UUID of ids apart (:mod:`openstackoid.policy.mapping`)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The matching rule, the roles here, and the project here: ``keep``, ``apart`` or a project of this cloud."""

    rule: str
    roles: tuple[str, ...]
    project: Literal["keep", "apart"] | DomainScoped


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal: the matching rule, if any, and the reason, which quotes no peer and no user."""

    rule: str | None
    reason: str


def may_enter(policy: Policy, issuer: str, sender: str | None, use: Use | None) -> Denial | None:
    """Return why a request of any user of ``issuer`` is refused, or None, before the token is validated.

    ``sender``: the cloud whose gateway brought the request, None for a local sender. ``use``: None where a service validates a
    token.
    """
    peer = policy.of(issuer)
    if peer is None:
        return Denial(None, f"the policy here does not accept users of {issuer}")
    if sender not in (None, issuer) and sender not in peer.through and ANY not in peer.through:
        return Denial(None, f"the gateway of {sender} may not speak for users of {issuer}")
    if not peer.people:
        return Denial(None, f"the policy here accepts none of the users of {issuer}: its entry has no 'people'")
    if use is not None and not any(peer.services_of(people).allows(use) for people in peer.people):
        named = any(peer.services_of(people).requests(use.service) for people in peer.people)
        return Denial(None, _not_for(f"users of {issuer}", use, named))
    return None


def grant(policy: Policy, issuer: str, principal: Principal, use: Use | None) -> Grant | Denial:
    """Return the grant for a user of ``issuer``, or the denial: the first matching entry of ``people`` decides.

    With ``use`` None, where a service validates a token, service and request are not judged.
    """
    peer = policy.of(issuer)
    if peer is None:
        return Denial(None, f"the policy here does not accept users of {issuer}")
    for people in peer.people:
        if miss(people, principal) is None:
            services = peer.services_of(people)
            if use is not None and not services.allows(use):
                return Denial(peer.rule(people), _denied_use(peer, people, services, use))
            if people.project == KEEP and not may_be_kept(principal.project.id):
                return Denial(peer.rule(people), "the id of this project cannot be kept here; Keystone's own ids can")
            return Grant(peer.rule(people), people.roles.granted(principal.roles), people.project)
    return Denial(None, f"no entry of 'people' in the policy here for {issuer} matches this user, project and roles")


def may_be_kept(identity: str) -> bool:
    """Return whether a peer's project may keep its id: not if the id is like those made for projects apart.

    Otherwise a peer could name the project of another peer. Case is ignored, as some services ignore it.
    """
    if identity != identity.lower():
        return False
    try:
        return UUID(identity).version != APART_VERSION
    except ValueError:
        return True


def miss(people: MappingRule, principal: Principal) -> str | None:
    """Return why an entry does not match ``principal``, or None."""
    without = people.users.miss("users", principal.user) or people.projects.miss("projects", principal.project)
    if without is None and not people.roles.granted(principal.roles):
        return "roles: none of the roles is named"
    return without


def _denied_use(peer: PeerPolicy, people: MappingRule, services: Services, use: Use) -> str:
    return _not_for(f"users of the rule {peer.rule(people)}", use, bool(services.requests(use.service)))


def _not_for(who: str, use: Use, named: bool) -> str:
    if named:
        which = f"this {use.method}" if use.method in METHODS else "this"
        return f"{who} may use {use.service} here, but not make {which} request"
    return f"{who} may not use {use.service} here"
