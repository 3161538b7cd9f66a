# SPDX-License-Identifier: Apache-2.0
"""A request as the gateway received it: its endpoint, and the one scope of all its parts."""

from dataclasses import dataclass, replace

from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.decision import Credentials, ScopeSource
from openstackoid.routing.paths import refuse_confusing
from openstackoid.routing.reading import AUTH, PLAIN, SERVICE, SUBJECT, Reading, RefusedError, Token
from openstackoid.routing.request import Request
from openstackoid.routing.scoped_url import scoped_url, with_segment
from openstackoid.routing.workflows import REQUEST_ID, may_be_remembered
from openstackoid.scope import Scope, is_marked


@dataclass(frozen=True, slots=True)
class Received:
    """A request to ``endpoint``; ``reading`` has the path that the service knows.

    ``frontend_endpoint``: the endpoint as the client knows it, with the scope in its URL if ``in_url``. ``auth``: the token in
    X-Auth-Token. ``scope``: the completed scope, or None.
    """

    reading: Reading
    endpoint: Endpoint
    frontend_endpoint: Endpoint
    in_url: bool
    auth: Token | None
    scope: Scope | None

    @property
    def request(self) -> Request:
        """Return the request without the scope in its URL."""
        return self.reading.request

    @property
    def at(self) -> str:
        """Return the cloud of the gateway."""
        return self.reading.at

    def request_id(self) -> str:
        """Return the request id, or an empty text for none or several without a workflow's.

        Raises :class:`RefusedError` otherwise.
        """
        ids = self.request.values(REQUEST_ID)
        if len(ids) > 1 and any(map(may_be_remembered, ids)):
            raise self.reading.bad_request(
                f"{REQUEST_ID.title()} is sent {len(ids)} times, with that of a workflow; once is accepted"
            )
        return ids[0] if len(ids) == 1 else ""

    def credentials(self, auth: Token, scope: Scope) -> Credentials:
        """Return the user of a request with ``scope``, whose token is ``auth``."""
        issuer, vouching = scope.issuer(self.at), self.reading.token(SERVICE)
        if vouching is None:
            return Credentials(issuer, auth.bare)
        return Credentials(issuer, auth.bare, vouching.bare, vouching.issuer(self.at))


def receive(mesh: Mesh, at: str, request: Request) -> Received:
    """Return the request as the gateway of ``at`` received it. Raises :class:`RefusedError`."""
    cloud, reading = mesh.clouds[at], Reading(mesh, at, request)
    endpoint = cloud.locate(request.listener, request.path)
    if endpoint is None:
        roots = sorted({known.frontend.root() for known in cloud.endpoints if known.listener == request.listener})
        raise RefusedError(at, 404, "Not Found", f"no service is served at this path; served are: {', '.join(roots)}")
    reading.refuse_blocked(request.sender)
    reading.refuse_scopes_elsewhere()
    refuse_confusing(reading, endpoint)
    in_url, frontend_endpoint = reading.url_scope(endpoint), endpoint
    if in_url is not None:
        reading = replace(reading, request=replace(request, path=in_url.path))
        frontend_endpoint = with_segment(endpoint, in_url.segment)
    auth = reading.token(AUTH)
    scope = reading.agreed("X-Scope and the scope in X-Auth-Token", reading.plain_scope(), auth.scope if auth else None)
    scope = reading.agreed("the scopes of the URL and of the request", in_url.scope if in_url else None, scope)
    return Received(reading, endpoint, frontend_endpoint, in_url is not None, auth, scope)


def scope_source(mesh: Mesh, at: str, request: Request) -> ScopeSource:
    """Return the part of the request with the scope, without any check."""
    endpoint = mesh.clouds[at].locate(request.listener, request.path)
    if endpoint is not None and scoped_url(endpoint, request.path) is not None:
        return ScopeSource.URL
    tokens = [*request.values(AUTH), *request.values(SUBJECT)]
    if request.body_token is not None:
        tokens.append(request.body_token)
    if any(map(is_marked, tokens)):
        return ScopeSource.TOKEN
    return ScopeSource.HEADER if request.values(PLAIN) else ScopeSource.NONE
