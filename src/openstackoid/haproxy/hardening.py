# SPDX-License-Identifier: Apache-2.0
"""Bounds and refusals for any request, as HAProxy's configuration. The table is docs/operate/hardening.md.

Rules find requests that may be refused, and the bridge decides, by :mod:`openstackoid.routing.paths` and
:mod:`openstackoid.routing.loops`. Most requests end before these rules, which look for rare ones.
"""

import re

from openstackoid.haproxy.listeners import listener
from openstackoid.haproxy.maps import ENDPOINTS
from openstackoid.mesh import Cloud, Limits
from openstackoid.routing.backend_names import bind_ids
from openstackoid.routing.links import GATEWAYS_OWN, HOSTS_OWN, LEADING
from openstackoid.routing.loops import VIA, passed
from openstackoid.routing.paths import CLIMBS, CONTROLS, LONGEST_ODD, NEVER_RAW
from openstackoid.routing.scoped_url import OBJECT_STORE
from openstackoid.scope import MARKER

FORBIDDEN = (*HOSTS_OWN, *LEADING, "keep-alive", "proxy-authenticate")
"""Headers removed from answers of peers: of its host, of other places, and of its hop."""

ODD = r"% '\' // /."
"""Parts of a path that a server may read as another service's; the gateway's own pages begin so, too."""

URL_SCOPE = MARKER.rstrip("/")

MAY_MEAN_MORE = rf"^[^/]|^[^?]*([%\\]|//|/\.|{URL_SCOPE})"
"""A URL that is no path, or has an ambiguous one, or one with a scope: :data:`ODD` and more in one pattern, for speed."""

IN_URL = "!is_object_store has_url_scope or is_object_store has_root_scope"
"""Holds for a request with a scope in its URL."""

_BRIDGE = "http-request set-var(txn.bridge) bool(true)"
_UNDERSCORED = "^((?=.*_)x.forwarded|(true|x(.cluster)?).client.ip$|x.real.ip$|transfer_enc|content_len)"


HEAD_BUFFER = 32 * 1024
"""Bytes of the buffer for a message's head; a connection has one for each direction in use."""

HEAD_RESERVE = 4 * 1024
"""Bytes of the buffer that no client or service can fill: room for the scope and other additions to a head."""

HEAD_LINES = 256
"""Lines of a head, the first included."""


def global_lines() -> list[str]:
    """Return the bounds of a message's head: Swift's defaults, a token and a scope (docs/operate/hardening.md)."""
    return [
        f"tune.bufsize {HEAD_BUFFER}",
        f"tune.maxrewrite {HEAD_RESERVE}",
        f"tune.http.maxhdr {HEAD_LINES}",
    ]


def frontend_lines(limits: Limits) -> list[str]:
    """Return the frontend's bounds."""
    return [
        f"maxconn {limits.connections}",
        "# A client that begins with HTTP/2's preface gets 400: only HTTP/1.1 is served.",
        "option disable-h2-upgrade",
    ]


def url_rules(cloud: Cloud) -> list[str]:
    """Return the rules for the form of a URL, its protocols, and ambiguous paths.

    They stand after those that find the endpoint.
    """
    return [
        "# One form of the URL, and no protocol but WebSockets behind it.",
        "acl upgrades req.fhdr(upgrade) -m found",
        "acl is_relative url -m beg /",
        "http-request set-uri %[pathq] if !is_relative { path -m beg / }",
        "http-request del-header Upgrade if upgrades !{ req.fhdr(upgrade) -m str -i websocket }",
        "http-request set-header Upgrade websocket if upgrades",
        "# Paths that a server may read as another service's.",
        f"acl is_odd_path path -m sub {ODD}",
        f"acl names_scope path -m sub -i {URL_SCOPE}",
        f"acl is_unclear path -m len gt {LONGEST_ODD}",
        f"acl is_unclear path -m reg -i '{CLIMBS}|{NEVER_RAW}|{CONTROLS}'",
        "acl is_read var(txn.path_read) -m found",
        "acl is_read_alike var(txn.path_read_as),strcmp(txn.endpoint) eq 0",
        r"http-request set-var(txn.path_read) path,url_dec,regsub('[/\\\\]+','/',g) if is_odd_path or names_scope",
        f"http-request set-var(txn.path_read_as) {listener(cloud)},concat(,txn.path_read,/),map_beg({ENDPOINTS}) if is_read",
        f"{_BRIDGE} if is_odd_path is_unclear or is_odd_path !is_read_alike",
    ]


def underscore_rules() -> list[str]:
    """Return the rule that drops a header that only a WSGI server would read as a proxy's, or as the framing; it is the first.

    Eventlet before 0.37 reads a body by ``Transfer_Encoding``: what it leaves of the body is the connection's next request.
    """
    return [
        "# To a WSGI server, X_Forwarded_Host is X-Forwarded-Host, and Transfer_Encoding is Transfer-Encoding.",
        f"http-request del-header '{_UNDERSCORED}' -m reg if {{ req.hdr_names -m sub _ }}",
    ]


def scoped_url_rules(cloud: Cloud) -> list[str]:
    """Return the rules that find a possible scope in a URL, in any spelling: the bridge reads it, or refuses it.

    Users of an object store choose names, so there only the root is searched.
    """
    ids = bind_ids(cloud)
    stores = [endpoint for endpoint in cloud.endpoints if endpoint.service == OBJECT_STORE]
    keys = " ".join(endpoint.key for endpoint in stores) or "none"
    roots = sorted({f"{ids[endpoint.listener]}{re.escape(endpoint.frontend.prefix)}" for endpoint in stores})
    ends = f"{URL_SCOPE}(/|;|$)"
    return [
        "# A scope in the URL.",
        f"acl is_object_store var(txn.endpoint) -m str {keys}",
        f"acl has_url_scope var(txn.path_read) -m reg -i '{ends}'",
        f"acl has_root_scope {listener(cloud)},concat(,txn.path_read) -m reg -i '^({'|'.join(roots) or 'none'})(/;[^/]*)*{ends}'",
    ]


def peer_request(cloud: Cloud) -> list[str]:
    """Return the rule for every request to a peer."""
    return [f'http-request add-header {VIA.title()} "{passed(cloud.name)}"']


def service_request() -> list[str]:
    """Return the rules for every request to a service of this cloud, which may share a connection with those of others.

    HAProxy 2.6 to 3.1 cannot drop trailers. A service that reads them wrongly takes them for the next request of the connection:
    eventlet before 0.40.3 does (CVE-2025-58068), and its answer would be the next user's.
    """
    return [
        "# A service could take trailers for the next request on the connection.",
        "http-request set-header Connection close if { req.fhdr(transfer-encoding) -m found }",
    ]


def final_answers() -> list[str]:
    """Return the rules by which a peer answers a request once, without an interim answer (1xx) before.

    Python's clients take any but ``100 Continue`` for the answer, and the real one, when it comes, for that to their next request
    on the connection, which is another service's. No ``http-response`` rule sees an interim answer. 101 passes to a client that
    has asked for a WebSocket; HAProxy refuses another one. The wait may not end before the answer is there. The Python service
    takes interim answers, and hands none on.
    """
    return [
        "# No interim answer passes: a client could take the one that follows for the answer to its next request.",
        "tcp-response inspect-delay 20d",
        "tcp-response content reject if { status 100:199 } !{ status 101 } !{ var(txn.to) -m found }",
    ]


def peer_lines() -> list[str]:
    """Return the rules that remove headers from answers of peers."""
    return [*(f"http-response del-header {name}" for name in FORBIDDEN), f"http-response del-header {GATEWAYS_OWN} -m beg"]
