# SPDX-License-Identifier: Apache-2.0
"""Explain a decision in words: how a gateway would treat a request, and why."""

from dataclasses import dataclass, replace
from typing import Any

from openstackoid.mesh import HTTPS, Cloud, Mesh, Timeouts
from openstackoid.mesh.settings import AS_GATEWAY, written_time
from openstackoid.policy import Use, may_enter
from openstackoid.redaction import redacted
from openstackoid.routing.decide import decide
from openstackoid.routing.decision import All, Decision, MoreInput, Otherwise, ReadTimes, Refuse, Relay, Route, Single
from openstackoid.routing.near import times_from
from openstackoid.routing.normal_path import called_path
from openstackoid.routing.request import Request
from openstackoid.scope import NearTold, Scope, Times, near_told


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the gateway of ``home`` would treat a request.

    ``service`` and ``interface``: of the URL, None without a service. ``scope``: the completed scope, or None where the request
    is refused before it is known. ``route``: ``local`` (a backend of this cloud), ``remote`` (a peer's gateway), ``bridge`` (the
    Python service asks one of ``clouds`` and adapts the answer), ``otherwise`` (it asks ``clouds`` in turn, each as ``turns``
    has it), ``all`` (it asks them at once) or ``refuse`` (with ``status`` and ``reason``). ``urls``: the possible targets, and
    ``verified`` the names and signers of their certificates. ``guest``: the issuer of a foreign token for a request that stays
    here, whose user the policy of ``home`` must allow. ``near``: the resolution of each ``around`` and ``nearest``. ``waits``:
    the times for a service that has its own, else None. ``gateway``: settings of the gateway of ``home`` in words, if it is
    known here. ``pointer``: of a malformed scope, its text and carets, which the JSON does not have.
    """

    service: str | None
    interface: str | None
    home: str
    scope: Scope | None
    route: Route
    clouds: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    status: int | None = None
    reason: str | None = None
    guest: str | None = None
    verified: tuple[str, ...] = ()
    turns: "tuple[Explanation, ...]" = ()
    near: tuple[NearTold, ...] = ()
    waits: Timeouts | None = None
    gateway: tuple[str, ...] = ()
    pointer: str = ""

    def document(self) -> dict[str, Any]:
        """Return the explanation as JSON, without those of the eight attributes before ``pointer`` that are empty."""
        guest = {} if self.guest is None else {"guest": self.guest}
        refusal = {} if self.status is None else {"status": self.status, "reason": self.reason}
        return {
            "service": self.service,
            "interface": self.interface,
            "home": self.home,
            "scope": None if self.scope is None else dict(self.scope),
            "route": self.route,
            "clouds": list(self.clouds),
            "urls": list(self.urls),
            **({"verified": list(self.verified)} if self.verified else {}),
            **guest,
            **refusal,
            **({"turns": [_of_turn(turn.document()) for turn in self.turns]} if self.turns else {}),
            **({"near": [each.document() for each in self.near]} if self.near else {}),
            **({"waits": {"server": self.waits.server, "client": self.waits.client}} if self.waits else {}),
            **({"gateway": list(self.gateway)} if self.gateway else {}),
        }


def explain(mesh: Mesh, at: str, request: Request, query: str = "", measured: Times | None = None) -> Explanation:
    """Return how the gateway of ``at`` would treat ``request``; ``query`` is that of its URL, with its ``?``.

    An unread body counts as an empty document, as a missing one does at a gateway. ``measured``: the times around clouds, beside
    those that the mesh has.
    """
    if request.body is None:
        request = replace(request, body={})
    decision = decide(mesh, at, request)
    while isinstance(decision, ReadTimes):
        found = {center: times_from(mesh, center, (measured or {}).get(center, {})) for center in decision.centers}
        request = replace(request, times={**request.times, **found})
        decision = decide(mesh, at, request)
    if isinstance(decision, MoreInput):
        raise AssertionError("a body or a scope is there, and is asked for")
    told = replace(_told(mesh, at, request, decision, query), waits=_waits(mesh.clouds[at], request, decision))
    written = None if decision.scope is None else decision.scope.written
    return told if written is None else replace(told, near=near_told(mesh.clouds, written, request.times))


def _told(mesh: Mesh, at: str, request: Request, decision: Decision, query: str) -> Explanation:
    guest = decision.plan.guest if isinstance(decision.plan, Single) else None
    if guest is not None:
        decision = _authorized(mesh, at, request, decision)
    endpoint = mesh.clouds[at].locate(request.listener, request.path)
    told = Explanation(
        service=None if endpoint is None else endpoint.service,
        interface=None if endpoint is None else endpoint.interfaces[0],
        home=at,
        scope=decision.scope,
        route=decision.route,
        guest=None if guest is None else guest.issuer,
    )
    plan = decision.plan
    if isinstance(plan, Otherwise | All):
        several = plan.turns if isinstance(plan, Otherwise) else plan.branches
        decisions = {turn.cloud: replace(decision, plan=turn.plan) for turn in several}
        parts = {cloud: _told(mesh, at, request, each, query) for cloud, each in decisions.items()}
        turns = tuple(part if part.turns else replace(part, clouds=(cloud,)) for cloud, part in parts.items())
        verified = tuple(dict.fromkeys(name for turn in turns for name in turn.verified))
        urls = tuple(url for turn in turns for url in turn.urls)
        clouds = tuple(cloud for turn in turns for cloud in turn.clouds)
        return replace(told, clouds=clouds, urls=urls, verified=verified, turns=turns)
    if isinstance(plan, Refuse):
        pointer = "" if plan.fault is None else redacted(plan.fault.pointer())
        return replace(told, status=plan.status, reason=redacted(plan.message), pointer=pointer)
    urls = tuple(redacted(url + query) for url in _urls(plan))
    return replace(told, clouds=(plan.endpoint.cloud,), urls=urls, verified=_verified(mesh, at, plan))


def waits_in_words(waits: Timeouts) -> str:
    """Return the waits for a service and for its clients."""
    return f"{written_time(waits.server)} for the service, {written_time(waits.client)} for the client"


def _waits(here: Cloud, request: Request, decision: Decision) -> Timeouts | None:
    """Return the times for the service of a request, if it has its own; those of the service here hold for a peer's, too."""
    endpoint = here.locate(request.listener, request.path)
    if endpoint is None or endpoint.timeouts == AS_GATEWAY or isinstance(decision.plan, Refuse):
        return None
    return here.timeouts_of(endpoint)


def _of_turn(document: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a turn's document that is not that of the whole request."""
    return {name: value for name, value in document.items() if name not in ("service", "interface", "home", "scope")}


def _authorized(mesh: Mesh, at: str, request: Request, decision: Decision) -> Decision:
    """Return the decision, or the policy's refusal of all users of the issuer."""
    plan = decision.plan
    if not isinstance(plan, Single):
        return decision
    frontend_endpoint = plan.frontend_endpoint
    use = Use(frontend_endpoint.service, request.method, called_path(frontend_endpoint, request.path))
    denial = may_enter(mesh.clouds[at].policy, decision.issuer, request.sender, use)
    if denial is None:
        return decision
    return replace(decision, plan=Refuse(403, "Forbidden", f"gateway of {at}: {denial.reason}"))


def _verified(mesh: Mesh, at: str, plan: Single | Relay) -> tuple[str, ...]:
    """Return the name in each certificate that a target must have, and the file of the authority that must have signed it."""
    endpoint, tls = plan.endpoint, mesh.clouds[at].tls
    if plan.local:
        secure = [address for address in endpoint.backends if address.secure]
        names = [(address.name, address.authority or "an authority of the system") for address in secure]
    else:
        names = [(endpoint.cloud, tls.authority)] if tls is not None and endpoint.frontend.scheme == HTTPS else []
    return tuple(dict.fromkeys(f"a certificate for {name}, signed by {signer}" for name, signer in names))


def _urls(plan: Single | Relay) -> list[str]:
    endpoint = plan.endpoint
    if not plan.local:
        return [endpoint.frontend.origin() + plan.path]
    below = plan.path.removeprefix(endpoint.frontend.prefix)
    return [backend.url() + (below if backend.path else below or "/") for backend in endpoint.backends]
