# SPDX-License-Identifier: Apache-2.0
"""A small document is asked for on behalf of a client here, and the answer made to fit this cloud.

A token of another cloud vouches for itself (Keystone's default policy lets a token validate itself), so that no credential of
that cloud is needed here. One that has expired cannot; where the operator has a reader account at that cloud, and the service
allows an expired token, the account asks. The catalog that comes with it is the other cloud's; the services here need their own.
"""

import asyncio
import json
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus

from multidict import CIMultiDict

from openstackoid.bridge.audit.egress import EgressAudit
from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.http.deadline import Deadline
from openstackoid.bridge.http.head import Head, without
from openstackoid.bridge.identity.local_projects import LocalProjects
from openstackoid.bridge.identity.readers import Reader, asked_with, asks_for_expired, not_by_itself
from openstackoid.bridge.identity.token_documents import document, project_of, with_body_token, with_catalog, with_plain_catalog
from openstackoid.bridge.identity.token_record import TokenRecord, TokenRefusedError, record_claims
from openstackoid.bridge.identity.token_validation import ACCESS_RULES
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.proxy.upstream import Target, Upstream, UpstreamRequest, first_reached, read_answer, targets
from openstackoid.mesh import Cloud, Mesh, catalog
from openstackoid.policy import KEEP, Denial, UnfitError, grant, mapped, principal_of
from openstackoid.routing import CATALOG_PATH, TOKENS_PATH, Headers, Relay
from openstackoid.scope import is_marked, join_token

ISSUER = "X-Scope-Identity"
"""The header in which the answer to a log-in abroad says whose token this is: users, projects and roles are that cloud's."""
ANSWER_LIMIT = 1024 * 1024
"""Bytes of an answer: a token with the catalog of a large cloud has some tens of thousands."""

_NOT_SENT_ON = ("expect", "content-length", "accept-encoding")
_AS_IT_IS = (("Accept-Encoding", "identity"),)


async def relay(
    upstream: Upstream,
    head: Head,
    body: bytes | None,
    decision: Relay,
    mesh: Mesh,
    *,
    ids: LocalProjects,
    record: TokenRecord,
    reader: Reader | None = None,
    egress: EgressAudit | None = None,
) -> WholeAnswer:
    """Send the request where ``decision`` says and return the answer, adapted to the gateway's own cloud.

    ``reader`` is the account at the cloud that is asked, if there is one; ``ids`` knows this cloud's projects, ``record`` the
    claims that tokens had before; ``egress`` hears of the answer.

    Raises :class:`AnswerError` when it cannot be sent, or the answer cannot be used; :class:`TokenRefusedError` for a token whose
    claims ``record`` refuses.
    """
    if decision.body_token is not None and body is not None:
        body = with_body_token(body, decision.body_token)
    links = Links.of(mesh, decision, head)

    async def ask(target: Target) -> WholeAnswer:
        here = mesh.clouds[upstream.at]
        exchange = _Exchange(upstream, decision, here, links, target, ids=ids, record=record, reader=reader, egress=egress)
        return await exchange.run(head, body)

    places = targets(decision.endpoint, decision.local, decision.path)
    return await first_reached(places, ask, upstream.no_backend(decision.endpoint))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str | None
    headers: Headers = field(repr=False)
    content: bytes = field(repr=False)


def _fits(scope: str | None, called: str, answer: _Answer) -> bool:
    """Return whether an answer fits a request for a token that is to carry ``scope``: an error, or the token.

    ``/v3/auth/tokens`` answers with nothing else. Of a federated log-in, the web server in front of Keystone may first answer
    with a page or a redirection of its own, which comes back by a URL without the scope.
    """
    named = any(key.lower() == "x-subject-token" for key, _ in answer.headers)
    return scope is None or called == TOKENS_PATH or answer.status >= 400 or named


class _Exchange:
    """One question to one place."""

    def __init__(
        self,
        upstream: Upstream,
        decision: Relay,
        cloud: Cloud,
        links: Links,
        target: Target,
        *,
        ids: LocalProjects,
        record: TokenRecord,
        reader: Reader | None,
        egress: EgressAudit | None,
    ) -> None:
        self.egress = egress
        self.upstream = upstream
        self.decision = decision
        self.cloud = cloud
        self.links = links
        self.target = target
        self.ids = ids
        self.record = record
        self.reader = reader
        # These documents are small, and a service waits for them.
        self.until = asyncio.get_running_loop().time() + cloud.timeouts.connect + cloud.timeouts.server
        self.called = decision.path.removeprefix(decision.endpoint.frontend.prefix)

    async def run(self, head: Head, body: bytes | None) -> WholeAnswer:
        headers = without(self.decision.headers, *_NOT_SENT_ON) + _AS_IT_IS
        tells_who = not self.decision.local and self.called == TOKENS_PATH and head.method in ("GET", "HEAD")
        # What is only asked for by HEAD must be judged as well.
        question = UpstreamRequest("GET" if tells_who else head.method, head.query, headers, body)
        answer = await self._ask(self.target, question)
        if self.decision.validates and answer.status in (401, 403):
            if self.reader is None or (answer.status == 401 and not asks_for_expired(head.query)):
                raise self._unknown_token(answer.status)
            answer = await self._ask_as(self.reader, self.target, question)
        if not _fits(self.decision.scope, self.called, answer):
            raise AnswerError(
                400,
                f"gateway of {self.upstream.at}: {self.target.place} answers {answer.status} without a token: a log-in by way of"
                " other pages loses the scope of the authentication URL; log in without the scope, and exchange the token by"
                " POST /v3/auth/tokens at a URL with it",
            )
        gives = head.method == "POST" or (self.decision.scope is not None and self.called != TOKENS_PATH)
        good = (200, 201) if gives else (200, 204) if head.method == "DELETE" else (200,)
        if not self.decision.local and answer.status < 400 and answer.status not in good:
            # A service would take the body of a 203 for a validation, and follow a redirect with its own token.
            raise self.upstream.unusable(self.target, f"it answers {answer.status}")
        kept, content = answer.headers, answer.content
        if tells_who and answer.status == 200:
            content = await self._as_here(head, content)
        if not self.decision.local and answer.status in (200, 201) and (tells_who or head.method != "HEAD"):
            content = await self._with_own_catalog(content)
            if gives:
                kept = without(kept, ISSUER.lower())
                kept += ((ISSUER, self.decision.endpoint.cloud),)
        kept = tuple((key, self._with_scope(key, value)) for key, value in self.links.headers(kept))
        return WholeAnswer(status=answer.status, reason=answer.reason, headers=CIMultiDict(kept), body=content)

    async def _as_here(self, head: Head, content: bytes) -> bytes:
        """Return what a foreign token means in this cloud, by its policy. Raises :class:`AnswerError` where it means nothing."""
        issuer, told = self.decision.endpoint.cloud, document(content)
        try:
            principal = principal_of(told)
        except UnfitError as error:
            raise self._refused(str(error)) from None
        except ValueError as error:
            raise self.upstream.unusable(self.target, f"its answer is not a document of the Identity API: {error}") from None
        subject = next((value for key, value in self.decision.headers if key.lower() == "x-subject-token"), "")
        judged = grant(self.cloud.policy, issuer, principal, None)
        if isinstance(judged, Denial):
            raise self._refused(judged.reason)
        if self.decision.validates and judged.project == KEEP:
            credential = next(iter(head.values("x-auth-token")))
            interface = self.decision.frontend_endpoint.interfaces[0]
            if await self.ids.has_project(principal.project.id, credential, self.cloud, interface):
                raise self._refused(f"{issuer} names a project of {self.cloud.name} as its own: {principal.project.id}")
        try:
            adapted = json.dumps(mapped(told, issuer, judged)).encode("ascii")
        except ValueError as error:
            raise self.upstream.unusable(self.target, f"its answer is not a document of the Identity API: {error}") from None
        try:
            await record_claims(self.record, self.cloud, issuer, subject, principal=principal, granted=judged)
        except TokenRefusedError as refused:
            raise self._not_recorded(refused) from None
        return adapted

    def _refused(self, reason: str) -> AnswerError:
        """Return what a service takes for a token that is not good, and a person for a refusal."""
        message = f"gateway of {self.upstream.at}: {reason}"
        return AnswerError(404, f"Failed to validate token: {message}") if self.decision.validates else AnswerError(403, message)

    def _not_recorded(self, refused: TokenRefusedError) -> TokenRefusedError:
        """Return the refusal as a service takes it: an unknown token, or a Keystone that is busy."""
        if self.decision.validates:
            changed = refused.status == 401
            refused.status = 404 if changed else 503
            refused.title = HTTPStatus(refused.status).phrase
            refused.message = f"Failed to validate token: {refused.message}"
        return refused

    async def _ask(self, target: Target, question: UpstreamRequest) -> _Answer:
        async with self.upstream.ask(target, question, self.cloud.timeouts, self._deadline()) as answer:
            if self.egress is not None:
                self.egress.hear(answer.status, answer.headers)
            kept = without(self.upstream.answer_headers(target, answer), "content-length")
            content = await read_answer(self.upstream, target, answer, ANSWER_LIMIT)
        return _Answer(answer.status, answer.reason, kept, content)

    async def _ask_as(self, reader: Reader, target: Target, question: UpstreamRequest) -> _Answer:
        """Ask with the token of a reader account as the credential: the token itself was not good enough for one."""

        async def ask(token: str) -> _Answer:
            headers = without(question.headers, "x-auth-token")
            return await self._ask(target, replace(question, headers=(*headers, ("X-Auth-Token", token))))

        try:
            async with asyncio.timeout_at(self.until):
                return await asked_with(reader, ask)
        except TimeoutError:
            seconds = f"{self.cloud.timeouts.server:g} s"
            raise AnswerError(504, f"gateway of {self.upstream.at}: {target.place} does not answer within {seconds}") from None

    def _deadline(self) -> Deadline:
        """Bound the whole exchange, however many questions it takes."""
        return Deadline(self.until - asyncio.get_running_loop().time())

    def _with_scope(self, key: str, value: str) -> str:
        """Have a new token carry on the scope of the token that it was asked for with."""
        scope = self.decision.scope
        if key.lower() != "x-subject-token":
            return value
        if is_marked(value):
            raise self.upstream.unusable(self.target, "its token carries a scope")
        return value if scope is None else join_token(value, scope)

    async def _with_own_catalog(self, content: bytes) -> bytes:
        """Return a document with this cloud's catalog in it, where it had one."""
        own = partial(catalog, self.cloud)
        try:
            if self.called == CATALOG_PATH:
                return with_plain_catalog(content, own(await self._project()))
            return with_catalog(content, own)
        except ValueError:
            raise self.upstream.unusable(self.target, "its answer is not a document of the Identity API") from None

    async def _project(self) -> str | None:
        """Ask which project the token has: the answer of ``/v3/auth/catalog`` does not say it, and some URLs hold it."""
        if not any("(" in endpoint.frontend.suffix for endpoint in self.cloud.endpoints):
            return None
        tokens = replace(self.target, url=self.target.url.removesuffix(CATALOG_PATH) + TOKENS_PATH)
        sent = without(self.decision.headers, *_NOT_SENT_ON, "x-subject-token")
        own = tuple(("X-Subject-Token", value) for key, value in sent if key.lower() == "x-auth-token")
        question = UpstreamRequest("GET", "nocatalog", (*sent, *own, ACCESS_RULES, *_AS_IT_IS))
        answer = await self._ask(tokens, question)
        if answer.status == 403:
            if self.reader is None:
                message = f"gateway of {self.upstream.at}: {tokens.place} {not_by_itself(self.decision.endpoint.cloud)}"
                raise AnswerError(403, message)
            answer = await self._ask_as(self.reader, tokens, question)
        if answer.status != 200:
            raise self.upstream.unusable(tokens, f"it answers {answer.status} when asked for the project of a token")
        return project_of(answer.content)

    def _unknown_token(self, status: int) -> AnswerError:
        """Return what Keystone says about a token that it does not know.

        The peer said 401 or 403 of the token as its own credential. A service would take either for trouble with *its*
        credential and answer 503; from 404 it concludes that its user is not authenticated, and says 401
        (keystonemiddleware, ``auth_token/_identity.py``).
        """
        why = not_by_itself(self.decision.endpoint.cloud) if status == 403 else "does not accept it"
        return AnswerError(404, f"Failed to validate token: {self.target.place} {why}")
