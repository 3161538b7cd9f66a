# SPDX-License-Identifier: Apache-2.0
"""Resolve a scope: from its expression for a service to the endpoint of a cloud."""

from openstackoid.mesh import Endpoint
from openstackoid.routing.loops import refuse_third
from openstackoid.routing.reading import Reading
from openstackoid.scope import Scope


def target_cloud(scope: Scope, service: str, home: str) -> str:
    """Return the cloud that serves ``service``: that of the scope, or ``home``."""
    return scope.clouds_for(service, home)[0]


def target_of(reading: Reading, endpoint: Endpoint, scope: Scope) -> Endpoint:
    """Return the endpoint that serves a request to ``endpoint``.

    Raises :class:`~openstackoid.routing.reading.RefusedError` if the cloud of the scope has none.
    """
    cloud = target_cloud(scope, endpoint.service, reading.at)
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
