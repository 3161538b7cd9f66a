# SPDX-License-Identifier: Apache-2.0
"""The transport adapter of ``requests`` that adds a scope to requests."""

import functools
import logging
from collections.abc import Container, Mapping

import requests
from requests.adapters import BaseAdapter

from openstackoid.client.errors import ForeignHostError
from openstackoid.client.hops import printable
from openstackoid.client.merged_items import MergedItems
from openstackoid.client.pages import gateways_words
from openstackoid.client.trace import REQUEST_ID_HEADER, Trace, is_marked
from openstackoid.redaction import shown_url
from openstackoid.redaction.logs import RedactingFilter
from openstackoid.scope import Scope

SCOPE_HEADER = "X-Scope"
FORCE_HEADER = "X-Scope-Force"
STRICT_HEADER = "X-Scope-Strict"
ISSUER_HEADER = "X-Scope-Identity"
"""The header with which a gateway names the issuer of the token in its answer to a log-in at another cloud."""
PARTIAL_HEADER = "X-Scope-Partial"
"""The header with which a gateway names the clouds whose items an answer lacks."""
_TOKENS = ("X-Auth-Token", "X-Subject-Token", "X-Service-Token", "X-Storage-Token")
_GATEWAYS_OWN = (400, 403, 502, 503, 504)
_LOG = logging.getLogger("openstackoid.client")
_LOG.addFilter(RedactingFilter())


class ScopeAdapter(BaseAdapter):
    """Adds the scope to requests for the cloud's own endpoints; the wrapped adapter sends them.

    ``own`` returns whether a URL is the cloud's, for each request, so a redirect to another host loses the headers, and a
    request with a token is refused: a link in an answer may lead anywhere. ``force`` asks the gateway to allow refused
    collaborations, ``strict`` to refuse an answer of several clouds that lacks one; ``trace`` gives each request an id of a
    traced workflow. ``held_by``: the thread that put the scope in force for a block of code. ``items``: the clouds of the items
    in merged lists.
    """

    def __init__(
        self,
        wrapped: BaseAdapter,
        scope: Scope | None,
        own: Container[str],
        *,
        force: bool = False,
        strict: bool = False,
        trace: Trace | None = None,
        held_by: int | None = None,
        items: MergedItems | None = None,
    ) -> None:
        super().__init__()
        self.wrapped = wrapped
        self.scope = scope
        self.own = own
        self.force = force
        self.strict = strict
        self.trace = trace
        self.held_by = held_by
        self.items = MergedItems() if items is None else items
        self._explained: set[str] = set()

    def __repr__(self) -> str:
        return f"<ScopeAdapter {self._wire()} on {self.wrapped!r}>"

    def send(  # noqa: PLR0917 (the signature is requests')
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request, with the headers if its URL is the cloud's.

        Raises :class:`~openstackoid.client.errors.ForeignHostError` for a token that would go to another host.
        """
        url = request.url or ""
        # Query, path and user may hold a secret, such as an object's temporary signature.
        shown = shown_url(url)
        send = functools.partial(self.wrapped.send, verify=verify, cert=cert, proxies=proxies)
        if url not in self.own:
            if any(name in request.headers for name in _TOKENS):
                raise ForeignHostError(f"{shown} is not an endpoint of the cloud, so the token is not sent there")
            self._clear(request, shown)
            return send(request, stream=stream, timeout=timeout)
        self._mark(request, shown)
        if self.trace is None:
            response = send(request, stream=stream, timeout=timeout)
        else:
            with self.trace.following(request, send) as traced:
                response = send(request, stream=stream, timeout=timeout)
                traced.status = response.status_code
        if self.scope is not None and request.method == "GET" and "X-Auth-Token" not in request.headers:
            self._explain(shown, response)
        if not stream and response.status_code == requests.codes.ok:
            self.items.read(response)
        partial = response.headers.get(PARTIAL_HEADER)
        if partial is not None:
            self._tell(f"not every cloud is in the answer of {shown}: {printable(partial)}")
        issuer = response.headers.get(ISSUER_HEADER)
        if issuer is not None:
            self._tell(
                f"you are logged in at {printable(issuer)}: user, project and roles are that cloud's, and resources of projects"
                " in other clouds are not found"
            )
        return response

    def _mark(self, request: requests.PreparedRequest, shown: str) -> None:
        if self.scope is not None:
            request.headers[SCOPE_HEADER] = self.scope.to_header()
            _LOG.debug("%s: %s -> %s %s", SCOPE_HEADER, self.scope.to_header(), request.method, shown)
        if self.force:
            request.headers[FORCE_HEADER] = "true"
        # Without a scope here, that of the URL or the token is of several clouds.
        if self.strict and (self.scope is None or self.scope.has_all):
            request.headers[STRICT_HEADER] = "true"

    @staticmethod
    def _clear(request: requests.PreparedRequest, shown: str) -> None:
        for header in (SCOPE_HEADER, FORCE_HEADER, STRICT_HEADER):
            request.headers.pop(header, None)
        if is_marked(request.headers.get(REQUEST_ID_HEADER)):
            del request.headers[REQUEST_ID_HEADER]
        _LOG.debug("no %s -> %s %s, which is not an endpoint of the cloud", SCOPE_HEADER, request.method, shown)

    def _explain(self, url: str, response: requests.Response) -> None:
        """Explain once why the version discovery of a service failed.

        keystoneauth drops a gateway's error ("the named cloud is down") there, and reports that the service has no supported
        version.
        """
        said = gateways_words(response) if response.status_code in _GATEWAYS_OWN else None
        if said is not None:
            self._tell(f"{url} answers {response.status_code} to the scope {self._wire()}: {said}", once=said)

    def _tell(self, text: str, *, once: str | None = None) -> None:
        """Warn the user, once for the same reason."""
        if (once or text) not in self._explained:
            self._explained.add(once or text)
            _LOG.warning("%s", text)

    def _wire(self) -> str:
        return "none" if self.scope is None else self.scope.to_header()

    def close(self) -> None:
        """Close the wrapped adapter, after the trace: ``openstack`` closes its session at the end of a command."""
        try:
            if self.trace is not None:
                self.trace.report()
        finally:
            self.wrapped.close()


def mount(
    session: requests.Session,
    scope: Scope | None,
    own: Container[str],
    *,
    force: bool = False,
    strict: bool = False,
    trace: Trace | None = None,
    held_by: int | None = None,
) -> None:
    """Make all HTTP adapters of ``session`` send ``scope``, in place of an earlier one."""
    items = MergedItems()
    for prefix, adapter in list(session.adapters.items()):
        if prefix.startswith(("http:", "https:")):
            wrapped = adapter.wrapped if isinstance(adapter, ScopeAdapter) else adapter
            ours = ScopeAdapter(wrapped, scope, own, force=force, strict=strict, trace=trace, held_by=held_by, items=items)
            session.mount(prefix, ours)


def mounted(session: requests.Session) -> ScopeAdapter | None:
    """Return the adapter of ``session``, if it is one of ours."""
    found = (adapter for adapter in session.adapters.values() if isinstance(adapter, ScopeAdapter))
    return next(found, None)
