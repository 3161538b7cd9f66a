# SPDX-License-Identifier: Apache-2.0
"""The record of claims of other clouds' tokens: other claims are refused as long as a service may have cached the first.

Authorizer and services ask about a token at different times. A peer could name an ordinary user to the one and a service account
to the other, and its user would get the account's rights.
"""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass

from openstackoid.bridge.errors import AnswerError, needing_store
from openstackoid.bridge.message.verbatim import encoded
from openstackoid.mesh import Cloud
from openstackoid.policy import Claims, Grant, PeerPolicy, Principal, claims_of

_USER_SHARE, _USER_LEAST = 10, 100


@dataclass(frozen=True, slots=True)
class Recorded:
    """The claims are in the record: there were none, or the same."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The record has other claims of this token. ``first``: no earlier call was told so."""

    before: Claims
    first: bool


@dataclass(frozen=True, slots=True)
class Full:
    """The record has ``most`` tokens of this peer, or of this user. ``seconds``: until there may be room."""

    seconds: float
    most: int
    of_user: bool = False


class TokenRecord(ABC):
    """The record of one cloud, shared by its gateways."""

    @abstractmethod
    async def tell(self, issuer: str, digest: bytes, claims: Claims, seconds: float, most: int) -> Recorded | Changed | Full:
        """Record the claims of a token before they are used, or told to a service.

        ``digest``: of the token. ``seconds``: how long the claims count from now, at least; refused claims do not extend it.
        ``most``: tokens of ``issuer`` at a time; of one user, fewer. No token is removed early to make room, and issuers do not
        compete for it. Raises :class:`~openstackoid.store.StoreUnavailableError`.
        """


class TokenRefusedError(AnswerError):
    """A token whose claims the record refuses. ``principal`` and ``rule``: the refused claims.

    ``told``: whether the audit log has it already.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        principal: Principal,
        rule: str,
        told: bool = False,
        reason: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        super().__init__(status, message, reason=reason, headers=headers)
        self.principal = principal
        self.rule = rule
        self.told = told


def most_of_user(most: int) -> int:
    """Return how many of ``most`` tokens may be of one user: with many spellings of one token, a user could take all room."""
    return max(_USER_LEAST, most // _USER_SHARE)


def token_digest(token: str) -> bytes:
    """Return the digest that identifies a token."""
    return hashlib.sha256(encoded(token)).digest()


async def record_claims(
    record: TokenRecord, here: Cloud, issuer: str, token: str, *, principal: Principal, granted: Grant
) -> None:
    """Record the claims of a token of ``issuer`` at the gateway of ``here``.

    Raises :class:`TokenRefusedError`: 401 if the record has other claims, 429 if it is full; and :class:`AnswerError`: 503 if it
    cannot be read.
    """
    digest, claims = token_digest(token), claims_of(principal, granted)
    peer = here.policy.of(issuer)
    most = PeerPolicy.tokens if peer is None else peer.tokens
    with needing_store(here.name, "the claims of other clouds' tokens"):
        told = await record.tell(issuer, digest, claims, here.policy.recorded_seconds, most)
    match told:
        case Changed(before, first):
            message = (
                f"gateway of {here.name}: the claims of this token of {issuer}, or the policy's rule for it, have changed"
                " since a service here validated it; log in again"
            )
            reason = "the claims of the token have changed"
            if first:
                changes = ", ".join(before.changes(claims))
                reason += f": {changes}; the rule was {before.rule}; the token is {{SHA256}}{digest.hex()}"
            raise TokenRefusedError(401, message, principal=principal, rule=granted.rule, told=not first, reason=reason)
        case Full(seconds, most, of_user):
            whose = f"this user of {issuer}" if of_user else issuer
            message = f"gateway of {here.name}: {most} tokens of {whose} are in use, as many as the policy here allows"
            wait = max(1, round(seconds))
            raise TokenRefusedError(429, message, principal=principal, rule=granted.rule, retry_after=wait)
