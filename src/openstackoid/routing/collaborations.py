# SPDX-License-Identifier: Apache-2.0
"""Find collaborations of services that cannot work under a scope, by the rules of the mesh."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from openstackoid.mesh import Collaboration, Mesh
from openstackoid.scope import LEADERS, Cloud, Scope

FORCE = "x-scope-force"
"""The header with which a user overrides a refusal, if the operator allows it."""


def separated(mesh: Mesh, scope: Scope, service: str, method: str, called: str) -> list[Collaboration]:
    """Return the rules about this request whose two services ``scope`` puts into clouds that share no data plane.

    ``called``: the path below the service's root. Bodies are not checked here. A partner that no cloud of the mesh offers is
    ignored.
    """
    return [
        rule
        for rule in mesh.collaborations
        if rule.service == service
        and rule.partner in mesh.services
        and rule.about(method, called)
        and not _together(mesh, rule.partner, scope.clouds_for(service, ""), scope.clouds_for(rule.partner, ""))
    ]


def broken(rules: list[Collaboration], body: Any) -> Collaboration | None:
    """Return the first of the rules that matches a request with this JSON document as its body."""
    return next((rule for rule in rules if rule.applies(body)), None)


def explanation(mesh: Mesh, rule: Collaboration, scope: Scope, force: str) -> str:
    """Explain the rule with scopes that work; ``force`` is the gateway's sentence about overriding."""
    here, there = scope.text_for(rule.service, ""), scope.text_for(rule.partner, "")
    fixes = " or ".join(_fixes(mesh, rule, scope))
    return (
        f"{rule.service} of {here} cannot work with {rule.partner} of {there} (rule {rule.name}): {rule.reason};"
        f" use {fixes or 'one cloud for both'}; the mesh description names clouds that share this data plane; {force}"
    )


def _fixes(mesh: Mesh, rule: Collaboration, scope: Scope) -> Iterator[str]:
    """Yield the scopes that put both services into one cloud that has both."""
    for cloud in dict.fromkeys((*scope.clouds_for(rule.service, ""), *scope.clouds_for(rule.partner, ""))):
        # A stored scope may name a cloud that has left the mesh.
        if not {rule.service, rule.partner} <= mesh.offers.get(cloud, frozenset()):
            continue
        entries = {name: named for name, named in scope.entries if name not in (rule.service, rule.partner)}
        entries |= {rule.service: Cloud(cloud)}
        if LEADERS.get(rule.partner) != rule.service:
            entries |= {rule.partner: Cloud(cloud)}
        yield Scope(tuple(entries.items())).to_header()


def _together(mesh: Mesh, service: str, some: Iterable[str], others: Collection[str]) -> bool:
    return all(mesh.together(service, one, other) for one in some for other in others)
