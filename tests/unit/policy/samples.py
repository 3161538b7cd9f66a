# SPDX-License-Identifier: Apache-2.0
"""A token as Keystone renders it, and a policy that accepts its user."""

from typing import Any

from openstackoid.policy import (
    Condition,
    Domain,
    DomainScoped,
    MappingRule,
    PeerPolicy,
    Policy,
    RequestPattern,
    Roles,
    Services,
    principal_of,
)


def token(**changes: Any) -> dict[str, Any]:
    """Return the document of alice, a member of CloudTwo's project demo; a change to None leaves a key out."""
    told = {
        "methods": ["password"],
        "user": {
            "domain": {"id": "default", "name": "Default"},
            "id": "a11ce0000000000000000000000000ff",
            "name": "alice",
            "password_expires_at": None,
        },
        "audit_ids": ["audit"],
        "expires_at": "2030-01-01T00:00:00.000000Z",
        "issued_at": "2029-01-01T00:00:00.000000Z",
        "project": {"domain": {"id": "default", "name": "Default"}, "id": "de300000000000000000000000000000", "name": "demo"},
        "is_domain": False,
        "roles": [{"id": "r1", "name": "member"}, {"id": "r2", "name": "reader"}],
        "catalog": [{"type": "image", "name": "glance", "id": "c1", "endpoints": []}],
        **changes,
    }
    return {"token": {key: value for key, value in told.items() if value is not None}}


def roles(*names: str) -> list[dict[str, str]]:
    return [{"id": f"id-{name}", "name": name} for name in names]


def services(**requests: str) -> Services:
    """Return services by name, each with its requests, comma between; ``__`` stands for ``*``."""
    return Services(
        tuple((name.replace("__", "*"), tuple(map(RequestPattern.parse, text.split(", ")))) for name, text in requests.items())
    )


ALICE = principal_of(token())
IMAGES = services(image="GET /v2/images, GET /v2/images/**")
MEMBERS = MappingRule("members", Roles((("member", ("member",)),)))
LOCAL = DomainScoped("0a0a", "guests", Domain("default", "Default"))
STAFF = MappingRule(
    "staff",
    Roles((("admin", ("member", "reader")), ("*", ("reader",)))),
    Condition(domains=("Default",), names=("a*",)),
    Condition(ids=("de300000000000000000000000000000",)),
    LOCAL,
    services(image="* /**", compute="GET /v2.1/servers"),
)
TWO = PeerPolicy("CloudTwo", (STAFF, MEMBERS), IMAGES, ("CloudThree",))
POLICY = Policy(peers=(TWO,))
