# SPDX-License-Identifier: Apache-2.0
"""Trust between clouds: accepted users, their requests and their roles here. Pure: no sockets, no files, no clock."""

from openstackoid.policy.claims import Claims, claims_of
from openstackoid.policy.delegation import Delegated, may_ask
from openstackoid.policy.judge import Denial, Grant, grant, may_enter, miss
from openstackoid.policy.mapping import derived_id, local_project, local_user_and_project, mapped
from openstackoid.policy.model import (
    APART,
    KEEP,
    NOBODY,
    AuditMode,
    Budget,
    Condition,
    Delegation,
    Domain,
    DomainScoped,
    MappingRule,
    PeerPolicy,
    Policy,
    Roles,
    Services,
    TokenStep,
    Use,
)
from openstackoid.policy.patterns import ANY, EVERY_REQUEST, METHODS, RequestPattern
from openstackoid.policy.principal import Principal, UnfitError, principal_of
from openstackoid.policy.trial import Trial, tried

__all__ = [
    "ANY",
    "APART",
    "EVERY_REQUEST",
    "KEEP",
    "METHODS",
    "NOBODY",
    "AuditMode",
    "Budget",
    "Claims",
    "Condition",
    "Delegated",
    "Delegation",
    "Denial",
    "Domain",
    "DomainScoped",
    "Grant",
    "MappingRule",
    "PeerPolicy",
    "Policy",
    "Principal",
    "RequestPattern",
    "Roles",
    "Services",
    "TokenStep",
    "Trial",
    "UnfitError",
    "Use",
    "claims_of",
    "derived_id",
    "grant",
    "local_project",
    "local_user_and_project",
    "mapped",
    "may_ask",
    "may_enter",
    "miss",
    "principal_of",
    "tried",
]
