# SPDX-License-Identifier: Apache-2.0
"""HAProxy rules for downloads of images by a peer in the name of users here: the opened token is in no map as it is.

The admission of downloads has the token sealed with AES-256-GCM. The key is an HMAC of the bound tokens as they came, the
endpoint and the sender, under a secret of the process. HAProxy makes it anew for each request, and keeps it in no map; the Python
service seals with it. So a map opens nothing without the bound token and the secret; ``bound.map`` may have the bound token. The
secret of the supervisor's HAProxy stands in its rules, and in the environment that it was started with, which its user can read.

An answer that could hold the token does not pass: bytes of an image do, with a few known headers; of any other answer, the status
alone.
"""

from openstackoid.haproxy import guests, sources
from openstackoid.haproxy.egress import told_by_services
from openstackoid.haproxy.error_answers import answer
from openstackoid.haproxy.hardening import service_request
from openstackoid.haproxy.maps import ROUTES
from openstackoid.haproxy.tls import scheme_for_services
from openstackoid.mesh import Cloud
from openstackoid.routing.admission import SEALED
from openstackoid.routing.delegated_downloads import DOWNLOADS, METHOD, SEAL_KEY, delegates_downloads
from openstackoid.routing.egress import ADMISSION_HEADER
from openstackoid.routing.images import IMAGE
from openstackoid.routing.route_cache import ADMISSION, KEY
from openstackoid.scope import BOUND
from openstackoid.scope import MARK as IN_TOKEN

DEFAULTS = "delegated"
"""The ``defaults`` section of the backends for such downloads."""

SEAL_VARIABLE = "OPENSTACKOID_SEAL"
"""The environment variable with the secret in base64, new with each HAProxy. Without it, the salt of digests is the secret."""

_SEAL = f"var(txn.guest),concat(|,txn.endpoint,|),concat(,sess.from),hmac(sha256,${{{SEAL_VARIABLE}}}),base64"
_SEALED = f"var(txn.admission),field({SEALED},|)"
_BYTES = "application/octet-stream"
_KEPT = "content-(type|length|md5|range)|accept-ranges|date|connection|transfer-encoding|x-openstack-request-id"
_ERRORS = (400, 401, 403, 404, 416, 429, 500, 503, 504)


def global_lines(cloud: Cloud) -> list[str]:
    """Return the lines that give the process its secret."""
    if not delegates_downloads(cloud):
        return []
    return [
        f'.if streq("${{{SEAL_VARIABLE}}}","")',
        f'set-var proc.seal_secret str("${{{guests.SALT_VARIABLE}}}"),base64',
        f"setenv {SEAL_VARIABLE} proc.seal_secret",
        ".endif",
    ]


def forgotten(cloud: Cloud) -> list[str]:
    """Return the line, for the end of the configuration, by which ``show env`` does not show the secret."""
    return [f"unsetenv {SEAL_VARIABLE}"] if delegates_downloads(cloud) else []


def told_to_python(cloud: Cloud) -> list[str]:
    """Return the rule that tells the Python service the key to seal an opened token with."""
    if not delegates_downloads(cloud):
        return []
    of_peer = f"{{ var(sess.from) -m found }} {{ var(txn.guest) -m found }} {{ req.fhdr(x-auth-token,1) -m beg {BOUND} }}"
    asks = f"{{ var(txn.endpoint) -m beg {IMAGE}. }} {{ method {METHOD} }} {{ req.fhdr({KEY}) -m found }}"
    return [
        "# The key by which an opened token may be kept here; none without a salt of its own.",
        f'http-request set-header {SEAL_KEY} "%[{_SEAL}]" if {of_peer} {asks} !{{ var(proc.salt) -m str {guests.NO_SALT} }}',
    ]


def taught_by_python(cloud: Cloud) -> list[str]:
    """Return the rule that makes the key of a download of that of an image's document. It stands before the rules that store."""
    if not delegates_downloads(cloud):
        return []
    no_class = "\"var(txn.key),regsub('^([^|]*[|][^|]*[|])[^|]*','\\\\1')\""
    return [f"http-response set-var(txn.key) {no_class} if {{ res.fhdr({ADMISSION}) -m str {DOWNLOADS} }}"]


def where_to(cloud: Cloud) -> list[str]:
    """Return the line that sends an admitted download to the image service. It stands before that for guests."""
    if not delegates_downloads(cloud):
        return []
    return [f"use_backend {DEFAULTS}.%[var(txn.endpoint)] if {{ {_SEALED} -m len gt 0 }}"]


def section_lines(cloud: Cloud) -> list[str]:
    """Return the lines of the ``defaults`` section."""
    unopened = answer(503, f"gateway of {cloud.name}: the bound token cannot be opened; send the request again")
    fails = f"if {{ req.fhdr(x-auth-token) -m beg {IN_TOKEN} }}"
    return [
        *service_request(),
        *scheme_for_services(cloud),
        *sources.told_to_services(),
        "# The token of this cloud in the place of the bound one.",
        f"http-request set-var(txn.sealed) {_SEALED}",
        "http-request set-var(txn.nonce) var(txn.sealed),field(1,:)",
        "http-request set-var(txn.tag) var(txn.sealed),field(3,:)",
        f'http-request set-var(txn.seal_key) "{_SEAL}"',
        'http-request set-header X-Auth-Token "%[var(txn.sealed),field(2,:),b64dec,'
        'aes_gcm_dec(256,txn.nonce,txn.seal_key,txn.tag)]%[var(txn.route)]"',
        "http-request unset-var(txn.seal_key)",
        # The next request is the Python service's.
        f"http-request del-map({ROUTES}) %[{guests.DIGEST}] {fails}",
        f"http-request return {unopened} {fails}",
        "http-request del-header X-Scope",
        "http-request set-header Accept-Encoding identity",
        *guests.request_rules(),
        *told_by_services(),
        *_answers(cloud),
    ]


def _answers(cloud: Cloud) -> list[str]:
    use = "\"%[var(txn.use),regsub('[|].*','')]\""
    at, told = f"gateway of {cloud.name}: image of {cloud.name}", f"hdr {ADMISSION_HEADER} {use}"

    def instead(status: int, message: str) -> str:
        return f"http-response return {answer(status, f'{at} {message}', more=told)}"

    return [
        "# Bytes of an image pass. Of an answer that could repeat the token, the status alone does.",
        f"http-response del-header '^(?!({_KEPT})$)' -m reg",
        *guests.answer_rules(cloud),
        f"http-response allow if {{ status 204 }} or {{ status 200 206 }} {{ res.fhdr(content-type) -m str {_BYTES} }}",
        *(f"{instead(status, f'has answered {status}')} if {{ status {status} }}" for status in _ERRORS),
        instead(502, "has given another answer than an image"),
    ]
