# SPDX-License-Identifier: Apache-2.0
"""Make the policy from the schema of a cloud's ``policy``, and find unknown names in it."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from openstackoid.mesh.errors import some_of
from openstackoid.mesh.policy_schema import (
    DelegationSchema,
    MappingRuleSchema,
    PeerSchema,
    PolicySchema,
    ProjectSchema,
    ServicesSchema,
)
from openstackoid.policy import (
    ANY,
    Budget,
    Condition,
    Delegation,
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


def policy_of(schema: PolicySchema) -> Policy:
    """Return the policy that an operator wrote."""
    peers = tuple(_peer(cloud, peer) for cloud, peer in schema.peers.items())
    delegation = tuple(_delegation(cloud, entry) for cloud, entry in schema.delegation.items())
    return Policy(schema.seconds, peers, schema.token_cache_time, schema.audit, delegation)


def faults(
    schema: PolicySchema, own: str, clouds: Collection[str], offered: Collection[str]
) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield unknown clouds and services in the policy of the cloud ``own``.

    Each: the place below ``policy``, and the words for the accepted values.
    """

    def others() -> str:
        return some_of(name for name in clouds if name != own) or "none: the mesh has no peer"

    for cloud, peer in schema.peers.items():
        at: tuple[Any, ...] = ("peers", cloud)
        if cloud == own:
            yield at, f"users of {own} are at home here, and judged by its own Keystone; a policy is for: {others()}"
        elif cloud != ANY and cloud not in clouds:
            yield at, f"unknown cloud '{cloud}'; accepted: {others()}, or '*' for each that is not named"
        for number, name in enumerate(peer.through):
            if name != ANY and (name == own or name not in clouds):
                yield (*at, "through", number), f"'{name}' is not the gateway of a peer; accepted: {others()}, or '*' for any"
        places: list[tuple[tuple[Any, ...], ServicesSchema]] = [((*at, "services"), peer.services)]
        places += [
            ((*at, "people", number, "services"), people.services)
            for number, people in enumerate(peer.people)
            if people.services is not None
        ]
        yield from _unknown_services(places, offered)
    for cloud, entry in schema.delegation.items():
        at = ("delegation", cloud)
        if cloud == own or (cloud != ANY and cloud not in clouds):
            yield at, f"'{cloud}' is not a peer; accepted: {others()}, or '*' for each that is not named"
        yield from _unknown_services([((*at, "users"), entry.users), ((*at, "services"), entry.services)], offered)


def _unknown_services(
    places: Iterable[tuple[tuple[Any, ...], ServicesSchema]], offered: Collection[str]
) -> Iterator[tuple[tuple[Any, ...], str]]:
    for place, services in places:
        for service in services:
            if service not in (*offered, ANY) and official_service_type(service) is None:
                wrong = f"unknown service '{service}'; a service of OpenStack, or one of this mesh, is accepted"
                yield (*place, service), wrong


def _peer(cloud: str, schema: PeerSchema) -> PeerPolicy:
    budget = None if schema.budget is None else Budget(schema.budget.requests, schema.budget.seconds)
    people = tuple(_people(entry) for entry in schema.people)
    return PeerPolicy(cloud, people, _allowed(schema.services), tuple(schema.through), schema.rate, budget, schema.tokens)


def _delegation(cloud: str, schema: DelegationSchema) -> Delegation:
    return Delegation(cloud, _allowed(schema.users), _allowed(schema.services), tuple(schema.tokens), schema.images)


def _people(schema: MappingRuleSchema) -> MappingRule:
    users, projects = (Condition(tuple(c.domains), tuple(c.names), tuple(c.ids)) for c in (schema.users, schema.projects))
    roles = Roles(tuple((theirs, tuple(ours)) for theirs, ours in schema.roles.items()))
    services = None if schema.services is None else _allowed(schema.services)
    project = schema.project
    if isinstance(project, ProjectSchema):
        local = DomainScoped(project.id, project.name, Domain(project.domain.id, project.domain.name))
        return MappingRule(schema.name, roles, users, projects, local, services)
    return MappingRule(schema.name, roles, users, projects, project, services)


def _allowed(schema: ServicesSchema) -> Services:
    return Services(tuple((service, tuple(map(RequestPattern.parse, requests))) for service, requests in schema.items()))
