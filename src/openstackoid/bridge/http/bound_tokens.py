# SPDX-License-Identifier: Apache-2.0
"""The audit of bound tokens that come to the gateway's own pages."""

from openstackoid.binding import BoundTokenError, is_bound
from openstackoid.bridge.binding.binder import cut
from openstackoid.bridge.errors import AnswerError, WholeAnswer, without_gateway
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.pages.router import page
from openstackoid.bridge.pages.token_page import Exchange, TokenPage
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.tokens import delegated_use, refused_use, write_use
from openstackoid.mesh import Endpoint
from openstackoid.policy import Delegated, Denial, may_ask
from openstackoid.routing import IDENTITY
from openstackoid.routing.reading import AUTH


async def exchanged(context: RequestContext, head: Head, body: bytes | None) -> WholeAnswer:
    """Return the answer to a peer that has a token bound to the next cloud. Raises :class:`AnswerError`; both are audited."""
    tokens = TokenPage(context.here.name, context.tokens.binder)
    try:
        asked = tokens.exchange(head, body, context.mesh)
        _check_unscoped(context, head, asked)
    except AnswerError as error:
        reason = without_gateway(error.message, context.here.name)
        raise refused_use(context, head, _identity(context), Denial(None, reason), error.status) from None
    rule = f"delegation of {head.sender}/bound to {asked.audience}"
    use = await delegated_use(context, head, _identity(context), rule, asked.token)
    write_use(context, head, use)
    return page(tokens.document(asked, context.mesh))


async def audit_shown(context: RequestContext, head: Head, refusal: AnswerError | None) -> None:
    """Write the audit line of a page that was asked for with a bound token of this cloud."""
    token, mark = cut(next(iter(head.values(AUTH)), ""))
    if not is_bound(token) or context.here.tls is None:
        return
    try:
        bound = context.tokens.binder.open(token, head.sender)
    except BoundTokenError as error:
        # One with a mark may be a peer's, which is for that cloud to judge.
        if refusal is not None and not mark:
            refused_use(context, head, _identity(context), Denial(None, str(error)), refusal.status)
        return
    if refusal is None:
        rule = f"delegation of {head.sender}/validation"
        write_use(context, head, await delegated_use(context, head, _identity(context), rule, bound.token))


def _check_unscoped(context: RequestContext, head: Head, asked: Exchange) -> None:
    """Refuse a token whose scope the peer alone says, unless delegation names exchanges.

    It came unbound, and the peer may have stolen it, or it was issued by way of the peer.
    """
    if asked.unscoped and head.sender is not None:
        verdict = may_ask(context.here.policy.delegated_to(head.sender), Delegated(None, "exchange"))
        if isinstance(verdict, Denial):
            raise AnswerError(403, f"gateway of {context.here.name}: {verdict.reason}")


def _identity(context: RequestContext) -> Endpoint:
    """Return the endpoint that stands for the pages in the audit log."""
    here = context.here
    return here.endpoint(IDENTITY, "public") or here.endpoints[0]
