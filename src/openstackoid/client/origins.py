# SPDX-License-Identifier: Apache-2.0
"""The cloud's own addresses. A scope is sent to no other."""

import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from keystoneauth1.access import AccessInfo
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session

from openstackoid.scope import official_service_type

Origin = tuple[str, str, int]
"""Scheme, host in lower case, port (RFC 6454)."""

_PORTS = {"http": 80, "https": 443}


def origin(url: object) -> Origin | None:
    """Return the origin of an absolute HTTP URL, or None."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        return None
    return scheme, parts.hostname.rstrip("."), _PORTS[scheme] if port is None else port


class CloudOrigins:
    """The origins of one cloud: configured ones, and those of its catalog once there is a token.

    ``config``: openstacksdk's configuration of the cloud. ``access`` returns the current token's :class:`AccessInfo` or None; it
    must not authenticate, as it is called within requests.
    """

    def __init__(self, config: Mapping[str, Any], access: Callable[[], AccessInfo | None]) -> None:
        self._configured = frozenset(_origins(_configured_urls(config)))
        self._access = access
        self._seen: AccessInfo | None = None
        self._catalog: frozenset[Origin] = frozenset()

    def __contains__(self, url: object) -> bool:
        asked = origin(url)
        return asked is not None and (asked in self._configured or asked in self._from_catalog())

    def _from_catalog(self) -> frozenset[Origin]:
        access = self._access()
        if access is not self._seen:
            self._seen = access
            self._catalog = frozenset(_origins(_catalog_urls(access))) if access is not None else frozenset()
        return self._catalog


def origins_of(session: Session, config: Mapping[str, Any], auth: BaseAuthPlugin | None = None) -> CloudOrigins:
    """Return the origins of the cloud of ``session``, with the plugin ``auth`` or its own.

    The plugin's URL counts as configured. The session is not kept alive, and no authentication is made.
    """
    plugin = auth or session.auth
    of_plugin = {key: getattr(plugin, key, None) for key in ("auth_url", "endpoint")}
    known = {**config, "auth": {**of_plugin, **(config.get("auth") or {})}}
    reference = weakref.ref(session)

    def access() -> AccessInfo | None:
        current = reference()
        found = getattr(auth or (current.auth if current else None), "auth_ref", None)
        return found if isinstance(found, AccessInfo) else None

    return CloudOrigins(known, access)


def _origins(urls: Iterator[object]) -> Iterator[Origin]:
    return (found for found in map(origin, urls) if found is not None)


def _configured_urls(config: Mapping[str, Any]) -> Iterator[object]:
    """Yield the URLs for authentication, and the endpoints that replace those of the catalog.

    An identity provider's endpoints (``discovery_endpoint``, ``access_token_endpoint``) are not the cloud's.
    """
    auth = config.get("auth") or {}
    yield from (auth.get(key) for key in ("auth_url", "endpoint", "endpoint_override", "url"))
    for key, value in config.items():
        of_service = key.endswith("_endpoint") and official_service_type(key.removesuffix("_endpoint"))
        if of_service or key in ("endpoint", "endpoint_override") or key.endswith("_endpoint_override"):
            yield value


def _catalog_urls(access: AccessInfo) -> Iterator[object]:
    for service in access.service_catalog.normalize_catalog():
        for endpoint in service["endpoints"]:
            yield endpoint.get("url")
