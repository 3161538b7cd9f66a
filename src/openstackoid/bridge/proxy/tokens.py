# SPDX-License-Identifier: Apache-2.0
"""The tokens of a plan as its target gets them: bound to the peer, or opened for this cloud's own services."""

from dataclasses import replace
from typing import TypeVar

from openstackoid.binding import BoundTokenError
from openstackoid.bridge.audit.audit_file import AuditError
from openstackoid.bridge.binding.incoming import Opened, judged, opened, reads_images
from openstackoid.bridge.binding.outgoing import Outgoing
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.token_validation import Asked
from openstackoid.bridge.log import LOG
from openstackoid.bridge.message.head import Head, Incoming
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.delegated_use import DelegatedUse, Download
from openstackoid.mesh import Endpoint
from openstackoid.policy import Denial
from openstackoid.routing import IDENTITY, TOKENS_PATH, Decision, Relay, Single, called_path

S = TypeVar("S", Single, Relay)


async def with_tokens(
    context: RequestContext, incoming: Incoming, decision: Decision, plan: S
) -> tuple[S, Incoming, DelegatedUse | None]:
    """Return the plan and the request with their tokens, and the use to audit where a peer asks in the name of users here.

    Without certificates between gateways no token is bound. Raises :class:`AnswerError`.
    """
    here, head = context.here, incoming.head
    if here.tls is None:
        return plan, incoming, None
    if decision.issuer != here.name:
        await context.tokens.refuse_own(plan, decision.issuer, incoming.body, head, _asked(context))
        if plan.local:
            return plan, incoming, None
    try:
        if not plan.local:
            return await Outgoing(context.tokens, context.mesh, decision, head).bound(plan), incoming, None
        plan, of = opened(plan, head, incoming.body, context.tokens.binder, here.bound_tokens.seconds)
        verdict = judged(here, decision, head, of)
    except BoundTokenError as error:
        raise refused_use(context, head, plan.frontend_endpoint, Denial(None, str(error)), 401) from None
    if isinstance(verdict, Denial):
        raise refused_use(context, head, plan.frontend_endpoint, verdict, 403)
    use = None
    if verdict is not None:
        use = await delegated_use(context, head, plan.frontend_endpoint, verdict, None if _tells_user(plan, head) else of.token)
        use = replace(use, download=_download(reads_images(here, decision, head, of), of))
    return plan, replace(incoming, body=of.body, hidden=of.hidden), use


def _download(rule: str | None, of: Opened) -> Download | None:
    return None if rule is None or of.auth is None else Download(rule, of.auth.ends, of.auth.token)


def buffered(context: RequestContext, head: Head, plan: Single, use: DelegatedUse | None) -> Relay | None:
    """Return the plan for a question of a peer whose answer tells the user, by which it is audited; None for other requests.

    An account of this cloud validates a token that cannot validate itself.
    """
    if use is None or not _tells_user(plan, head):
        return None
    validates = head.method != "POST" and context.here.name in context.readers
    return Relay(plan.endpoint, plan.frontend_endpoint, plan.path, plan.headers, validates=validates)


async def delegated_use(context: RequestContext, head: Head, asked: Endpoint, rule: str, token: str | None) -> DelegatedUse:
    """Return a use that is allowed, with the user of its token. Raises :class:`AnswerError` where it could not be audited."""
    try:
        context.audit.check()
    except AuditError as error:
        raise _unrecorded(context, error) from None
    principal = None
    if token:
        principal = await context.tokens.own.user(token, head, _asked(context))
    return DelegatedUse(asked, rule, principal=principal)


def write_use(context: RequestContext, head: Head, use: DelegatedUse) -> None:
    """Write the audit line of a use that is answered with 200. Raises :class:`AnswerError` where that fails."""
    try:
        context.write_audit_line(use, head, 200, None)
    except AuditError as error:
        raise _unrecorded(context, error) from None


def refused_use(context: RequestContext, head: Head, asked: Endpoint, denial: Denial, status: int) -> AnswerError:
    """Return the error for a request whose token, or whose use of it, is refused; the audit log has it by then."""
    try:
        context.write_audit_line(DelegatedUse.refused(asked, denial), head, status, denial.reason)
    except AuditError as error:
        LOG.error("%s", error)
    return AnswerError(status, f"gateway of {context.here.name}: {denial.reason}")


def _unrecorded(context: RequestContext, error: AuditError) -> AnswerError:
    LOG.error("%s", error)
    return AnswerError(503, f"gateway of {context.here.name}: its use from abroad cannot be recorded")


def _asked(context: RequestContext) -> Asked | None:
    """Return how this cloud's Keystone is asked, also about expired tokens where it has an account for that."""
    return context.tokens.own.asked(context.mesh, context.readers.get(context.here.name))


def _tells_user(plan: Single | Relay, head: Head) -> bool:
    """Return whether the answer to a request tells of the user of a token."""
    called = called_path(plan.endpoint, plan.path)
    return plan.endpoint.service == IDENTITY and called == TOKENS_PATH and head.method in ("GET", "HEAD", "POST")
