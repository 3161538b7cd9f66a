# SPDX-License-Identifier: Apache-2.0
"""Try a request against a policy, and give the reasons."""

from dataclasses import dataclass, field
from typing import Any

from openstackoid.policy.judge import Denial, Grant, grant, may_enter, miss
from openstackoid.policy.mapping import mapped
from openstackoid.policy.model import Policy, Use
from openstackoid.policy.principal import principal_of


@dataclass(frozen=True, slots=True)
class Trial:
    """The result. ``token``: the document that services here see, None after a refusal.

    ``passed_over``: the entries of ``people`` before the deciding one, each with the reason that it does not match.
    """

    judged: Grant | Denial
    token: dict[str, Any] | None = field(repr=False)
    passed_over: tuple[tuple[str, str], ...]


def tried(policy: Policy, issuer: str, sender: str | None, use: Use | None, document: Any) -> Trial:
    """Judge as a gateway does: the request, the token, the user. Every fault is a denial."""
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
