# SPDX-License-Identifier: Apache-2.0
"""The URLs of catalogs: the socket of a gateway, the prefix for routing, and the rest for the service."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import urlsplit

Host = TypeVar("Host")
"""``str``, or the number of a host in a :class:`~openstackoid.mesh.layout.Layout`."""
Other = TypeVar("Other")

HTTPS = "https"
DEFAULT_PORTS = {"http": 80, HTTPS: 443}

_NOT_PREFIX = re.compile(r"v\d+(\.\d+)?\Z|.*[$%]\(|AUTH_")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*\Z")
_SUFFIX = re.compile(r"(/([A-Za-z0-9._~-]|[$%]\((project|tenant)_id\)s)+)*\Z")
_SIMPLE = re.compile(r"(https?)://([A-Za-z0-9._-]+)((?::[0-9]*)?(?:/[A-Za-z0-9._~$%()/-]*)?)\Z")
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")
_HOST = re.compile(r"[A-Za-z0-9._-]+\Z|\[[0-9A-Fa-f:]+\]\Z")


@dataclass(frozen=True, slots=True, order=True)
class FrontendUrl(Generic[Host]):
    """A URL of a catalog: ``http://gateway:80/compute/v2.1``.

    The gateway listens at ``host`` and ``port`` and routes by ``prefix`` (``/compute``, or empty). ``suffix`` (``/v2.1``,
    ``/v3/$(project_id)s``, or empty): API version and project, for the service.
    """

    host: Host
    port: int
    prefix: str
    suffix: str
    scheme: str = "http"

    @staticmethod
    def parse(url: str) -> "FrontendUrl[str]":
        """Parse ``url``. Raises ``ValueError`` with the accepted form."""
        return _parsed(url)

    def with_host(self, host: Other) -> "FrontendUrl[Other]":
        """Return the URL with another host."""
        return FrontendUrl(host, self.port, self.prefix, self.suffix, self.scheme)

    def origin(self) -> str:
        """Return scheme, host and port, without a path."""
        return f"{self.scheme}://{self.host}:{self.port}"

    def root(self) -> str:
        """Return the URL without version and project: the root of the service."""
        return self.origin() + self.prefix

    def for_project(self, project_id: str | None) -> str | None:
        """Return the URL for one project, or None if the URL needs a project and the token has none."""
        if "(" not in self.suffix:
            return self.root() + self.suffix
        if project_id is None:
            return None
        return self.root() + re.sub(r"[$%]\((?:project|tenant)_id\)s", project_id, self.suffix)


@lru_cache(maxsize=1024)
def _parsed(url: str) -> FrontendUrl[str]:
    """Parse the part after the host once: thousands of clouds have the same services."""
    simple = _SIMPLE.match(url)
    if simple is not None:
        scheme, host, rest = simple.groups()
        alike = _behind(scheme, rest)
        if alike is not None and _is_somewhere(host):
            return FrontendUrl(host.lower(), alike.port, alike.prefix, alike.suffix, scheme)
    return _taken_apart(url)


@lru_cache(maxsize=1024)
def _behind(scheme: str, rest: str) -> FrontendUrl[str] | None:
    """Return a URL with this end, at some host, or None."""
    try:
        return _taken_apart(f"{scheme}://host{rest}")
    except ValueError:
        return None


def _is_somewhere(host: str) -> bool:
    """Return whether a host is neither 0.0.0.0 nor [::], which would be the gateway's own machine."""
    return host.strip("[]0.:") != ""


def is_address(host: str) -> bool:
    """Return whether the host of a URL is an IPv4 address, or an IPv6 address in brackets; any other is a name."""
    return host.startswith("[") or _ADDRESS.fullmatch(host) is not None


def _taken_apart(url: str) -> FrontendUrl[str]:
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"'{url}': an http:// or https:// URL is accepted, as in http://gateway:8080/image")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"'{url}': a URL without user, query and fragment is accepted")
    try:
        port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"'{url}': a port from 1 to 65535 is accepted")
    host = parts.netloc.rpartition(":")[0] if re.search(r":\d*\Z", parts.netloc) else parts.netloc
    if _HOST.match(host) is None or not _is_somewhere(host):
        raise ValueError(f"'{url}': a host name, an IPv4 address or an IPv6 address in brackets is accepted")
    segments = parts.path.rstrip("/").split("/")[1:]
    cut = next((index for index, segment in enumerate(segments) if _NOT_PREFIX.match(segment)), len(segments))
    prefix = "".join(f"/{segment}" for segment in segments[:cut])
    suffix = "".join(f"/{segment}" for segment in segments[cut:])
    if _PREFIX.match(prefix) is None or _SUFFIX.match(suffix) is None:
        raise ValueError(f"'{url}': a path of letters, digits, '.', '_', '~' and '-' is accepted")
    return FrontendUrl(host.lower(), port, prefix, suffix, parts.scheme)
