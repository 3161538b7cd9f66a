# SPDX-License-Identifier: Apache-2.0
"""Reader accounts: with the one that a peer's operator gave, its Keystone is asked about tokens that cannot vouch for themselves.

These are tokens that have expired: services ask about one all the same, with ``allow_expired``, when a service token shows that
an operation has begun in time. And tokens of trusts with impersonation and of EC2 credentials: Keystone accepts them, and refuses
to validate them by their own right (403). See docs/understand/identity.md.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from urllib.parse import parse_qs

from openstackoid.bridge.errors import AnswerError

_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})


class Reader(ABC):
    """An account at one peer, whose token that peer's Keystone accepts as the credential of a validation.

    There is one for each peer. Its methods are called in the event loop, by any number of requests at once.
    """

    @abstractmethod
    async def token(self) -> str:
        """Return a token of the account that is good for the next minute.

        Called before each validation, so a token is kept for as long as it lives. However many requests wait for a new one,
        the peer is asked once. There is no "none": who cannot have a token raises :class:`AnswerError` with what the service
        that asks is to be told, and the caller's deadline may end the wait.
        """

    @abstractmethod
    def drop(self, token: str) -> None:
        """Forget this token, which the peer no longer accepts; one that has taken its place meanwhile is kept.

        Override it together with :meth:`token`: the next call of that one must not return the dropped token.
        """

    @abstractmethod
    def refused(self, status: int) -> AnswerError:
        """Return the error for a peer that turns the account itself down with ``status`` (401 or 403).

        It must be none that means "unknown token" (404) or "renew your credential" (401) to the service that asks: the
        user's token was not judged.
        """


class Answered(Protocol):
    """The part of an answer that is needed here."""

    @property
    def status(self) -> int:
        """The HTTP status."""


A = TypeVar("A", bound=Answered)


async def asked_with(reader: Reader, ask: Callable[[str], Awaitable[A]]) -> A:
    """Return what ``ask`` brings with a token of the account; a token that has become void is renewed once.

    Raises :class:`AnswerError` when the account cannot log in, or is refused.
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
    """Return the words for a token that ``peer`` accepts but does not validate by its own right, where no account may ask."""
    return (
        "refuses to validate the token by its own right (403), as it does for a trust with impersonation and for EC2 credentials;"
        f" to accept such tokens, the operator here needs a reader account at {peer}"
    )


def asks_for_expired(query: str | None) -> bool:
    """Say whether Keystone would take the query of a validation for one that allows an expired token.

    Keystone takes the first ``allow_expired``, and reads it as oslo.utils reads a truth value.
    """
    values = parse_qs(query or "", keep_blank_values=True).get("allow_expired", [""])
    return values[0].strip().lower() in _TRUE
