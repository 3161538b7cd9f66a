# SPDX-License-Identifier: Apache-2.0
"""Map the token document of a peer's user for the services of this cloud.

Values that grant rights are replaced: user, project and roles become those of the grant, and ids of the peer become ids apart.
Restrictions are kept: expiry, access rules, trust, bound credentials.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from openstackoid.policy.judge import Grant
from openstackoid.policy.model import Domain, DomainScoped
from openstackoid.policy.principal import Principal, identifier, mapping, principal_of

NAMESPACE = UUID("6f0c2a5e-3b57-5c0e-9a41-0d6f7c1f2be4")
TRUST = "OS-TRUST:trust"
CREDENTIAL = "application_credential"
_GIVES_RIGHTS = frozenset({"system", "domain", "service_providers"})


def derived_id(issuer: str, kind: str, identity: str) -> str:
    """Return the id here for a peer's id: always the same, and never one of this cloud or another peer."""
    return uuid5(NAMESPACE, f"{issuer}/{kind}/{identity}").hex


def mapped(document: Any, issuer: str, grant: Grant) -> dict[str, Any]:
    """Return the token document for the services here; ``catalog`` stays the peer's. Shares parts with ``document``.

    Raises ``ValueError`` when :func:`~openstackoid.policy.principal.principal_of` does not accept ``document``.
    """
    principal = principal_of(document)
    token = {key: value for key, value in document["token"].items() if key not in _GIVES_RIGHTS}
    user, project = local_user_and_project(issuer, principal, grant)
    token["user"] = _written(user)
    token["project"] = _written(project)
    token["roles"] = [{"id": derived_id(issuer, "role", role), "name": role} for role in grant.roles]
    token["is_domain"] = False
    # keystoneauth reads a missing value as true.
    token["is_admin_project"] = any(role.lower() == "admin" for role in grant.roles)
    if TRUST in token:
        token[TRUST] = _trust(mapping(token[TRUST], TRUST), issuer)
    if CREDENTIAL in token:
        _check_access_rules(mapping(token[CREDENTIAL], CREDENTIAL))
    return {"token": token}


def local_user_and_project(issuer: str, principal: Principal, grant: Grant) -> tuple[DomainScoped, DomainScoped]:
    """Return the user and the project here of a user of ``issuer``."""
    user = principal.user
    here = DomainScoped(derived_id(issuer, "user", user.id), user.name, _apart(issuer, user.domain))
    return here, local_project(issuer, principal.project, grant)


def local_project(issuer: str, project: DomainScoped, grant: Grant) -> DomainScoped:
    """Return the project here for this project of ``issuer``."""
    if isinstance(grant.project, DomainScoped):
        return grant.project
    identity = project.id if grant.project == "keep" else derived_id(issuer, "project", project.id)
    return DomainScoped(identity, project.name, _apart(issuer, project.domain))


def _apart(issuer: str, domain: Domain) -> Domain:
    return Domain(derived_id(issuer, "domain", domain.id), domain.name)


def _written(owned: DomainScoped) -> dict[str, Any]:
    return {"id": owned.id, "name": owned.name, "domain": {"id": owned.domain.id, "name": owned.domain.name}}


def _trust(trust: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    """Return a trust with the ids of its users apart, like the token's user."""
    told: dict[str, Any] = {"id": derived_id(issuer, "trust", identifier(trust.get("id"), f"{TRUST}.id"))}
    for role in ("trustor_user", "trustee_user"):
        user = identifier(mapping(trust.get(role), f"{TRUST}.{role}").get("id"), f"{TRUST}.{role}.id")
        told[role] = {"id": derived_id(issuer, "user", user)}
    told["impersonation"] = trust.get("impersonation") is True
    return told


def _check_access_rules(credential: Mapping[str, Any]) -> None:
    """Check access rules: services here might ignore rules that they cannot read."""
    rules = credential.get("access_rules", [])
    if not isinstance(rules, list):
        raise ValueError(f"{CREDENTIAL}.access_rules: not a list")
    for rule in rules:
        found = mapping(rule, f"{CREDENTIAL}.access_rules")
        if not all(isinstance(found.get(key), str) for key in ("method", "path", "service")):
            raise ValueError(f"{CREDENTIAL}.access_rules: a rule has a method, a path and a service")
