# SPDX-License-Identifier: Apache-2.0
"""Rewrite links in answers, so that they name the frontend that the client used.

A service builds links from the ``Host`` that it gets, which is the client's, with its own path prefix, or from an address that
its operators have set: a frontend of its cloud. The mesh has both. The bridge uses the tables here, and HAProxy's maps are made
from them.
"""

import re
from collections.abc import Iterator
from typing import Literal

from openstackoid.mesh import DEFAULT_PORTS, Cloud, Endpoint, FrontendUrl
from openstackoid.routing.images import IMAGE, is_followed_write
from openstackoid.routing.normal_path import decoded
from openstackoid.routing.peer_reads import may_have_list
from openstackoid.routing.request import Request
from openstackoid.routing.scoped_url import as_entered

VERSION_DOCUMENT = r"/?|/versions/?|/v[0-9.]+/?"
"""Version documents below a service's root. Clients build every later URL from their links."""

USERS_BYTES = frozenset({IMAGE, "object-store"})
"""Services whose bodies are the user's bytes. Glance's other links are paths below its root, which are right everywhere."""

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
"""Headers that speak for the client's host, which is of this cloud: removed from a peer's answers."""

LEADING = ("refresh", "link", "x-storage-url", "x-image-meta-location")
"""Headers by which a peer's answer could send a client elsewhere: removed. No service here needs one.

A browser follows the first two, a client of Swift's own log-in the third, a client of Glance's first API the last.
"""

GATEWAYS_OWN = "x-scope-"
"""The beginning of headers in which a gateway tells its client of clouds: removed from answers of services and of peers."""

GIVEN_BY_KEYSTONE = "x-subject-token"
"""The header in which Keystone gives out a token; removed from answers of a peer's other services."""

CHALLENGE = r'^(Keystone uri="[^"]*"|Swift realm="[^"]*")$'
"""The one ``WWW-Authenticate`` that a peer's answer may have; for another a client could send a password elsewhere.

It is rewritten to name the Keystone of this cloud.
"""

REDIRECTS = frozenset({*range(300, 400)} - {304})
"""Statuses for which clients repeat a request, with its tokens, at ``Location``. 304 never has one."""

CLAIMS_OF_PROXIES = (
    "forwarded",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded-by",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-protocol",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-real-ip",
)
"""Headers in which a client could claim to a service of this cloud its address, or how it is reached; the gateway sets others.

Read by oslo.middleware, Routes, Paste and Werkzeug, Swift (``X-Cluster-Client-Ip``, before ``X-Forwarded-For``), gunicorn
(``-Protocol``, ``-Ssl``) and what deployers put in front. All of ``X-Forwarded-`` but ``Proto`` goes. A WSGI server folds
``X_Forwarded_Host`` into ``X-Forwarded-Host``, so spellings with underscores are removed, too.
"""

_ADDRESSES = "^((true|x|x-cluster)-client|x-real)-ip$"
CLAIMS = f"^(x-)?forwarded(-(?!proto$)|$)|{_ADDRESSES}"
"""The pattern of the names of these headers, in lower case."""

SOURCE = "x-forwarded-for"
"""The header in which HAProxy gives services, and the Python service, the client's address, in place of a client's own.

It holds one address: oslo.middleware takes the whole value for the address, WebOb the first of several, web servers the last.
"""

ABOUT_THE_CLIENT = (*CLAIMS_OF_PROXIES, SOURCE, "x-forwarded-proto")
"""Headers about the client, or its way; no peer gets them."""

OF_ITS_HOSTS = ("cookie", "cookie2", "proxy-authorization")
"""Credentials for hosts of this cloud, in a request; no peer gets them. A cookie goes to every port of a host."""

CLAIMS_AND_SCHEME = f"forwarded|{_ADDRESSES}"
"""The pattern of their names."""

ASTRAY = "redirects the request to a place that is not its own service; a redirect within it is accepted, for GET and HEAD"
"""The error for a peer's redirect that the gateway does not pass on."""

_DOCUMENT = re.compile(VERSION_DOCUMENT)

AnswersWithLinks = Literal["all", "documents", "images"]


def answers_with_links(frontend_endpoint: Endpoint, target: Endpoint) -> AnswersWithLinks | None:
    """Return which answers of a peer have links in their bodies to rewrite; None for a service of this cloud.

    ``documents``: the version documents, and the answers that may have a list.
    """
    if frontend_endpoint.cloud == target.cloud:
        return None
    if target.service == IMAGE:
        return "images"
    same = (frontend_endpoint.frontend.prefix, frontend_endpoint.frontend.scheme) == (
        target.frontend.prefix,
        target.frontend.scheme,
    )
    if same and not target.fixed_links:
        return "documents"
    return _in_bodies(target)


def _in_bodies(target: Endpoint) -> Literal["all", "documents"]:
    return "documents" if target.service in USERS_BYTES else "all"


def rewrites_links(frontend_endpoint: Endpoint, target: Endpoint, request: Request, *, scoped: bool = False) -> bool:
    """Return whether to rewrite links in the body of the answer to ``request``. A WebSocket has none.

    ``scoped``: the client used a URL with a scope, which the links are to carry on.
    """
    which = answers_with_links(frontend_endpoint, target)
    if scoped and which != "images":
        which = _in_bodies(target)
    if which is None or any("websocket" in value.lower() for value in request.values("upgrade")):
        return False
    if which == "all" or _asks_for_document(frontend_endpoint, request):
        return True
    return frontend_endpoint.cloud != target.cloud and links_are_followed(frontend_endpoint, request)


def links_are_followed(frontend_endpoint: Endpoint, request: Request) -> bool:
    """Return whether clients or services follow links in the answer to ``request``: no peer's passes HAProxy alone."""
    if _asks_for_document(frontend_endpoint, request) or may_have_list(frontend_endpoint, request.method, request.path):
        return True
    below = request.path[len(frontend_endpoint.frontend.prefix) :]
    return frontend_endpoint.service == IMAGE and is_followed_write(below, request)


def _asks_for_document(frontend_endpoint: Endpoint, request: Request) -> bool:
    return request.method in ("GET", "HEAD") and names_document(frontend_endpoint, request.path)


def names_document(frontend_endpoint: Endpoint, path: str) -> bool:
    """Return whether ``path`` of the frontend of ``frontend_endpoint`` is that of a version document."""
    return _DOCUMENT.fullmatch(decoded(path[len(frontend_endpoint.frontend.prefix) :])) is not None


def own_places(here: Cloud, frontend_endpoint: Endpoint, target: Endpoint) -> dict[str, Endpoint]:
    """Map path prefixes that an answer of ``target`` may name on the client's host to their endpoints.

    The longest prefix counts. A local service may also name itself by its backend's prefix, or without any.
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
    """Return the schemes of links to rewrite. Behind TLS, a service that does not know of it writes http.

    A gateway without TLS ignores https: a proxy in front of it may use it.
    """
    return ("http",) if here.tls is None else tuple(DEFAULT_PORTS)


def plain_host(host: str, here: Cloud) -> str:
    """Return a URL's host and port in the form for comparison."""
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
