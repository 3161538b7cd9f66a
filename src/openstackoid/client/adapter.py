# SPDX-License-Identifier: Apache-2.0
"""The transport adapter that writes a scope into requests. Adapters are how ``requests`` itself is meant to be extended."""

import logging
from collections.abc import Container, Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from openstackoid.scope import Scope

SCOPE_HEADER = "X-Scope"
_GATEWAYS_OWN = (400, 403, 502, 503, 504)
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
        self._explained: set[str] = set()

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
        own = url in self.own
        if own:
            request.headers[SCOPE_HEADER] = self.scope.wire()
            _LOG.debug("%s: %s -> %s %s", SCOPE_HEADER, self.scope.wire(), request.method, shown)
        else:
            request.headers.pop(SCOPE_HEADER, None)
            _LOG.debug("no %s -> %s %s, which is not an endpoint of the cloud", SCOPE_HEADER, request.method, shown)
        response = self.wrapped.send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        if own and request.method == "GET" and "X-Auth-Token" not in request.headers:
            self._explain(shown, response)
        return response

    def _explain(self, url: str, response: requests.Response) -> None:
        """Say once why the version discovery of a service failed.

        keystoneauth asks for versions without a token, and drops what a gateway answers ("the named cloud is down"): its user
        would read that the service has no supported version.
        """
        said = _gateways_words(response) if response.status_code in _GATEWAYS_OWN else None
        if said is not None and said not in self._explained:
            self._explained.add(said)
            _LOG.warning("%s answers %s to the scope %s: %s", url, response.status_code, self.scope.wire(), said)

    def close(self) -> None:
        """Close the wrapped adapter."""
        self.wrapped.close()


def _gateways_words(response: requests.Response) -> str | None:
    """Return the message of OpenStack's error body, in one line that a terminal can show."""
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return "".join(character if character.isprintable() else "?" for character in message) if isinstance(message, str) else None


def mount(session: requests.Session, scope: Scope, own: Container[str]) -> None:
    """Make ``session`` send ``scope``, whichever HTTP adapters it has. A scope mounted before is replaced."""
    for prefix, adapter in list(session.adapters.items()):
        if prefix.startswith(("http:", "https:")):
            wrapped = adapter.wrapped if isinstance(adapter, ScopeAdapter) else adapter
            session.mount(prefix, ScopeAdapter(wrapped, scope, own))
