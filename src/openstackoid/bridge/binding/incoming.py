# SPDX-License-Identifier: Apache-2.0
"""A request of a peer's gateway in the name of users or services of this cloud: its tokens are opened, and delegation judges it.

The decision was taken with the bound tokens as they came: a scope stands beside them. Whatever leads to this cloud's own services
is given the tokens themselves; the answer loses them again.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from secrets import token_hex
from typing import TypeVar

from openstackoid.binding import BoundToken, BoundTokenError, Kind, is_bound
from openstackoid.bridge.binding.binder import Binder, cut
from openstackoid.bridge.binding.credentials import AUTHORIZATION, PASSWORDS, STORAGE, possible_token
from openstackoid.bridge.identity.token_documents import body_token, with_body_token
from openstackoid.bridge.message.head import Head, without
from openstackoid.bridge.message.hidden_tokens import HiddenTokens
from openstackoid.mesh import Cloud
from openstackoid.policy import Delegated, Denial, TokenStep, Use, may_ask
from openstackoid.routing import (
    IDENTITY,
    TOKENS_PATH,
    Decision,
    Headers,
    Relay,
    ScopeSource,
    Single,
    called_path,
    folded_path,
)
from openstackoid.routing.delegated_downloads import METHOD
from openstackoid.routing.dispatched_method import form_body, method_override
from openstackoid.routing.images import IMAGE
from openstackoid.routing.reading import AUTH, SERVICE, SUBJECT
from openstackoid.routing.token_routes import possible_token_route
from openstackoid.scope import Scope

S = TypeVar("S", Single, Relay)

_SAID = (ScopeSource.TOKEN, ScopeSource.HEADER, ScopeSource.URL)
_CREDENTIALS = (STORAGE, AUTHORIZATION, *PASSWORDS)
_ASKED_OF_PEERS = ("compute", "block-storage")
_UNSAID = "the token is bound to a scope, and the request says none"
_OTHER = "the token is bound to another scope than the one beside it"
_IN_BODY = "it gives out a token in the body of its answer, which cannot be bound"


@dataclass(frozen=True, slots=True)
class Opened:
    """What the tokens of a request were. ``auth``: the content of the one in X-Auth-Token, if that is bound.

    ``exchanged``: the same of the one in the body. ``token``: the one in X-Auth-Token itself. ``authenticates``: whether the
    request has any credential. ``of_service``: whether what asks, either of the two, is a service's.
    """

    hidden: HiddenTokens
    body: bytes | None = field(repr=False)
    auth: BoundToken | None
    exchanged: BoundToken | None
    token: str | None = field(repr=False)
    authenticates: bool
    of_service: bool


def opened(plan: S, head: Head, body: bytes | None, binder: Binder, seconds: float) -> tuple[S, Opened]:
    """Return a plan for this cloud with the tokens of this cloud themselves in it.

    Raises :class:`~openstackoid.binding.BoundTokenError` for a bound token that the sender may not use.
    """
    _refuse_misplaced(head, binder)
    found: dict[str, BoundToken] = {}

    def bare(token: str) -> str:
        if not is_bound(token):
            return token
        if token not in found:
            found[token] = binder.open(token, head.sender)
        return found[token].token

    headers: Headers = tuple(
        (name, _with_token(value, bare)) if name.lower() in (AUTH, SUBJECT) else (name, value) for name, value in plan.headers
    )
    written = None if body is None else body_token(body)
    if body is not None and written is not None and is_bound(written):
        body = with_body_token(body, _with_token(written, bare))
        headers = without(headers, "content-length")
    if found:
        # The tokens are looked for in the bytes of the answer.
        headers = (*without(headers, "accept-encoding"), ("Accept-Encoding", "identity"))
    if isinstance(plan, Single) and plan.user is not None:
        plan = replace(plan, user=replace(plan.user, token=bare(plan.user.token)))
    if isinstance(plan, Relay) and plan.body_token is not None:
        plan = replace(plan, body_token=bare(plan.body_token))
    auth, _ = cut(next((value for name, value in plan.headers if name.lower() == AUTH), ""))
    exchanged = found.get(cut(written or "")[0])
    issue = None
    # The answer to a validation repeats the token: bound, one that came unbound would be another one's.
    if head.sender is not None and plan.endpoint.service == IDENTITY and _gives_token(head.method, plan):
        issue = partial(binder.issue, audience=head.sender, seconds=seconds, by=exchanged)
    hidden = HiddenTokens(tuple((bound.token, text) for text, bound in found.items()), issue)
    authenticates = bool(auth) or any(value for name in _CREDENTIALS for value in head.spelt(name))
    of_service = any(bound is not None and bound.kind is Kind.SERVICE for bound in (found.get(auth), exchanged))
    of = Opened(hidden, body, found.get(auth), exchanged, bare(auth) or None, authenticates, of_service)
    return replace(plan, headers=headers), of


def judged(here: Cloud, decision: Decision, head: Head, of: Opened) -> str | Denial | None:
    """Return what delegation says of a request: its rule or a denial. None for one without a credential.

    A token that is not bound counts as one under no scope: a peer may have stolen it. So does one that was issued by way of the
    peer, which writes the scope beside it.

    Raises :class:`~openstackoid.binding.BoundTokenError` for a scope that the token is not bound to.
    """
    plan, sender = decision.plan, head.sender
    if sender is None or not isinstance(plan, Single | Relay):
        return None
    use = Use(plan.endpoint.service, head.method, called_path(plan.endpoint, plan.path))
    step = _step(use, of.body) if use.service == IDENTITY else None
    if not of.authenticates and step is None:
        return None
    validates = use.service == IDENTITY and use.path == TOKENS_PATH and use.method in ("GET", "HEAD")
    scope = decision.scope if decision.source in _SAID else None
    # By the token of a service, none is exchanged under any scope.
    for bound in (of.auth, None if of.of_service else of.exchanged):
        if bound is not None and not validates:
            _refuse_other_scope(bound, scope)
    refusal = _indirect(head, use) or (_IN_BODY if step is not None and _shows_token(use) else None)
    if refusal is not None:
        return Denial(None, refusal)
    asked = Delegated(None if validates else use, step, of.of_service, _given(of.auth, scope, sender, here.name))
    return may_ask(here.policy.delegated_to(sender), asked)


def reads_images(here: Cloud, decision: Decision, head: Head, of: Opened) -> str | None:
    """Return the rule of delegation by which the peer may read the bytes of any image with the user's token, or None."""
    plan, sender = decision.plan, head.sender
    is_read = isinstance(plan, Single) and plan.endpoint.service == IMAGE and head.method == METHOD
    if not is_read or sender is None or of.auth is None or of.of_service:
        return None
    # No pattern of an operator names this id.
    use = Use(IMAGE, METHOD, f"/v2/images/{token_hex()}/file")
    scope = decision.scope if decision.source in _SAID else None
    verdict = may_ask(here.policy.delegated_to(sender), Delegated(use, given=_given(of.auth, scope, sender, here.name)))
    return None if isinstance(verdict, Denial) else verdict


def _refuse_misplaced(head: Head, binder: Binder) -> None:
    """Raise :class:`~openstackoid.binding.BoundTokenError` for a bound token in a header that is read for none."""
    for name in (STORAGE, SERVICE, AUTHORIZATION):
        for value in head.values(name):
            token, mark = cut((possible_token(value) or "") if name == AUTHORIZATION else value)
            # One with a mark is a peer's.
            if is_bound(token) and not (mark and name == SERVICE):
                binder.open(token, head.sender)
                raise BoundTokenError(f"a bound token is accepted in X-Auth-Token and X-Subject-Token, and not in {name.title()}")


def _refuse_other_scope(bound: BoundToken, scope: Scope | None) -> None:
    if scope is None and bound.kind is not Kind.ISSUED:
        raise BoundTokenError(_UNSAID)
    if scope is not None and not bound.holds_for(scope.to_header()):
        raise BoundTokenError(_OTHER)


def _indirect(head: Head, use: Use) -> str | None:
    """Return why a request may be another one to the service than the one that is judged."""
    if method_override(head.query, head.headers) is not None:
        return "the method of a request by way of a peer cannot be overridden"
    if form_body(use.service, use.method, head.headers) is not None:
        return f"a form is not accepted by way of a peer, for {use.service} may take a method from it"
    if head.values("upgrade"):
        return "a WebSocket by way of a peer is not opened with a bound token"
    return None


def _gives_token(method: str, plan: Single | Relay) -> bool:
    return possible_token_route(method, called_path(plan.endpoint, plan.path)) is not None


def _step(use: Use, body: bytes | None) -> TokenStep | None:
    if folded_path(use.path) == TOKENS_PATH and use.method == "DELETE":
        return "revocation"
    if possible_token_route(use.method, use.path) is None:
        return None
    return "exchange" if body is not None and body_token(body) is not None else "login"


def _shows_token(use: Use) -> bool:
    route = possible_token_route(use.method, use.path)
    return route is not None and route.instead is not None


def _given(bound: BoundToken | None, scope: Scope | None, sender: str, home: str) -> Collection[str]:
    """Return the services that the bound scope gives to the sender. A token that is bound to none gives none."""
    if bound is None or bound.kind is Kind.ISSUED or scope is None:
        return ()
    return [service for service in _ASKED_OF_PEERS if sender in scope.clouds_for(service, home)]


def _with_token(value: str, bare: Callable[[str], str]) -> str:
    token, mark = cut(value)
    return bare(token) + mark
