# SPDX-License-Identifier: Apache-2.0
"""An HAProxy that has been taught routes before it starts, so that its first request with a scope is one that it knows."""

from collections.abc import Collection, Mapping
from itertools import product

from openstackoid.haproxy.maps import CLOUDS, PEERS, ROUTES
from openstackoid.mesh import Mesh
from openstackoid.routing import Headers, Request, decide
from openstackoid.routing.route_cache import METHODS, cached_route, route_key


def with_routes(files: Mapping[str, str], mesh: Mesh, at: str, scopes: Collection[Headers]) -> dict[str, str]:
    """Return the files of the gateway of ``at`` with the routes of all that may be kept of the headers of a request."""
    rows: dict[str, str] = {}
    peers: dict[str, str] = {}
    # A map file ends a key at a space.
    assert not any(" " in value for headers in scopes for _, value in headers)
    places = dict(line.split(" ", 1) for line in files[CLOUDS].splitlines())
    for headers in scopes:
        for endpoint, method, more in product(mesh.clouds[at].endpoints, METHODS, ((), (("Upgrade", "websocket"),))):
            for path in ("", "/x", "/v3/auth/tokens"):
                request = Request(method, endpoint.listener, endpoint.frontend.prefix + path, (*headers, *more), body={})
                route = cached_route(mesh, at, request, decide(mesh, at, request))
                if route is not None:
                    key = route_key(request, endpoint)
                    rows[key] = route.mark
                    if route.cloud is not None:
                        peers[key] = places[route.cloud] + (route.home or "")
    return {
        **files,
        ROUTES: "".join(f"{key} {mark}\n" for key, mark in rows.items()),
        PEERS: "".join(f"{key} {place}\n" for key, place in peers.items()),
    }
