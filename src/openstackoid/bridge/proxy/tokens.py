# SPDX-License-Identifier: Apache-2.0
"""The tokens of a plan as its target gets them: bound to the peer, or opened for this cloud's own services."""

import time
from dataclasses import dataclass, replace
from typing import TypeVar

from openstackoid.binding import BoundTokenError
from openstackoid.bridge.audit.admission_header import Admission
from openstackoid.bridge.audit.audit_file import AuditError
from openstackoid.bridge.audit.audit_log import ALLOWED, IN, REFUSED, AuditLine
from openstackoid.bridge.binding.incoming import judged, opened
from openstackoid.bridge.binding.outgoing import Outgoing
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.log import LOG, shown_method, shown_path
from openstackoid.bridge.message.head import Head, Incoming
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.policy import Denial
from openstackoid.routing import IDENTITY, TOKENS_PATH, Decision, Relay, Single, called_path
from openstackoid.routing.egress import sole_id

S = TypeVar("S", Single, Relay)


@dataclass(frozen=True, slots=True)
class DelegatedUse:
    """A request of a peer in the name of users or services of this cloud: the content of its audit line."""

    plan: Single | Relay
    rule: str | None
    outcome: str = ALLOWED

    def line(self, head: Head, status: int, reason: str | None) -> AuditLine:
        """Return the audit line; ``status`` is that of the answer to the client."""
        here = self.plan.frontend_endpoint
        return AuditLine(
            time=time.time(),
            gateway=here.cloud,
            direction=IN,
            home=here.cloud,
            sender=head.sender,
            source=head.source,
            service=here.service,
            interface=here.interfaces[0],
            method=shown_method(head),
            path=shown_path(head.path),
            rule=self.rule,
            outcome=self.outcome,
            status=status,
            reason=reason,
            request_id=sole_id(head.headers),
        )

    def admission(self) -> Admission:
        """Return the rule, for the gateway that has sent the request."""
        return Admission(None, None, self.rule)


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
        await context.tokens.refuse_own(plan, decision.issuer, incoming.body, head, context.mesh)
        if plan.local:
            return plan, incoming, None
    try:
        if not plan.local:
            return await Outgoing(context.tokens, context.mesh, decision, head).bound(plan), incoming, None
        plan, of = opened(plan, head, incoming.body, context.tokens.binder, here.bound_tokens.seconds)
        verdict = judged(here, decision, head, of)
    except BoundTokenError as error:
        raise _refused(context, head, plan, Denial(None, str(error)), 401) from None
    if isinstance(verdict, Denial):
        raise _refused(context, head, plan, verdict, 403)
    use = None if verdict is None else DelegatedUse(plan, verdict)
    if use is not None:
        _check_audit(context)
    return plan, replace(incoming, body=of.body, hidden=of.hidden), use


def validated_by_account(context: RequestContext, head: Head, plan: Single, use: DelegatedUse | None) -> Relay | None:
    """Return the plan to validate a token for a peer, where an account of this cloud is there for one that cannot itself."""
    called = called_path(plan.endpoint, plan.path)
    about_token = plan.endpoint.service == IDENTITY and called == TOKENS_PATH and head.method in ("GET", "HEAD")
    if use is None or not about_token or context.here.name not in context.readers:
        return None
    return Relay(plan.endpoint, plan.frontend_endpoint, plan.path, plan.headers, validates=True)


def _check_audit(context: RequestContext) -> None:
    """Refuse a request that could not be audited."""
    try:
        context.audit.check()
    except AuditError as error:
        LOG.error("%s", error)
        raise AnswerError(503, f"gateway of {context.here.name}: its use from abroad cannot be recorded") from None


def _refused(context: RequestContext, head: Head, plan: Single | Relay, denial: Denial, status: int) -> AnswerError:
    """Return the error for a request whose token, or whose use of it, is refused; the audit log has it by then."""
    line = DelegatedUse(plan, denial.rule, REFUSED).line(head, status, denial.reason)
    try:
        context.audit.write(line)
    except AuditError as error:
        LOG.error("%s", error)
    return AnswerError(status, f"gateway of {context.here.name}: {denial.reason}")
