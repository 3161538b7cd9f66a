# SPDX-License-Identifier: Apache-2.0
"""Validate tokens that cannot validate themselves with reader accounts of peers.

These are expired tokens, about which services ask with ``allow_expired`` and a service token; and tokens of trusts with
impersonation and of EC2 credentials, which Keystone accepts but refuses to validate by their own right (403). See
docs/understand/identity.md.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from urllib.parse import parse_qs

from openstackoid.bridge.errors import AnswerError

_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})


class AccountError(AnswerError):
    """An account that cannot log in, or is refused. ``accepted``: Keystone accepts the token that it was to validate."""

    accepted = False


class Reader(ABC):
    """An account at one peer, whose token that peer's Keystone accepts as the credential of a validation.

    There is one for each peer. Its methods are called in the event loop, by any number of requests at once.
    """

    @abstractmethod
    async def token(self) -> str:
        """Return a token of the account that is valid for the next minute.

        Called before each validation, so a token is kept as long as it lives, and waiting requests share one log-in. Without a
        token, raise :class:`AccountError` with the answer for the asking service; the caller's deadline may end the wait.
        """

    @abstractmethod
    def drop(self, token: str) -> None:
        """Forget this token, which the peer no longer accepts, but not its successor.

        Override it together with :meth:`token`, which must not return the dropped token again.
        """

    @abstractmethod
    def refused(self, status: int) -> AccountError:
        """Return the error for a peer that refuses the account itself with ``status`` (401 or 403).

        It must not mean "unknown token" (404) or "renew your credential" (401) to the asking service: the user's token was not
        judged.
        """


class Answered(Protocol):
    """The needed part of an answer."""

    @property
    def status(self) -> int:
        """The HTTP status."""


A = TypeVar("A", bound=Answered)


async def asked_with(reader: Reader, ask: Callable[[str], Awaitable[A]]) -> A:
    """Return the answer of ``ask`` with a token of the account; renew a refused token once.

    Raises :class:`AccountError` when the account cannot log in, or is refused.
    """
    token = await reader.token()
    answer = await ask(token)
    if answer.status == 401:
        reader.drop(token)
        answer = await ask(await reader.token())
    if answer.status in (401, 403):
        raise reader.refused(answer.status)
    return answer


def not_by_itself(peer: str) -> str:
    """Return the words for a token that ``peer`` accepts but does not validate by its own right, without an account that may."""
    return (
        "refuses to validate the token by its own right (403), as it does for a trust with impersonation and for EC2 credentials;"
        f" the gateway of {peer} validates such tokens with an account under its key 'validator'"
    )


def asks_for_expired(query: str | None) -> bool:
    """Return whether Keystone reads the query of a validation as one that allows an expired token.

    Keystone uses the first ``allow_expired``, with the truth values of oslo.utils.
    """
    values = parse_qs(query or "", keep_blank_values=True).get("allow_expired", [""])
    return values[0].strip().lower() in _TRUE
