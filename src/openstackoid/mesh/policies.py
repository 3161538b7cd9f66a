# SPDX-License-Identifier: Apache-2.0
"""From the schema of a cloud's ``policy`` to the policy, and what in it does not fit the mesh."""

from collections.abc import Collection, Iterator
from typing import Any

from openstackoid.mesh.errors import some_of
from openstackoid.mesh.policy_schema import MappingRuleSchema, PeerSchema, PolicySchema, ProjectSchema, ServicesSchema
from openstackoid.policy import (
    ANY,
    Budget,
    Condition,
    Domain,
    DomainScoped,
    MappingRule,
    PeerPolicy,
    Policy,
    RequestPattern,
    Roles,
    Services,
)
from openstackoid.scope.services import official_service_type


def policy_of(said: PolicySchema) -> Policy:
    """Return the policy that an operator wrote."""
    return Policy(said.seconds, tuple(_peer(cloud, peer) for cloud, peer in said.peers.items()), said.token_cache_time)


def faults(
    said: PolicySchema, own: str, clouds: Collection[str], offered: Collection[str]
) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield where the policy of the cloud ``own`` speaks of clouds or services that the mesh does not have.

    Each is the place below ``policy``, and what is accepted there.
    """

    def others() -> str:
        return some_of(name for name in clouds if name != own) or "none: the mesh has no peer"

    for cloud, peer in said.peers.items():
        at: tuple[Any, ...] = ("peers", cloud)
        if cloud == own:
            yield at, f"users of {own} are at home here, and judged by its own Keystone; a policy is for: {others()}"
        elif cloud != ANY and cloud not in clouds:
            yield at, f"unknown cloud '{cloud}'; accepted: {others()}, or '*' for each that is not named"
        for number, name in enumerate(peer.through):
            if name != ANY and (name == own or name not in clouds):
                yield (*at, "through", number), f"'{name}' is no gateway of a peer; accepted: {others()}, or '*' for any"
        places: list[tuple[tuple[Any, ...], ServicesSchema]] = [((*at, "services"), peer.services)]
        places += [
            ((*at, "people", number, "services"), people.services)
            for number, people in enumerate(peer.people)
            if people.services is not None
        ]
        for place, services in places:
            for service in services:
                if service not in (*offered, ANY) and official_service_type(service) is None:
                    wrong = f"unknown service '{service}'; a service of OpenStack, or one of this mesh, is accepted"
                    yield (*place, service), wrong


def _peer(cloud: str, said: PeerSchema) -> PeerPolicy:
    budget = None if said.budget is None else Budget(said.budget.requests, said.budget.seconds)
    people = tuple(_people(entry) for entry in said.people)
    return PeerPolicy(cloud, people, _allowed(said.services), tuple(said.through), said.rate, budget, said.tokens)


def _people(said: MappingRuleSchema) -> MappingRule:
    users, projects = (Condition(tuple(c.domains), tuple(c.names), tuple(c.ids)) for c in (said.users, said.projects))
    roles = Roles(tuple((theirs, tuple(ours)) for theirs, ours in said.roles.items()))
    services = None if said.services is None else _allowed(said.services)
    project = said.project
    if isinstance(project, ProjectSchema):
        local = DomainScoped(project.id, project.name, Domain(project.domain.id, project.domain.name))
        return MappingRule(said.name, roles, users, projects, local, services)
    return MappingRule(said.name, roles, users, projects, project, services)


def _allowed(said: ServicesSchema) -> Services:
    return Services(tuple((service, tuple(map(RequestPattern.parse, requests))) for service, requests in said.items()))
