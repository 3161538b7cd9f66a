# SPDX-License-Identifier: Apache-2.0
"""The view *Choose a scope*: a cloud or an expression for each service, and the verdict of the rules. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openstackoid.console.copies import Copies, copies_of
from openstackoid.mesh import Mesh
from openstackoid.policy import NOBODY, Use, may_enter
from openstackoid.routing import Request, explain
from openstackoid.routing.explain import Explanation
from openstackoid.scope import EVERY_OTHER, IDENTITY, Scope, ScopeError, parse

READS = {
    "image": "/v2/images",
    "compute": "/v2.1/servers",
    "network": "/v2.0/networks",
    "block-storage": "/v3/volumes",
    "placement": "/resource_providers",
    "identity": "/v3/projects",
}
"""A read of a list of each service, on which the verdict is tried; the root of others."""

LISTED = 200
"""The most clouds that a field suggests."""

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Field:
    """The choice for a service. ``error``: the fault in it, and ``pointer`` the place."""

    service: str
    text: str
    error: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The treatment of a read of a service: ``works``, ``refused``, or ``depends``, with the reason in words."""

    service: str
    clouds: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the mesh that the scope breaks: its requests are refused with 409, or some of them (``partly``)."""

    name: str
    requests: str
    reason: str
    partly: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen scope. ``scope`` is None without a choice, or with an error."""

    fields: tuple[Field, ...]
    scope: Scope | None
    error: str = ""
    verdicts: tuple[Verdict, ...] = ()
    broken: tuple[Rule, ...] = ()
    kept: int = 0
    copies: Copies | None = None


def choice(mesh: Mesh, at: str, asked: Mapping[str, str], times: Mapping[str, float]) -> Choice:
    """Return the choice of a user of ``at``: ``asked`` has a cloud or an expression for each service and ``*``.

    ``times``: from this cloud, in milliseconds.
    """
    services = [*sorted(mesh.services - {IDENTITY}), EVERY_OTHER, *sorted(mesh.services & {IDENTITY})]
    fields = tuple(_field(mesh, service, asked.get(service, "").strip()[:_LONGEST]) for service in services)
    entries = {field.service: _entry(field) for field in fields if field.text}
    if not entries or any(field.error for field in fields):
        return Choice(fields, None)
    try:
        scope = _parsed(mesh, entries)
    except ScopeError as error:
        return Choice(fields, None, error.reason)
    verdicts = tuple(_verdict(mesh, at, service, scope, times) for service in sorted(mesh.services - {IDENTITY}))
    rules = [rule for rule in mesh.collaborations if {rule.service, rule.partner} <= mesh.services]
    broken = tuple(_broken(mesh, at, scope))
    return Choice(fields, scope, "", verdicts, broken, len(rules) - len(broken), copies_of(mesh.clouds[at], scope))


def _field(mesh: Mesh, service: str, text: str) -> Field:
    if not text:
        return Field(service, "")
    try:
        _parsed(mesh, {service: _entry(Field(service, text))})
    except ScopeError as error:
        try:
            parse(json.dumps({service: text}), services=mesh.known_services, clouds=mesh.known_clouds)
        except ScopeError as plain:
            return Field(service, text, plain.reason, plain.pointer())
        return Field(service, text, error.reason)
    return Field(service, text)


def _entry(field: Field) -> str:
    """Return the entry of a field: a cloud for every other service leaves the log-in at home."""
    text = field.text
    alone = field.service == EVERY_OTHER and text.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return f"({text})" if alone else text


def _parsed(mesh: Mesh, entries: Mapping[str, str]) -> Scope:
    return parse(json.dumps(dict(entries)), services=mesh.known_services, clouds=mesh.known_clouds, offers=mesh.offers)


def _verdict(mesh: Mesh, at: str, service: str, scope: Scope, times: Mapping[str, float]) -> Verdict:
    text, endpoint = scope.text_for(service, at), mesh.clouds[at].endpoint(service, "public")
    if endpoint is None:
        return Verdict(service, text, "depends", f"{at} has no {service} in its catalog, so clients do not ask for it")
    path = endpoint.frontend.prefix + READS.get(service, "/")
    headers = (("X-Auth-Token", "token"), ("X-Scope", scope.to_header()))
    told = explain(mesh, at, Request("GET", endpoint.listener, path, headers), measured={at: times})
    resolved = text if told.scope is None else told.scope.text_for(service, at)
    shown = text if resolved == text else f"{text}: now {resolved}"
    if told.status is not None:
        return Verdict(service, shown, "refused", f"{told.status}: {told.reason}")
    refused, unknown = list[str](), list[str]()
    for cloud, why in _peers(told, mesh, at, service):
        (refused if why else unknown).append(f"{cloud}: {why}" if why else cloud)
    if refused:
        return Verdict(service, shown, "refused", "; ".join(refused))
    if unknown:
        words = "decides about your user" if len(unknown) == 1 else "decide about your user"
        return Verdict(service, shown, "depends", f"the policy of {' and of '.join(unknown)} {words}: openstack scope show tells")
    return Verdict(service, shown, "works", _how(told, at))


def _peers(told: Explanation, mesh: Mesh, at: str, service: str) -> Iterator[tuple[str, str]]:
    """Yield each other cloud of a request with the refusal of all users from here; empty where its policy is not known."""
    for cloud in dict.fromkeys(told.clouds):
        if cloud == at:
            continue
        refused = [turn.reason for turn in told.turns if turn.status is not None and cloud in turn.clouds]
        if refused:
            yield cloud, refused[0] or ""
        elif mesh.clouds[cloud].policy == NOBODY:
            yield cloud, ""
        else:
            denial = may_enter(mesh.clouds[cloud].policy, at, at, Use(service, "GET", READS.get(service, "/")))
            yield cloud, "" if denial is None else denial.reason


def _how(told: Explanation, at: str) -> str:
    match told.route:
        case "otherwise":
            return f"in turn: {', then '.join(told.clouds)}"
        case "all":
            return f"at once: {', '.join(told.clouds)}"
    return "at home" if told.clouds == (at,) else f"sent to {', '.join(told.clouds)}"


def _broken(mesh: Mesh, at: str, scope: Scope) -> Iterator[Rule]:
    """Yield the rules whose two services are in clouds without a common data plane."""
    whole = scope.completed(at)
    for rule in mesh.collaborations:
        if not {rule.service, rule.partner} <= mesh.services:
            continue
        pairs = ((one, other) for one in whole.clouds_for(rule.service, at) for other in whole.clouds_for(rule.partner, at))
        if not all(mesh.together(rule.partner, one, other) for one, other in pairs):
            requests = ", ".join(f"{method} {path}" for method, path in rule.requests)
            yield Rule(rule.name, f"{rule.service}: {requests}", rule.reason, rule.asks_for_body)
