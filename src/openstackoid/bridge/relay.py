# SPDX-License-Identifier: Apache-2.0
"""A small document is asked for on behalf of a client here, and the answer made to fit this cloud.

A token of another cloud vouches for itself (Keystone's default policy lets a token validate itself), so that no credential of
that cloud is needed here. The catalog that comes with it is the other cloud's; the services here need their own.
"""

from dataclasses import replace
from functools import partial

from multidict import CIMultiDict

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.head import Head, without
from openstackoid.bridge.links import Links
from openstackoid.bridge.tokens import project_of, with_body_token, with_catalog, with_plain_catalog
from openstackoid.bridge.upstream import Deadline, Hop, Question, Upstream, UpstreamError, hops, read_answer
from openstackoid.mesh import Cloud, catalog
from openstackoid.routing import CATALOG_PATH, TOKENS_PATH, Headers, Relay
from openstackoid.scope import MARKER, join_token

ANSWER_LIMIT = 1024 * 1024
"""Bytes of an answer: a token with the catalog of a large cloud has some tens of thousands."""

_NOT_SENT_ON = ("expect", "content-length", "accept-encoding")
_AS_IT_IS = (("Accept-Encoding", "identity"),)


async def relay(upstream: Upstream, head: Head, body: bytes | None, decision: Relay, cloud: Cloud) -> WholeAnswer:
    """Send the request where ``decision`` says and return the answer, adapted to ``cloud``, the gateway's own.

    Raises :class:`AnswerError` when it cannot be sent, or the answer cannot be used.
    """
    if decision.body_token is not None and body is not None:
        body = with_body_token(body, decision.body_token)
    failure: AnswerError | None = None
    for hop in hops(decision.endpoint, decision.local, decision.path):
        try:
            return await _Exchange(upstream, decision, cloud, hop).run(head, body)
        except UpstreamError as error:
            failure = error
            if not error.unreached:
                break
    raise failure or upstream.no_backend(decision.endpoint)


class _Exchange:
    """One question to one place."""

    def __init__(self, upstream: Upstream, decision: Relay, cloud: Cloud, hop: Hop) -> None:
        self.upstream = upstream
        self.decision = decision
        self.cloud = cloud
        self.hop = hop
        self.called = decision.path.removeprefix(decision.endpoint.frontend.prefix)

    async def run(self, head: Head, body: bytes | None) -> WholeAnswer:
        headers = without(self.decision.headers, *_NOT_SENT_ON) + _AS_IT_IS
        question = Question(head.method, head.query, headers, body)
        async with self.upstream.ask(self.hop, question, self.cloud.timeouts, self._deadline()) as answer:
            kept = without(self.upstream.answer_headers(self.hop, answer), "content-length")
            content = await read_answer(self.upstream, self.hop, answer, ANSWER_LIMIT)
        if self.decision.validates and answer.status == 401:
            raise self._unknown_token()
        if self.called not in (TOKENS_PATH, CATALOG_PATH):
            kept, content = self._with_own_links(head, kept, content)
        elif not self.decision.local and answer.status in (200, 201) and head.method != "HEAD":
            content = await self._with_own_catalog(content)
        kept = tuple((key, self._with_scope(key, value)) for key, value in kept)
        return WholeAnswer(status=answer.status, reason=answer.reason, headers=CIMultiDict(kept), body=content)

    def _deadline(self) -> Deadline:
        """Bound the whole exchange: these documents are small, and a service waits for them."""
        return Deadline(self.cloud.timeouts.connect + self.cloud.timeouts.server)

    def _with_scope(self, key: str, value: str) -> str:
        """Have a new token carry on the scope of the token that it was asked for with."""
        scope = self.decision.scope
        return value if scope is None or key.lower() != "x-subject-token" else join_token(value, scope)

    def _with_own_links(self, head: Head, headers: Headers, content: bytes) -> tuple[Headers, bytes]:
        """Return a version document whose links stay with the gateway that the client spoke to."""
        theirs, ours = self.decision.endpoint.frontend, self.decision.entrance.frontend
        # A service behind its own gateway knows its frontend, if its operators told it, or the path of its process.
        backend = self.decision.endpoint.backends[0].path if self.decision.local else None
        if self.decision.segment is not None:
            ours = replace(ours, prefix=f"{ours.prefix}{MARKER}{self.decision.segment}")
        links = Links(tuple(head.values("host")), theirs, ours, backend)
        kept = tuple((key, links.link(value) if key.lower() == "location" else value) for key, value in headers)
        return kept, links.document(content) if content else content

    async def _with_own_catalog(self, content: bytes) -> bytes:
        """Return a document with this cloud's catalog in it, where it had one."""
        own = partial(catalog, self.cloud)
        try:
            if self.called == CATALOG_PATH:
                return with_plain_catalog(content, own(await self._project()))
            return with_catalog(content, own)
        except ValueError:
            raise self.upstream.unusable(self.hop, "its answer is not a document of the Identity API") from None

    async def _project(self) -> str | None:
        """Ask which project the token has: the answer of ``/v3/auth/catalog`` does not say it, and some URLs hold it."""
        if not any("(" in endpoint.frontend.suffix for endpoint in self.cloud.endpoints):
            return None
        tokens = Hop(self.hop.url.removesuffix(CATALOG_PATH) + TOKENS_PATH, self.hop.place)
        sent = without(self.decision.headers, *_NOT_SENT_ON, "x-subject-token")
        own = tuple(("X-Subject-Token", value) for key, value in sent if key.lower() == "x-auth-token")
        question = Question("GET", "nocatalog", (*sent, *own, *_AS_IT_IS))
        async with self.upstream.ask(tokens, question, self.cloud.timeouts, self._deadline()) as answer:
            content = await read_answer(self.upstream, tokens, answer, ANSWER_LIMIT)
        if answer.status != 200:
            raise self.upstream.unusable(tokens, f"it answers {answer.status} when asked for the project of a token")
        return project_of(content)

    def _unknown_token(self) -> AnswerError:
        """Return what Keystone says about a token that it does not know.

        The peer said 401 because the token failed as its own credential. A service would take that for trouble with *its*
        credential, try again and answer 503; from 404 it concludes that its user is not authenticated, and says 401
        (keystonemiddleware, ``auth_token/_identity.py``).
        """
        return AnswerError(404, f"Failed to validate token: {self.hop.place} does not accept it")
