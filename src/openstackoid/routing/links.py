# SPDX-License-Identifier: Apache-2.0
"""Answers stay inside: what a link in an answer becomes, so that it names the frontend that the client spoke to.

A service builds its links from the ``Host`` that it is sent, which is the client's, and from its own path prefix; or from an
address that its operators have set, which is a frontend of its own cloud. Both are known from the mesh. The bridge rewrites links
by the tables here, and HAProxy's maps are written from them.
"""

import re
from collections.abc import Iterator
from typing import Literal

from openstackoid.mesh import DEFAULT_PORTS, Cloud, Endpoint, FrontendUrl
from openstackoid.routing.images import IMAGE, is_followed
from openstackoid.routing.normal_path import decoded
from openstackoid.routing.request import Request
from openstackoid.routing.scoped_url import as_entered

VERSION_DOCUMENT = r"/?|/versions/?|/v[0-9.]+/?"
"""Below a service's root: the documents from whose links clients build every later URL."""

USERS_BYTES = frozenset({IMAGE, "object-store"})
"""Services whose bodies are the user's own bytes. Glance's other links are paths below its root, which are right everywhere."""

HOSTS_OWN = (
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "alt-svc",
    "clear-site-data",
    "nel",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
)
"""Headers that speak for the host that the client talked to, which is this cloud's: an answer of a peer loses them."""

LEADING = ("refresh", "link", "x-storage-url", "x-image-meta-location")
"""Headers by which an answer of a peer could have a client ask another place; it loses them. No service here needs one.

A browser follows the first two, a client of Swift's own log-in the third, one of Glance's first API the last.
"""

GIVEN_BY_KEYSTONE = "x-subject-token"
"""The header in which Keystone gives out a token; a peer's other services lose it."""

CHALLENGE = r'^(Keystone uri="[^"]*"|Swift realm="[^"]*")$'
"""The one ``WWW-Authenticate`` that an answer of a peer may have: a client could send a password wherever another one says.

Keystone's is made to name the Keystone of this cloud.
"""

REDIRECTS = frozenset({*range(300, 400)} - {304})
"""Statuses for which clients repeat a request, tokens included, at the place that ``Location`` names. 304 never has one."""

CLAIMS_OF_PROXIES = (
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-scheme",
    "x-forwarded-server",
)
"""Headers in which a client could tell a service of this cloud how it is reached; the gateway says it by others.

Read by oslo.middleware, Routes, Paste and Werkzeug. A WSGI server folds ``X_Forwarded_Host`` into ``X-Forwarded-Host``, so no
header of the family passes with an underscore.
"""

ASTRAY = "redirects the request to a place that is not its own service; a redirect within it is accepted, for GET and HEAD"
"""What a gateway says of a peer's redirect that it does not hand on."""

_DOCUMENT = re.compile(VERSION_DOCUMENT)

AnswersWithLinks = Literal["all", "documents", "images"]


def answers_with_links(frontend_endpoint: Endpoint, target: Endpoint) -> AnswersWithLinks | None:
    """Return which answers of a peer have links in their bodies that would lead out of the gateway, or services astray."""
    if frontend_endpoint.cloud == target.cloud:
        return None
    if target.service == IMAGE:
        return "images"
    same = (frontend_endpoint.frontend.prefix, frontend_endpoint.frontend.scheme) == (
        target.frontend.prefix,
        target.frontend.scheme,
    )
    if same and not target.fixed_links:
        return None
    return _in_bodies(target)


def _in_bodies(target: Endpoint) -> Literal["all", "documents"]:
    return "documents" if target.service in USERS_BYTES else "all"


def rewrites_links(frontend_endpoint: Endpoint, target: Endpoint, request: Request, *, scoped: bool = False) -> bool:
    """Return whether the links in the body of the answer to ``request`` are to be rewritten. A WebSocket has none.

    ``scoped``: the client came by a URL with a scope in it, which the links are to carry on.
    """
    which = answers_with_links(frontend_endpoint, target)
    if scoped and which != "images":
        which = _in_bodies(target)
    if which is None or any("websocket" in value.lower() for value in request.values("upgrade")):
        return False
    if which == "images" and is_followed(request.path[len(frontend_endpoint.frontend.prefix) :], request):
        return True
    return which == "all" or (request.method in ("GET", "HEAD") and names_document(frontend_endpoint, request.path))


def names_document(frontend_endpoint: Endpoint, path: str) -> bool:
    """Return whether ``path`` of the frontend of ``frontend_endpoint`` is that of a version document."""
    return _DOCUMENT.fullmatch(decoded(path[len(frontend_endpoint.frontend.prefix) :])) is not None


def own_places(here: Cloud, frontend_endpoint: Endpoint, target: Endpoint) -> dict[str, Endpoint]:
    """Map path prefixes that an answer of ``target`` may name on the client's own host to the endpoints that they mean.

    The longest prefix of a path counts. At home a service may also name itself as its backend has it, or without any prefix.
    """
    places = {frontend_endpoint.frontend.prefix: frontend_endpoint}
    if target.cloud != here.name:
        places.setdefault(target.frontend.prefix, frontend_endpoint)
        return places
    for endpoint in here.endpoints:
        if endpoint.listener == frontend_endpoint.listener:
            places.setdefault(endpoint.frontend.prefix, as_entered(here, frontend_endpoint, endpoint))
    for prefix in (*(address.path for address in frontend_endpoint.backends[:1]), ""):
        places.setdefault(prefix, frontend_endpoint)
    return places


def peer_places(here: Cloud, peer: Cloud, interface: str) -> Iterator[tuple[str, str, Endpoint]]:
    """Yield host, path prefix and our endpoint of the same service for each frontend of a peer."""
    for endpoint in peer.endpoints:
        ours = here.endpoint(endpoint.service, interface)
        if ours is not None:
            yield plain_host(f"{endpoint.frontend.host}:{endpoint.frontend.port}", here), endpoint.frontend.prefix, ours


def link_schemes(here: Cloud) -> tuple[str, ...]:
    """Return the schemes of the links that are looked at. Behind TLS, a service that was not told of it writes http.

    A gateway without TLS leaves https alone: another proxy may stand in front of it that has it.
    """
    return ("http",) if here.tls is None else tuple(DEFAULT_PORTS)


def plain_host(host: str, here: Cloud) -> str:
    """Return a URL's host and port in the form in which they are compared."""
    folded = host.lower()
    for scheme in link_schemes(here):
        bare = folded.removesuffix(f":{DEFAULT_PORTS[scheme]}")
        if bare != folded:
            return bare
    return folded


def own_identity(here: Cloud, frontend_endpoint: Endpoint) -> FrontendUrl[str] | None:
    """Return the frontend of this cloud's Keystone that goes with ``frontend_endpoint``."""
    found = here.endpoint("identity", frontend_endpoint.interfaces[0])
    return None if found is None else found.frontend
