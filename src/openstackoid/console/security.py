# SPDX-License-Identifier: Apache-2.0
"""What each answer has in common: headers that forbid foreign content, and refusals of foreign hosts and origins."""

from collections.abc import Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""No inline script or style, no other host, no frame."""

_OWN_SITES = ("same-origin", "none")


def hosts_of(address: str, port: int, more: Collection[str]) -> frozenset[str]:
    """Return the values of ``Host`` that are accepted: the address itself, loopback, and the names of the operator.

    Without this, a page of another site whose name leads to loopback (DNS rebinding) could read the console.
    """
    shown = f"[{address}]" if ":" in address else address
    names = {shown, "127.0.0.1", "localhost", "[::1]"}
    return frozenset({f"{name}:{port}" for name in names} | {name.lower() for name in more})


def guarded(hosts: frozenset[str]) -> Middleware:
    """Return the middleware that refuses foreign hosts and origins, and adds :data:`HEADERS`."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get(hdrs.HOST, "").lower()
        if host not in hosts:
            answer: web.StreamResponse = web.Response(status=421, text="The console does not serve this host name: see --name.\n")
        elif request.method == "POST" and not _of_own_pages(request, host):
            answer = web.Response(status=403, text="This form was sent from another site.\n")
        else:
            answer = await handler(request)
        if hdrs.TRANSFER_ENCODING in request.headers:
            # No form of a browser comes in chunks, whose trailers aiohttp takes for headers of the connection's next request.
            answer.force_close()
        answer.headers.update(HEADERS)
        answer.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        return answer

    return guard


def _of_own_pages(request: web.Request, host: str) -> bool:
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
        return False
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or origin.partition("://")[2].lower() == host
