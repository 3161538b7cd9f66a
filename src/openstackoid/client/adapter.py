# SPDX-License-Identifier: Apache-2.0
"""The transport adapter that writes a scope into requests. Adapters are how ``requests`` itself is meant to be extended."""

import logging
from collections.abc import Container, Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from openstackoid.scope import Scope

SCOPE_HEADER = "X-Scope"
_LOG = logging.getLogger("openstackoid.client")


class ScopeAdapter(BaseAdapter):
    """Adds the scope to requests for the cloud's own endpoints, and leaves the sending to the adapter that it wraps.

    ``own`` says whether a URL is the cloud's. Each request is judged by itself, so one that follows a redirect to another host
    loses the header.
    """

    def __init__(self, wrapped: BaseAdapter, scope: Scope, own: Container[str]) -> None:
        super().__init__()
        self.wrapped = wrapped
        self.scope = scope
        self.own = own

    def __repr__(self) -> str:
        return f"<ScopeAdapter {self.scope.wire()} on {self.wrapped!r}>"

    def send(  # noqa: PLR0917 (the signature is requests')
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request, with the header where it belongs and without it where it does not."""
        url = request.url or ""
        # The query is left out of the log: it may hold a secret, such as an object's temporary signature.
        shown = urlsplit(url)._replace(query="", fragment="").geturl()
        if url in self.own:
            request.headers[SCOPE_HEADER] = self.scope.wire()
            _LOG.debug("%s: %s -> %s %s", SCOPE_HEADER, self.scope.wire(), request.method, shown)
        else:
            request.headers.pop(SCOPE_HEADER, None)
            _LOG.debug("no %s -> %s %s, which is not an endpoint of the cloud", SCOPE_HEADER, request.method, shown)
        return self.wrapped.send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)

    def close(self) -> None:
        """Close the wrapped adapter."""
        self.wrapped.close()


def mount(session: requests.Session, scope: Scope, own: Container[str]) -> None:
    """Make ``session`` send ``scope``, whichever HTTP adapters it has. A scope mounted before is replaced."""
    for prefix, adapter in list(session.adapters.items()):
        if prefix.startswith(("http:", "https:")):
            wrapped = adapter.wrapped if isinstance(adapter, ScopeAdapter) else adapter
            session.mount(prefix, ScopeAdapter(wrapped, scope, own))
