# SPDX-License-Identifier: Apache-2.0
"""An HAProxy that has been taught routes before it starts, so that its first request with a scope is one that it knows."""

import time
from collections.abc import Collection, Mapping
from hashlib import sha256
from itertools import product
from pathlib import Path

from openstackoid.binding import KeyRepository, Kind
from openstackoid.bridge.binding.binder import Binder
from openstackoid.haproxy.bound_tokens import WINDOW
from openstackoid.haproxy.maps import BOUND_TOKENS, CLOUDS, ROUTES
from openstackoid.mesh import Mesh
from openstackoid.routing import Headers, Request, decide
from openstackoid.routing.route_cache import METHODS, cached_route, route_key
from openstackoid.scope import MARK as IN_TOKEN
from openstackoid.scope import split_token


def with_routes(
    files: Mapping[str, str], mesh: Mesh, at: str, scopes: Collection[Headers], keys: Path | None = None
) -> dict[str, str]:
    """Return the files of the gateway of ``at`` with the routes of all that may be kept of the headers of a request.

    ``keys``: the folder of the keys by which tokens are bound to peers.
    """
    rows: dict[str, str] = {}
    bound: dict[str, str] = {}
    # A map file ends a key at a space.
    assert not any(" " in value for headers in scopes for _, value in headers)
    places = dict(line.split(" ", 1) for line in files[CLOUDS].splitlines())
    for headers in scopes:
        for endpoint, method, more in product(mesh.clouds[at].endpoints, METHODS, ((), (("Upgrade", "websocket"),))):
            for path in ("", "/x", "/x/7", "/v2/images/i/file", "/v3/auth/tokens"):
                request = Request(method, endpoint.listener, endpoint.frontend.prefix + path, (*headers, *more), body={})
                route = cached_route(mesh, at, request, decide(mesh, at, request))
                if route is not None:
                    key = route_key(request, endpoint)
                    rows[key] = route.mark
                    if route.cloud is not None:
                        rows[key] = f"{places[route.cloud]}{route.mark}|{route.home or ''}"
                        if keys is not None:
                            scope = split_token(f"token{IN_TOKEN}{route.mark}")[1]
                            bound |= _bound(request, key, Binder(KeyRepository(keys)), route.cloud, scope)
    binding = {} if keys is None else {BOUND_TOKENS: "".join(f"{key} {token}\n" for key, token in bound.items())}
    return {
        **files,
        **binding,
        ROUTES: "".join(f"{key} {row}\n" for key, row in rows.items()),
    }


def _bound(request: Request, route: str, binder: Binder, peer: str, scope: str | None) -> dict[str, str]:
    """Return the bound token of a request, under the keys of this hour and the next."""
    value = next(iter(request.values("x-auth-token")), "")
    token = binder.bind(value.partition(IN_TOKEN)[0], Kind.USER, peer, scope, 86_400)
    hour = int(time.time()) // WINDOW
    digest = sha256(value.encode()).hexdigest().upper()
    return {f"{digest}|{route}|{number}": token for number in (hour, hour + 1)}
