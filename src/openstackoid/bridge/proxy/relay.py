# SPDX-License-Identifier: Apache-2.0
"""A leg that relays: it sends the request to a Keystone, and adapts the small document in its answer.

A token of another cloud vouches for itself (Keystone's default policy lets a token validate itself), so that no credential of
that cloud is needed here. One that has expired cannot; where the operator has a reader account at that cloud, and the service
allows an expired token, the account asks. A token that the authorizer has just asked about is not asked about again. The catalog
that comes with it is the other cloud's; the services here need their own.
"""

import json
from contextlib import nullcontext
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs

from multidict import CIMultiDict

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.identity.authorization import refused_entry
from openstackoid.bridge.identity.readers import asks_for_expired, not_by_itself
from openstackoid.bridge.identity.token_documents import (
    document,
    has_access_rules,
    token_with_place_for_catalog,
    with_body_token,
    with_catalog,
    with_plain_catalog,
)
from openstackoid.bridge.identity.token_record import TokenRefusedError, record_claims
from openstackoid.bridge.message.body import AUTHENTICATION_LIMIT, read_body
from openstackoid.bridge.message.head import without
from openstackoid.bridge.proxy.delegated_use import DelegatedUse
from openstackoid.bridge.proxy.keystone_exchange import KeystoneAnswer, KeystoneExchange
from openstackoid.bridge.proxy.leg import SUBJECT_ACCEPTED, Leg
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import UpstreamRequest
from openstackoid.mesh import catalog
from openstackoid.policy import KEEP, Denial, UnfitError, grant, mapped, principal_of
from openstackoid.routing import CATALOG_PATH, TOKENS_PATH, Relay
from openstackoid.scope import is_marked, join_token

ISSUER = "X-Scope-Identity"
"""The header that names the issuer of the token in the answer to a log-in abroad."""


class RelayLeg(Leg[Relay]):
    """Sends the request to a Keystone, and adapts its answer to the gateway's own cloud."""

    async def run(self) -> WholeAnswer:
        """Take the steps; see :meth:`Leg.run`. Also raises :class:`TokenRefusedError` for refused claims."""
        body, token = self.incoming.body, self.plan.body_token
        if body is None:
            body = await read_body(self.incoming.request, self.incoming.head, AUTHENTICATION_LIMIT, self.context.here)
        if body is not None and token is not None:
            body = with_body_token(body, token)
        try:
            return await self._send(body, self.target(self.plan))
        except TokenRefusedError as refused:
            if not refused.told:
                self.entry = refused_entry(refused, self.plan, self.incoming.head)
            raise

    @property
    def _called(self) -> str:
        return self.plan.path.removeprefix(self.plan.endpoint.frontend.prefix)

    @property
    def _validated(self) -> bool:
        """Return whether a peer is asked about a token."""
        return not self.plan.local and self._called == TOKENS_PATH and self.incoming.head.method in ("GET", "HEAD")

    async def _send(self, body: bytes | None, target: Target) -> WholeAnswer:
        exchange, head = KeystoneExchange(self, target), self.incoming.head
        answer = self._heard() or await self._answer(exchange, body)
        if not self._fits(answer):
            raise AnswerError(
                400,
                f"gateway of {self.context.here.name}: {target.place} answers {answer.status} without a token: a log-in by way of"
                " other pages loses the scope of the authentication URL; log in without the scope, and exchange the token by"
                " POST /v3/auth/tokens at a URL with it",
            )
        gives = head.method == "POST" or (self.plan.scope is not None and self._called != TOKENS_PATH)
        good = (200, 201) if gives else (200, 204) if head.method == "DELETE" else (200,)
        if not self.plan.local and answer.status < 400 and answer.status not in good:
            # A service would take the body of a 203 for a validation, and follow a redirect with its own token.
            raise exchange.unusable(f"it answers {answer.status}")
        kept, content = answer.headers, answer.content
        if self._called == TOKENS_PATH and answer.status in (200, 201):
            self.accepted = SUBJECT_ACCEPTED
        if self._validated and answer.status == 200:
            content = await self._as_here(exchange, content)
        if not self.plan.local and answer.status in (200, 201) and (self._validated or head.method != "HEAD"):
            content = await self._with_own_catalog(exchange, content)
            if gives:
                kept = (*without(kept, ISSUER.lower()), (ISSUER, self.plan.endpoint.cloud))
        kept = tuple((key, self._with_scope(exchange, key, value)) for key, value in self.links.headers(kept))
        hidden = self.incoming.hidden
        if isinstance(self.entry, DelegatedUse) and answer.status in (200, 201):
            self.entry = self.entry.told(content)
        self.account(answer.status, None)
        headers = CIMultiDict(hidden.headers(kept))
        return WholeAnswer(status=answer.status, reason=answer.reason, headers=headers, body=hidden.body(content))

    def _heard(self) -> KeystoneAnswer | None:
        """Return the answer to a service, made of the one that the authorizer had a moment ago from the token's cloud, or None.

        Keystone tells of a token with access rules only those who know them, so such a question goes to it.
        """
        if not (self._validated and self.plan.validates):
            return None
        subject = next((value for key, value in self.plan.headers if key.lower() == "x-subject-token"), "")
        content = self.context.authorizer.validator.heard(subject, self.plan.endpoint.cloud)
        if content is None or has_access_rules(content):
            return None
        if "nocatalog" not in parse_qs(self.incoming.head.query or "", keep_blank_values=True):
            content = token_with_place_for_catalog(content)
        told = (("Content-Type", "application/json"), ("X-Subject-Token", subject), ("Vary", "X-Auth-Token"))
        return KeystoneAnswer(200, "OK", told, content)

    async def _answer(self, exchange: KeystoneExchange, body: bytes | None) -> KeystoneAnswer:
        head = self.incoming.head
        # A validation by HEAD must be judged as well.
        sent = UpstreamRequest("GET" if self._validated else head.method, head.query, exchange.headers, body)
        with self.context.authorizer.validator.relayed.asking(self.plan.endpoint.cloud) if self._validated else nullcontext():
            answer = await exchange.send(sent)
        if self.plan.validates and answer.status in (401, 403):
            if exchange.reader is None or (answer.status == 401 and not asks_for_expired(head.query)):
                raise self._unknown_token(exchange, answer.status)
            answer = await exchange.send_as(exchange.reader, sent)
        return answer

    def _fits(self, answer: KeystoneAnswer) -> bool:
        """Return whether an answer fits a request for a token that is to carry a scope: an error, or the token.

        In a federated log-in, the web server before Keystone may first answer with a page or a redirect of its own, whose URL
        lacks the scope.
        """
        named = any(key.lower() == "x-subject-token" for key, _ in answer.headers)
        return self.plan.scope is None or self._called == TOKENS_PATH or answer.status >= 400 or named

    async def _as_here(self, exchange: KeystoneExchange, content: bytes) -> bytes:
        """Map a foreign token by this cloud's policy. Raises :class:`AnswerError` for a refusal."""
        here, issuer, told = self.context.here, self.plan.endpoint.cloud, document(content)
        try:
            principal = principal_of(told)
        except UnfitError as error:
            raise self._refused(str(error)) from None
        except ValueError as error:
            raise exchange.unusable(f"its answer is not a document of the Identity API: {error}") from None
        subject = next((value for key, value in self.plan.headers if key.lower() == "x-subject-token"), "")
        judged = grant(here.policy, issuer, principal, None)
        if isinstance(judged, Denial):
            raise self._refused(judged.reason)
        if self.plan.validates and judged.project == KEEP:
            credential = next(iter(self.incoming.head.values("x-auth-token")))
            interface, project = self.plan.frontend_endpoint.interfaces[0], principal.project.id
            if await self.context.local_projects.has_project(project, credential, self.context.mesh, interface):
                raise self._refused(f"{issuer} names a project of {here.name} as its own: {project}")
        try:
            adapted = json.dumps(mapped(told, issuer, judged)).encode("ascii")
        except ValueError as error:
            raise exchange.unusable(f"its answer is not a document of the Identity API: {error}") from None
        try:
            await record_claims(self.context.authorizer.record, here, issuer, subject, principal=principal, granted=judged)
        except TokenRefusedError as refused:
            raise self._not_recorded(refused) from None
        return adapted

    def _refused(self, reason: str) -> AnswerError:
        """Return the refusal: 404 (an unknown token) to a validating service; 403 to a user."""
        message = f"gateway of {self.context.here.name}: {reason}"
        return AnswerError(404, f"Failed to validate token: {message}") if self.plan.validates else AnswerError(403, message)

    def _not_recorded(self, refused: TokenRefusedError) -> TokenRefusedError:
        """Return the refusal for a service: an unknown token, or a busy Keystone."""
        if self.plan.validates:
            changed = refused.status == 401
            refused.status = 404 if changed else 503
            refused.title = HTTPStatus(refused.status).phrase
            refused.message = f"Failed to validate token: {refused.message}"
        return refused

    def _with_scope(self, exchange: KeystoneExchange, key: str, value: str) -> str:
        """Have a new token carry the scope of the token in its request."""
        scope = self.plan.scope
        if key.lower() != "x-subject-token":
            return value
        if is_marked(value):
            raise exchange.unusable("its token carries a scope")
        return value if scope is None else join_token(value, scope)

    async def _with_own_catalog(self, exchange: KeystoneExchange, content: bytes) -> bytes:
        """Return a document with this cloud's catalog in place of its own."""
        here = self.context.here
        own = partial(catalog, here)
        try:
            if self._called == CATALOG_PATH:
                # Some URLs of a catalog hold the project.
                named = any("(" in endpoint.frontend.suffix for endpoint in here.endpoints)
                return with_plain_catalog(content, own(await exchange.project() if named else None))
            return with_catalog(content, own)
        except ValueError:
            raise exchange.unusable("its answer is not a document of the Identity API") from None

    def _unknown_token(self, exchange: KeystoneExchange, status: int) -> AnswerError:
        """Return Keystone's answer about an unknown token.

        The peer's 401 or 403 is about the token as its own credential. A service would read either as trouble with *its*
        credential and answer 503; a 404 makes it answer 401 (keystonemiddleware, ``auth_token/_identity.py``).
        """
        why = not_by_itself(self.plan.endpoint.cloud) if status == 403 else "does not accept it"
        return AnswerError(404, f"Failed to validate token: {exchange.target.place} {why}")
