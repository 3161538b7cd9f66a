# SPDX-License-Identifier: Apache-2.0
"""Rewrite the links of an answer, so that they name the frontend that the client used. Pure.

:mod:`openstackoid.routing.links` has their targets, this module their positions in an answer.
"""

import json
import re
from functools import cached_property
from typing import Any

from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.link_positions import LinkPositions
from openstackoid.bridge.proxy.next_requests import is_read, page_is_read, relative_is_read, without_odd_ids
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
from openstackoid.routing.peer_reads import ID, may_have_list

_REMEMBERED = 16
"""Hosts whose places are remembered while the links of one answer are rewritten."""

_NO_BODY, _FOLLOWED = (204, 304), (301, 302, 303, 307, 308)

_Place = tuple[str, Endpoint, str]
"""A prefix of paths at a host, our endpoint for it, and the beginning of our link: scheme, host, and our prefix."""

_URL = re.compile(r"(?:(?P<scheme>https?)://(?P<at>[^/?#]+))?(?P<path>[/?].*)?", re.DOTALL)
_PLAIN = re.compile(r"[!-~]+")
"""Clients drop a tab or a line break within a URL, and so read another one."""
_DROPPED = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+")
"""Characters that a reader of a URL may drop."""
_WITH_HOST = re.compile(r"(?i)https?:|[a-z][a-z0-9+.-]*:/|//")
_MEDIA_TYPE = re.compile(r"application/(json(-home)?|vnd\.[a-z0-9.+-]+)(; ?[a-z]+=[\w.]+)*", re.ASCII)
_ITEM = re.compile(rf"\s*{ID}\s*")
_NO_JSON = re.compile(rb"\s*[A-Za-z<#%-]")
_KEYSTONE = re.compile(r'\A(Keystone uri=")[^"]*?((?:/v[0-9.]+)?)/?"')


def is_no_json(body: bytes) -> bool:
    """Return whether no client reads a body as a JSON object: XML, text, an archive or a key, in any encoding but EBCDIC's."""
    return _NO_JSON.match(body) is not None


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

    def must_be_read(self, head: Head, status: int, headers: Headers) -> bool:
        """Return whether clients read a peer's answer as JSON under any type, and follow its links or places.

        These are version documents, answers that may have a list, and successes of an image service.
        """
        if self._peer is None or status in _NO_BODY or not 200 <= status < 400:
            return False
        if self.of_images(head.path):
            return status < 300
        if status in _FOLLOWED and any(name.lower() == "location" for name, _ in headers):
            return False
        return may_have_list(self._frontend_endpoint, head.method, head.path) or names_document(
            self._frontend_endpoint, head.path
        )

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

    def astray(self, status: int, head: Head, headers: Headers) -> bool:
        """Return whether a peer's answer redirects a write, or to another place than the requested service.

        Where the answer is read, so must that to the next request be.
        """
        places = [value for name, value in headers if name.lower() == "location"]
        if self._peer is None or status not in REDIRECTS or not places:
            return False
        if head.method not in ("GET", "HEAD") or len(places) > 1:
            return True
        path = self._within(places[0])
        if path is None or may_climb(path):
            return True
        asked = self._frontend_endpoint
        return head.method == "GET" and is_read(asked, head.path) and not is_read(asked, path)

    def leads_to_read(self, url: str) -> bool:
        """Return whether a peer's link leads every client to an answer of the same service that is read, too."""
        if _PLAIN.fullmatch(url) is None:
            return False
        if _WITH_HOST.match(url) is None:
            return relative_is_read(self._here, self._frontend_endpoint, url)
        path = self._within(url)
        return path is not None and is_read(self._frontend_endpoint, path)

    def leads_to_page(self, url: str) -> bool:
        """Return the same of a link to the next page of a list, of which openstacksdk may make another one."""
        return self.leads_to_read(url) and page_is_read(self._here, self._frontend_endpoint, url)

    def _within(self, url: str) -> str | None:
        """Return our path of a link to the requested service; None for any other link."""
        found = self._found(url) if _PLAIN.fullmatch(url) else None
        if found is None or found[0][1].key != self._frontend_endpoint.key:
            return None
        return found[1].partition("?")[0]

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
        """Rewrite the absolute links of a JSON document, and remove a peer's to other hosts; without one it stays as it is.

        Links stand below ``links`` and ``..._links``, in objects with ``rel`` and ``href``, and as ``next`` and its like at the
        top; ``whole``: any text of the document may be one.
        """
        try:
            document = json.loads(body.decode("utf-8"))
            rewritten = self.rewritten(document, whole=whole)
            return body if rewritten == document else json.dumps(rewritten, allow_nan=False).encode("ascii")
        except (ValueError, RecursionError):
            return body

    def strict_document(self, body: bytes, *, whole: bool) -> bytes:
        """Do the same for a document that a client may read by another encoding, or with the first of two keys.

        It is written anew, in ASCII. Text and files (:func:`is_no_json`) stay. Raises ``ValueError`` or ``RecursionError`` for
        anything else than JSON in UTF-8 with finite numbers.
        """
        if is_no_json(body):
            return body
        document = self.followed(json.loads(body.decode("utf-8")), whole=whole)
        return json.dumps(document if whole else without_odd_ids(document), allow_nan=False).encode("ascii")

    def rewritten(self, document: Any, *, whole: bool) -> Any:
        """Return a document with its links rewritten, as :meth:`document` does."""
        return LinkPositions(self._text).rewritten(document, whole=whole)

    def followed(self, document: Any, *, whole: bool) -> Any:
        """Return the same of a peer's document whose links clients follow: none leads to an answer that is not read."""
        return LinkPositions(self._of_document if whole else self._text, self._page).rewritten(document, whole=whole)

    def _page(self, text: str) -> str | None:
        """Return the text for one where clients look for the next page; None for a link to an answer that is not read."""
        return self._text(text) if self.leads_to_page(text) else None

    def _of_document(self, text: str) -> str | None:
        """Return the text for one of a version document, to which clients add paths: a link in it has no query."""
        if "?" in text or "#" in text or _ITEM.fullmatch(text):
            return None
        if "/" in text and not self.leads_to_read(text) and _MEDIA_TYPE.fullmatch(text) is None:
            return None
        return self._text(text)

    def _text(self, text: str) -> str | None:
        """Return the text for one at the position of a link; None for a peer's link to another host."""
        found = self._found(text) if text.startswith(("http://", "https://")) else None
        if found is not None:
            return found[0][2] + found[1]
        return None if self._peer is not None and self._names_other_host(text) else text

    def _names_other_host(self, text: str) -> bool:
        """Return whether a client could read ``text`` as a URL of another host than those of this cloud's frontends."""
        if "/" not in text and ":" not in text and "\\" not in text:
            return False
        if _WITH_HOST.match(_DROPPED.sub("", text).replace("\\", "/")) is None:
            return False
        match = _URL.fullmatch(text) if _PLAIN.fullmatch(text) else None
        if match is None or match["at"] is None:
            return True
        if self._here.tls is not None and match["scheme"] != self._frontend_endpoint.frontend.scheme:
            return True
        host = self._plain(match["at"])
        return host not in self._own_hosts and (self._host is None or host != self._plain(self._host))

    @cached_property
    def _own_hosts(self) -> frozenset[str]:
        frontends = (endpoint.frontend for endpoint in self._here.endpoints)
        return frozenset(self._plain(f"{frontend.host}:{frontend.port}") for frontend in frontends)

    def _plain(self, host: str) -> str:
        return plain_host(host, self._here)
