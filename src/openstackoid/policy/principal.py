# SPDX-License-Identifier: Apache-2.0
"""The user of a token document. It comes from a peer's Keystone, so odd values are refused.

Names become HTTP headers of services here (``X-User-Name``), ids become parts of URLs.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from openstackoid.policy.model import Domain, DomainScoped

LONGEST_NAME = 255
MOST_ROLES = 256
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_NO_ATTRIBUTES = frozenset(
    {"user", "project", "roles", "catalog", "domain", "system", "service_providers", "is_domain", "is_admin_project"}
)
"""Attributes that services here get in another form, or not at all."""


class UnfitError(ValueError):
    """A valid token of a kind that no policy accepts from another cloud."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A user with roles in a project, according to the cloud that issued the token.

    ``attributes``: a digest of the attributes that services get unchanged: expiry, trust, application credential.
    ``ends``: the expiry, as its cloud writes it.
    """

    user: DomainScoped
    project: DomainScoped
    roles: tuple[str, ...]
    attributes: str = field(default="", repr=False, compare=False)
    ends: str | None = field(default=None, repr=False, compare=False)


def principal_of(document: Any) -> Principal:
    """Return the user of a token (``{"token": {...}}``, Identity API v3).

    Raises ``ValueError`` for an invalid document, and its subclass :class:`UnfitError` for a token without a project (of a
    domain, the system, or unscoped).
    """
    token = mapping(mapping(document, "the document").get("token"), "token")
    for key in ("system", "domain"):
        if token.get(key) is not None:
            raise UnfitError(f"a token for a {key} is not accepted from another cloud; one for a project is")
    if token.get("project") is None:
        raise UnfitError("a token without a project is not accepted from another cloud")
    if token.get("is_domain") not in (None, False):
        raise UnfitError("a token for a project that acts as a domain is not accepted from another cloud")
    roles = token.get("roles")
    if not isinstance(roles, list) or len(roles) > MOST_ROLES:
        raise ValueError(f"token.roles: not a list of at most {MOST_ROLES} roles")
    return Principal(
        _owned(token.get("user"), "token.user"),
        _owned(token.get("project"), "token.project"),
        tuple(name(mapping(role, "token.roles").get("name"), "token.roles") for role in roles),
        _attributes(token),
        ends if isinstance(ends := token.get("expires_at"), str) else None,
    )


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Return ``value``, a JSON object. Raises ``ValueError``."""
    if not isinstance(value, dict):
        raise ValueError(f"{where}: not a JSON object")
    return value


def identifier(value: Any, where: str) -> str:
    """Return ``value``, an id in Keystone's form. Raises ``ValueError`` without quoting it."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise ValueError(f"{where}: not an id: letters, digits, '_', '.' and '-' are accepted, 64 at most")
    return value


def name(value: Any, where: str) -> str:
    """Return ``value``, a name that a header can hold. Raises ``ValueError`` without quoting it."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable():
        raise ValueError(f"{where}: not a name: printable characters are accepted, {LONGEST_NAME} at most")
    return value


def _attributes(token: Mapping[str, Any]) -> str:
    attributes = {key: value for key, value in token.items() if key not in _NO_ATTRIBUTES}
    try:
        text = json.dumps(attributes, sort_keys=True)
    except RecursionError:
        raise ValueError("token: nested too deeply") from None
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _owned(value: Any, where: str) -> DomainScoped:
    found = mapping(value, where)
    domain = mapping(found.get("domain"), f"{where}.domain")
    return DomainScoped(
        identifier(found.get("id"), f"{where}.id"),
        name(found.get("name"), f"{where}.name"),
        Domain(identifier(domain.get("id"), f"{where}.domain.id"), name(domain.get("name"), f"{where}.domain.name")),
    )
