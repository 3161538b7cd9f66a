# SPDX-License-Identifier: Apache-2.0
"""Resolve a scope: from its expression for a service to the endpoints of clouds."""

from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.loops import came_through, refuse_third
from openstackoid.routing.reading import Reading
from openstackoid.routing.received import Received
from openstackoid.scope import Cloud, Scope, clouds_of, otherwise


def targets_of(reading: Reading, endpoint: Endpoint, scope: Scope) -> tuple[Endpoint, ...]:
    """Return the endpoints that may serve a request to ``endpoint``, in the order of the scope.

    A request from another gateway is served here, if the scope names this cloud among others: that gateway has chosen.
    Raises :class:`~openstackoid.routing.reading.RefusedError` if a cloud of the scope has none.
    """
    clouds = scope.clouds_for(endpoint.service, reading.at)
    if len(clouds) > 1 and reading.at in clouds and (reading.request.sender or came_through(reading.request)):
        clouds = (reading.at,)
    return tuple(_target_in(reading, endpoint, cloud) for cloud in clouds)


def resolved(mesh: Mesh, scope: Scope, service: str, cloud: str, *, partners: bool) -> Scope:
    """Return the scope of a workflow whose ``service`` is that of ``cloud``.

    With ``partners``, those by a rule of collaboration are the ones that can work with it: of the same cloud, else of clouds
    that share the data plane. All other entries are unchanged.
    """
    if not scope.is_compound:
        return scope
    if len(scope.clouds_for(service, "")) > 1:
        scope = scope.with_entry(service, Cloud(cloud))
    rules = [rule for rule in mesh.collaborations if service in (rule.service, rule.partner)] if partners else []
    others = {rule.partner if rule.service == service else rule.service for rule in rules} & mesh.services
    for partner in sorted(others):
        clouds = scope.clouds_for(partner, "")
        near = [one for one in clouds if mesh.together(partner, cloud, one)]
        if len(clouds) > 1 and near:
            scope = scope.with_entry(partner, Cloud(cloud) if cloud in near else otherwise(tuple(map(Cloud, near))))
    return scope


def readable(received: Received, scope: Scope, cloud: str, *, writes: bool) -> Scope:
    """Return the scope for a target in ``cloud``: for a peer whose gateway reads no operators, with one cloud for each service.

    That of the service itself is ``cloud``; of others, a read has the cloud if it is one of them, else the first. Raises
    :class:`~openstackoid.routing.reading.RefusedError` for a write, whose partners may have to be in any of theirs.
    """
    if not scope.is_compound or cloud == received.at or cloud not in received.request.plain:
        return scope
    own = scope.entry_for(received.endpoint.service)
    for name, expression in scope.entries:
        clouds = clouds_of(expression)
        if writes and name != own and len(clouds) > 1:
            message = (
                f"'{expression.to_text()}' of '{name}' is not read by the gateway of {cloud}, which is of an earlier release"
            )
            raise received.reading.bad_request(f"{message}; name one cloud for '{name}'")
        scope = scope.with_entry(name, Cloud(cloud if name == own or cloud in clouds else clouds[0]))
    return scope


def _target_in(reading: Reading, endpoint: Endpoint, cloud: str) -> Endpoint:
    if cloud == reading.at:
        return endpoint
    refuse_third(reading, cloud)
    peer = reading.mesh.clouds.get(cloud)
    if peer is None:
        raise reading.bad_request(f"the workflow's scope names {cloud}, which is not in the mesh any more")
    target = peer.endpoint(endpoint.service, endpoint.interfaces[0])
    if target is None:
        raise reading.bad_request(f"{cloud} has no service '{endpoint.service}', which the scope asks of it")
    return target
