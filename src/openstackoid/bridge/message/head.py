# SPDX-License-Identifier: Apache-2.0
"""The head of a message: read from aiohttp without loss, and reduced to the headers that travel to the next hop."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.hidden_tokens import NONE, HiddenTokens
from openstackoid.bridge.message.verbatim import decoded
from openstackoid.mesh import Listener
from openstackoid.routing import Headers
from openstackoid.routing.backend_names import TURN_BEGAN, TURN_SAID
from openstackoid.routing.delegated_downloads import SEAL_KEY
from openstackoid.routing.hosts import NAMED, SERVER_NAME, MisdirectedError, listener_of
from openstackoid.routing.links import SOURCE
from openstackoid.routing.route_cache import KEY as ROUTE

LISTENER = "x-openstackoid-listener"
"""The header in which HAProxy names the listeners at the client's socket, mostly one."""

SENDER = "x-openstackoid-from"
"""The header in which HAProxy names the sending gateway's cloud, by its certificate."""

OURS = "x-openstackoid-"
"""The prefix of headers that HAProxy alone sets; a client's are removed."""

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_LISTENERS = re.compile(r"[^ ]+:[0-9]{1,5}( [^ ]+:[0-9]{1,5})*")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request: raw path and query (``None`` without a ``?``), and the headers without HAProxy's own.

    ``sender``: the sending gateway's cloud, by its certificate; None for users. ``route``: HAProxy's header that asks for the
    route. ``source``: the client's address from HAProxy, also in ``headers``. ``began``: the time, since 1970, at which HAProxy
    has asked the first of several clouds, which has no answer for the client; else None. ``is_missed``: it has answered 404.
    ``seal_key``: the key by which HAProxy may keep an opened token.
    """

    method: str
    listener: Listener
    path: str
    query: str | None = field(repr=False)
    headers: Headers = field(repr=False)
    sender: str | None = None
    route: str | None = field(default=None, repr=False)
    source: str | None = None
    began: float | None = None
    is_missed: bool = False
    seal_key: str | None = field(default=None, repr=False)

    def values(self, name: str) -> list[str]:
        """Return every value of a header, by its lower-case name."""
        return [value for key, value in self.headers if key.lower() == name]

    def spelt(self, name: str) -> list[str]:
        """Return every value of a header as a WSGI server reads it, which takes an underscore for a dash."""
        return [value for key, value in self.headers if key.lower().replace("_", "-") == name]


Admit = Callable[[str], str | None]
"""Returns the admission of a guest, or of a peer's downloads, for the mark behind the token; None for none."""


class Teach(Protocol):
    """Returns the headers of an answer that teach HAProxy the route of the request, or an admission.

    ``admit`` makes that of a guest, ``download`` that of downloads by a peer in the name of a user here.
    """

    def __call__(self, status: int, /, *, admit: Admit | None = None, download: Admit | None = None) -> Headers:
        """Return them for the status of the answer."""


def teach_nothing(_: int, /, *, admit: Admit | None = None, download: Admit | None = None) -> Headers:  # noqa: ARG001
    """Return no headers."""
    return ()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request for sending. ``body``: None unless it was read already.

    ``teach`` returns the headers of an answer that teach HAProxy how to serve the next such request. ``told``: headers of an
    answer in which the gateway tells its client of clouds.
    """

    request: web.BaseRequest
    head: Head
    body: bytes | None = field(repr=False)
    teach: Teach = field(default=teach_nothing, repr=False)
    hidden: HiddenTokens = NONE
    told: Headers = ()


def read_head(request: web.BaseRequest, at: str) -> Head:
    """Return the head of a request. Raises :class:`AnswerError` (400) for one that cannot be sent on unchanged."""
    headers = decoded(request.raw_headers)
    target = request.raw_path
    if not target.isascii() or "#" in target:
        raise AnswerError(
            400,
            f"gateway of {at}: the path is not a URL's; other than ASCII, and '#', must be percent-encoded",
            reason="the path is not a URL's",
        )
    match = _AUTHORITY.match(target)
    path, mark, query = (target[match.end() :] if match else target).partition("?")
    listener = _listener(headers, at)
    sender = next((value for key, value in headers if key.lower() == SENDER), None)
    rest = of_others(headers)
    source = next((value for key, value in headers if key.lower() == SOURCE), None)
    route = next((value for key, value in headers if key.lower() == ROUTE), None)
    began = next((float(value.partition("-")[0]) / 1000 for key, value in headers if key.lower() == TURN_BEGAN), None)
    is_missed = any(key.lower() == TURN_SAID and value == "404" for key, value in headers)
    seal_key = next((value for key, value in headers if key.lower() == SEAL_KEY), None)
    asked = query if mark else None
    return Head(request.method, listener, path or "/", asked, rest, sender, route, source, began, is_missed, seal_key)


def end_to_end(headers: Headers) -> Headers:
    """Return the headers that travel beyond this hop.

    Further names in ``Connection`` have no effect, as with HAProxy: a client could name ``Host``, a token or a scope.
    """
    return tuple(
        (key, value) for key, value in headers if key.lower() not in _HOP_BY_HOP and not key.lower().startswith("proxy-")
    )


def of_others(headers: Headers) -> Headers:
    """Return the headers without those that HAProxy and gateways alone write."""
    return tuple((key, value) for key, value in headers if not key.lower().startswith(OURS))


def is_chunked(headers: Headers) -> bool:
    """Return whether a body comes in chunks; HAProxy lets no other coding through."""
    return any(key.lower() == "transfer-encoding" for key, _ in headers)


def without(headers: Headers, *names: str) -> Headers:
    """Return ``headers`` without those of ``names`` (lower case)."""
    return tuple((key, value) for key, value in headers if key.lower() not in names)


def _listener(headers: Headers, at: str) -> Listener:
    """Return the listener of a request, of those at its socket, which HAProxy names."""
    told = [value for key, value in headers if key.lower() == LISTENER]
    if len(told) != 1 or _LISTENERS.fullmatch(told[0]) is None:
        raise AnswerError(400, f"gateway of {at}: the bridge is reached through its HAProxy alone, which names the listener")
    parts = [name.rpartition(":") for name in told[0].split(" ")]
    listeners = [Listener(host.lower(), int(port)) for host, _, port in parts]
    if len(listeners) == 1:
        return listeners[0]
    host, server_name = (next((value for key, value in headers if key.lower() == name), None) for name in (NAMED, SERVER_NAME))
    try:
        return listener_of(listeners, host, server_name)
    except MisdirectedError as error:
        raise AnswerError(error.status, f"gateway of {at}: {error.message}") from None
