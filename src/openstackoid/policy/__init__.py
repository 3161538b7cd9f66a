# SPDX-License-Identifier: Apache-2.0
"""Trust between clouds: whose users a cloud lets in, for what, and as whom. Pure: no sockets, no files, no clock."""

from openstackoid.policy.claims import Claims, claims_of
from openstackoid.policy.judge import Denial, Grant, grant, may_enter, miss
from openstackoid.policy.mapping import apart, local_project, local_user_and_project, mapped
from openstackoid.policy.model import (
    APART,
    KEEP,
    NOBODY,
    Budget,
    Condition,
    Domain,
    Owned,
    PeerPolicy,
    People,
    Policy,
    Roles,
    Services,
    Use,
)
from openstackoid.policy.patterns import ANY, EVERY_REQUEST, METHODS, RequestPattern
from openstackoid.policy.principal import Person, UnfitError, person_of
from openstackoid.policy.trial import Trial, tried

__all__ = [
    "ANY",
    "APART",
    "EVERY_REQUEST",
    "KEEP",
    "METHODS",
    "NOBODY",
    "Budget",
    "Claims",
    "Condition",
    "Denial",
    "Domain",
    "Grant",
    "Owned",
    "PeerPolicy",
    "People",
    "Person",
    "Policy",
    "RequestPattern",
    "Roles",
    "Services",
    "Trial",
    "UnfitError",
    "Use",
    "apart",
    "claims_of",
    "grant",
    "local_project",
    "local_user_and_project",
    "mapped",
    "may_enter",
    "miss",
    "person_of",
    "tried",
]
