# SPDX-License-Identifier: Apache-2.0
"""Find collaborations of a scope that cannot work, by the rules of the mesh, before a request begins one."""

from collections.abc import Iterator
from typing import Any

from openstackoid.mesh import Collaboration, Mesh
from openstackoid.routing.target import target_cloud
from openstackoid.scope import LEADERS, Scope

FORCE = "x-scope-force"
"""The header with which a user overrides a refusal; the gateway's operator decides whether it counts."""


def separated(mesh: Mesh, scope: Scope, service: str, method: str, called: str) -> list[Collaboration]:
    """Return the rules about this request whose two services the completed ``scope`` puts into clouds that share nothing.

    ``called`` is the path below the service's root. Bodies are not looked into here. A partner that no cloud of the mesh has
    behind a gateway cannot be moved by a scope, so it is not asked for.
    """
    return [
        rule
        for rule in mesh.collaborations
        if rule.service == service
        and rule.partner in mesh.services
        and rule.about(method, called)
        and not mesh.together(rule.partner, target_cloud(scope, service, ""), target_cloud(scope, rule.partner, ""))
    ]


def broken(rules: list[Collaboration], body: Any) -> Collaboration | None:
    """Return the first of the rules that is about a request with this JSON document as its body."""
    return next((rule for rule in rules if rule.applies(body)), None)


def explanation(mesh: Mesh, rule: Collaboration, scope: Scope, force: str) -> str:
    """Say which rule, why, and what would do; ``force`` is what the gateway says about overriding it."""
    here, there = target_cloud(scope, rule.service, ""), target_cloud(scope, rule.partner, "")
    fixes = " or ".join(_fixes(mesh, rule, scope))
    return (
        f"{rule.service} of {here} cannot work with {rule.partner} of {there} (rule {rule.name}): {rule.reason};"
        f" say {fixes or 'one cloud for both'}; clouds that share this data plane are named in the mesh description; {force}"
    )


def _fixes(mesh: Mesh, rule: Collaboration, scope: Scope) -> Iterator[str]:
    """Yield the scopes that put both services into one cloud that has both: into that of the one, and into that of the other."""
    for cloud in (target_cloud(scope, rule.service, ""), target_cloud(scope, rule.partner, "")):
        # A remembered scope may name a cloud that is gone.
        if not {rule.service, rule.partner} <= mesh.offers.get(cloud, frozenset()):
            continue
        entries = {name: named for name, named in scope.items() if name not in (rule.service, rule.partner)}
        entries |= {rule.service: cloud}
        if LEADERS.get(rule.partner) != rule.service:
            entries |= {rule.partner: cloud}
        yield Scope.of(entries).to_header()
