# SPDX-License-Identifier: Apache-2.0
"""Rewrite the links of an answer, so that they name the frontend that the client used. Pure.

:mod:`openstackoid.routing.links` has their targets, this module their positions in an answer.
"""

import json
import re
from functools import cached_property
from typing import Any

from openstackoid.bridge.message.head import Head
from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing import (
    IDENTITY,
    Destination,
    Headers,
    as_entered,
    link_schemes,
    names_document,
    own_identity,
    own_places,
    peer_places,
    plain_host,
)
from openstackoid.routing.images import IMAGE
from openstackoid.routing.links import CHALLENGE, GIVEN_BY_KEYSTONE, REDIRECTS
from openstackoid.routing.paths import may_climb

USERS_OWN = frozenset(
    {"metadata", "extra", "extra_specs", "properties", "driver_info", "instance_info", "parameters", "template"}
)
"""Keys below which no link stands: users choose the keys there."""

_REMEMBERED = 16
"""Hosts whose places are remembered while the links of one answer are rewritten."""

_CONTAINERS = (dict, list)

_Place = tuple[str, Endpoint, str]
"""A prefix of paths at a host, our endpoint for it, and the beginning of our link: scheme, host, and our prefix."""

_AT_TOP = frozenset({"next", "previous", "prev", "first", "last", "self"})
_URL = re.compile(r"(?:(?P<scheme>https?)://(?P<at>[^/?#]+))?(?P<path>[/?].*)?", re.DOTALL)
_PLAIN = re.compile(r"[!-~]+")
"""Clients drop a tab or a line break within a URL, and so read another one."""
_KEYSTONE = re.compile(r'\A(Keystone uri=")[^"]*?((?:/v[0-9.]+)?)/?"')


class Links:
    """The links of one answer. ``target`` answered; the client asked ``frontend_endpoint`` and called it ``host``, or nothing."""

    def __init__(self, mesh: Mesh, frontend_endpoint: Endpoint, target: Endpoint, host: str | None) -> None:
        self._here = mesh.clouds[frontend_endpoint.cloud]
        self._peer = None if target.cloud == frontend_endpoint.cloud else mesh.clouds[target.cloud]
        self._frontend_endpoint = frontend_endpoint
        self._target = target
        self._host = host
        self._schemes = link_schemes(self._here)
        self._at: dict[str | None, tuple[_Place, ...]] = {}

    @classmethod
    def of(cls, mesh: Mesh, sent: Destination, head: Head) -> "Links":
        """Return the links of the answer to a request."""
        return cls(mesh, sent.frontend_endpoint, sent.endpoint, next(iter(head.values("host")), None))

    def of_images(self, path: str) -> bool:
        """Return whether a peer's image service answered, for a ``path`` with contents that services here may follow."""
        return self._peer is not None and self._target.service == IMAGE and not names_document(self._frontend_endpoint, path)

    @cached_property
    def _own(self) -> dict[str, Endpoint]:
        return own_places(self._here, self._frontend_endpoint, self._target)

    @cached_property
    def _theirs(self) -> dict[str, dict[str, Endpoint]]:
        places: dict[str, dict[str, Endpoint]] = {}
        if self._peer is not None:
            for host, prefix, ours in peer_places(self._here, self._peer, self._frontend_endpoint.interfaces[0]):
                places.setdefault(host, {}).setdefault(prefix, as_entered(self._here, self._frontend_endpoint, ours))
        return places

    def link(self, url: str) -> str:
        """Return a link, absolute or a path, that stays with the gateway; one to another host is unchanged."""
        found = self._found(url)
        if found is None:
            return url
        place, rest = found
        return place[2] + rest

    def astray(self, status: int, method: str, headers: Headers) -> bool:
        """Return whether a peer's answer redirects a write, or to another place than the requested service."""
        places = [value for name, value in headers if name.lower() == "location"]
        if self._peer is None or status not in REDIRECTS or not places:
            return False
        return method not in ("GET", "HEAD") or len(places) > 1 or not self.leads_within(places[0])

    def leads_within(self, url: str) -> bool:
        """Return whether a link leads to the requested service for every client."""
        found = self._found(url) if _PLAIN.fullmatch(url) else None
        if found is None:
            return False
        (_, ours, _), rest = found
        return ours.key == self._frontend_endpoint.key and not may_climb(rest.partition("?")[0])

    def _found(self, url: str) -> tuple[_Place, str] | None:
        """Return the place of a link, and our path; None for a link to another place."""
        match = _URL.fullmatch(url)
        if match is None or url.startswith("//") or match["scheme"] not in (None, *self._schemes):
            return None
        at, path = match["at"], match["path"] or ""
        if at is None and not path.startswith("/"):
            return None
        places = self._at.get(at)
        if places is None:
            places = self._places(at)
            # A list names one place thousands of times; a document of a peer could name thousands of places.
            if len(self._at) < _REMEMBERED:
                self._at[at] = places
        for place in places:
            prefix = place[0]
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", "?"):
                rest = place[1].frontend.prefix + path[len(prefix) :]
                # Two slashes would begin a host.
                return place, "/" + rest.lstrip("/")
        return None

    def _places(self, at: str | None) -> tuple[_Place, ...]:
        """Return the places at a host, that with the longest prefix first."""
        own = at is None or (self._host is not None and self._plain(at) == self._plain(self._host))
        places = self._own if own else self._theirs.get(self._plain(at or ""), {})
        return tuple(
            (prefix, places[prefix], self._origin(at, places[prefix])) for prefix in sorted(places, key=len, reverse=True)
        )

    def _origin(self, at: str | None, ours: Endpoint) -> str:
        """Return scheme and host for a link that named ``at``; a path stays a path."""
        if at is None:
            return ""
        same = self._host is not None and ours.listener == self._frontend_endpoint.listener
        return f"{self._frontend_endpoint.frontend.scheme}://{self._host}" if same else ours.frontend.origin()

    def headers(self, headers: Headers) -> Headers:
        """Return the headers of an answer with rewritten links, without those that a peer may not send.

        These are a ``Content-Location`` or a challenge of another place, and a token that is not Keystone's.
        """
        if self._peer is not None:
            challenges = sum(name.lower() == "www-authenticate" for name, _ in headers)
            headers = tuple(pair for pair in headers if not self._leads_away(*pair, challenges))
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _leads_away(self, name: str, value: str, challenges: int) -> bool:
        """Return whether a header of a peer is removed; the answer has so many ``challenges``."""
        match name.lower():
            case "content-location":
                return self._found(value) is None
            case "www-authenticate":
                known = challenges == 1 and re.fullmatch(CHALLENGE, value) is not None
                return not known or (value.startswith("Keystone") and own_identity(self._here, self._frontend_endpoint) is None)
            case header if header == GIVEN_BY_KEYSTONE:
                return self._frontend_endpoint.service != IDENTITY
        return False

    def _header(self, name: str, value: str) -> str:
        match name:
            case "location":
                return self.link(value)
            case "content-location" if self._peer is not None:
                return self.link(value)
            case "www-authenticate" if self._peer is not None:
                identity = own_identity(self._here, self._frontend_endpoint)
                return value if identity is None else _KEYSTONE.sub(rf'\g<1>{identity.root()}\2"', value)
        return value

    def document(self, body: bytes, *, whole: bool = False) -> bytes:
        """Rewrite the absolute links of a JSON document; without one it stays as it is, byte by byte.

        Links stand below ``links`` and ``..._links``, in objects with ``rel`` and ``href``, and as ``next`` and its like at the
        top; ``whole``: any text of the document may be one.
        """
        try:
            document = json.loads(body.decode("utf-8"))
            rewritten = self.rewritten(document, whole=whole)
            return body if rewritten == document else json.dumps(rewritten, allow_nan=False).encode("ascii")
        except (ValueError, RecursionError):
            return body

    def rewritten(self, document: Any, *, whole: bool) -> Any:
        """Return a document with its links rewritten, as :meth:`document` does."""
        return self._all(document) if whole else self._top(document)

    def _top(self, document: Any) -> Any:
        if not isinstance(document, dict):
            return self._within(document)
        return {
            key: self._text(value) if key in _AT_TOP and isinstance(value, str) else self._entry(key, value)
            for key, value in document.items()
        }

    def _entry(self, key: str, value: Any) -> Any:
        if not isinstance(value, _CONTAINERS) or key in USERS_OWN:
            return value
        return self._all(value) if _names_links(key) else self._within(value)

    def _within(self, value: Any) -> Any:
        if isinstance(value, dict):
            is_link = isinstance(value.get("href"), str) and isinstance(value.get("rel"), str)
            # Most values are scalars: a call for each would take half of the time.
            return {
                key: self._entry(key, item)
                if isinstance(item, _CONTAINERS)
                else self._text(item)
                if is_link and key == "href"
                else item
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._within(item) if isinstance(item, _CONTAINERS) else item for item in value]
        return value

    def _all(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._all(item) if isinstance(item, _CONTAINERS) else self._text(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._all(item) for item in value]
        return self._text(value)

    def _text(self, value: Any) -> Any:
        return self.link(value) if isinstance(value, str) and value.startswith(("http://", "https://")) else value

    def _plain(self, host: str) -> str:
        return plain_host(host, self._here)


def _names_links(key: str) -> bool:
    return key == "links" or key.endswith("_links")
