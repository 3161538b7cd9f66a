# SPDX-License-Identifier: Apache-2.0
"""The requests of a relay to one Keystone, within the time of one answer."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.readers import Reader, asked_with, not_by_itself
from openstackoid.bridge.identity.token_documents import project_of
from openstackoid.bridge.identity.token_validation import ACCESS_RULES
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import without
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import UpstreamError, UpstreamRequest, read_answer
from openstackoid.routing import CATALOG_PATH, TOKENS_PATH, Headers, Relay

if TYPE_CHECKING:
    from openstackoid.bridge.proxy.leg import Leg

ANSWER_LIMIT = 1024 * 1024
"""Bytes of an answer: a token with the catalog of a large cloud has some tens of thousands."""

_NOT_SENT_ON = ("expect", "content-length", "accept-encoding")
_AS_IT_IS = (("Accept-Encoding", "identity"),)


@dataclass(frozen=True, slots=True)
class KeystoneAnswer:
    """A buffered answer, and its headers to pass on."""

    status: int
    reason: str | None
    headers: Headers = field(repr=False)
    content: bytes = field(repr=False)


class KeystoneExchange:
    """The requests of ``leg`` to ``target``, within the patience of the leg."""

    def __init__(self, leg: "Leg[Relay]", target: Target) -> None:
        self.target = target
        self._leg = leg
        # A service waits for these documents, which are small.
        self._until = asyncio.get_running_loop().time() + leg.patience

    @property
    def headers(self) -> Headers:
        """Return the headers of the leg's request."""
        return without(self._leg.plan.headers, *_NOT_SENT_ON) + _AS_IT_IS

    @property
    def reader(self) -> Reader | None:
        """Return the reader account at the asked cloud, or None."""
        return self._leg.context.readers.get(self._leg.plan.endpoint.cloud)

    def unusable(self, why: str) -> UpstreamError:
        """Return the error for an answer that cannot be used."""
        return self._leg.context.upstream.unusable(self.target, why)

    async def send(self, sent: UpstreamRequest, target: Target | None = None) -> KeystoneAnswer:
        """Return the answer to a request, to ``target`` instead of the exchange's if given."""
        upstream, target = self._leg.context.upstream, target or self.target
        deadline = Deadline(self._until - asyncio.get_running_loop().time())
        async with upstream.send(target, sent, self._leg.timeouts, deadline) as answer:
            kept = without(self._leg.receive(target, answer), "content-length")
            content = await read_answer(upstream, target, answer, ANSWER_LIMIT)
        return KeystoneAnswer(answer.status, answer.reason, kept, content)

    async def send_as(self, reader: Reader, sent: UpstreamRequest, target: Target | None = None) -> KeystoneAnswer:
        """Send with a reader account's token as the credential: the user's own was refused."""

        async def ask(token: str) -> KeystoneAnswer:
            headers = without(sent.headers, "x-auth-token")
            return await self.send(replace(sent, headers=(*headers, ("X-Auth-Token", token))), target)

        try:
            async with asyncio.timeout_at(self._until):
                return await asked_with(reader, ask)
        except TimeoutError:
            place, seconds = (target or self.target).place, f"{self._leg.timeouts.server:g} s"
            message = f"gateway of {self._at}: {place} does not answer within {seconds}"
            raise AnswerError(504, message, fault=self._leg.plan.endpoint.cloud) from None

    async def project(self) -> str | None:
        """Return the project of the token, which the answer of ``/v3/auth/catalog`` lacks."""
        tokens = replace(self.target, url=self.target.url.removesuffix(CATALOG_PATH) + TOKENS_PATH)
        kept = without(self.headers, "x-subject-token", "accept-encoding")
        own = tuple(("X-Subject-Token", value) for key, value in kept if key.lower() == "x-auth-token")
        sent = UpstreamRequest("GET", "nocatalog", (*kept, *own, ACCESS_RULES, *_AS_IT_IS))
        answer = await self.send(sent, tokens)
        if answer.status == 403:
            if self.reader is None:
                cloud = self._leg.plan.endpoint.cloud
                raise AnswerError(403, f"gateway of {self._at}: {tokens.place} {not_by_itself(cloud)}")
            answer = await self.send_as(self.reader, sent, tokens)
        if answer.status != 200:
            upstream = self._leg.context.upstream
            raise upstream.unusable(tokens, f"it answers {answer.status} when asked for the project of a token")
        return project_of(answer.content)

    @property
    def _at(self) -> str:
        return self._leg.context.upstream.at
