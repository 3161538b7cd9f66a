# SPDX-License-Identifier: Apache-2.0
"""A request tried against a policy, for people: what the gateway would say, and which entries were passed over, and why."""

from dataclasses import dataclass, field
from typing import Any

from openstackoid.policy.judge import Denial, Grant, grant, may_enter, miss
from openstackoid.policy.mapping import mapped
from openstackoid.policy.model import Policy, Use
from openstackoid.policy.principal import principal_of


@dataclass(frozen=True, slots=True)
class Trial:
    """What came out: ``token`` is what the services here see of the person, None for one who is refused.

    ``passed_over`` are the entries of ``people`` before the one that decided, each with why it is not about the person.
    """

    judged: Grant | Denial
    token: dict[str, Any] | None = field(repr=False)
    passed_over: tuple[tuple[str, str], ...]


def tried(policy: Policy, issuer: str, sender: str | None, use: Use | None, document: Any) -> Trial:
    """Judge as a gateway does: the request first, then the token, then the person. Whatever is wrong is a denial."""
    refused = may_enter(policy, issuer, sender, use)
    if refused is not None:
        return Trial(refused, None, ())
    try:
        principal = principal_of(document)
        judged = grant(policy, issuer, principal, use)
        token = mapped(document, issuer, judged)["token"] if isinstance(judged, Grant) else None
    except ValueError as error:
        return Trial(Denial(None, str(error)), None, ())
    peer = policy.of(issuer)
    passed_over = []
    for people in peer.people if peer is not None else ():
        why = miss(people, principal)
        if why is None:
            break
        passed_over.append((people.name, why))
    return Trial(judged, token, tuple(passed_over))
