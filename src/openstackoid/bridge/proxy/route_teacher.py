# SPDX-License-Identifier: Apache-2.0
"""Teach HAProxy routes: an answer below 400 brings the route of its request, and the slot in which HAProxy is to keep it."""

from hashlib import blake2b
from http import HTTPStatus

from openstackoid.binding import is_bound
from openstackoid.bridge.binding.binder import Binder, cut
from openstackoid.bridge.message.head import Admit, Head
from openstackoid.mesh import Mesh
from openstackoid.routing import Decision, Headers, MoreInput, Request, Single
from openstackoid.routing.admission import BAR
from openstackoid.routing.bound_tokens import SERVICE_SLOT, SERVICE_TOKEN, USER_SLOT, USER_TOKEN
from openstackoid.routing.delegated_downloads import DOWNLOADS
from openstackoid.routing.reading import AUTH, SERVICE
from openstackoid.routing.route_cache import (
    ADMISSION,
    CLOUD,
    HOME,
    LONGEST_KEY,
    MARK,
    SLOT,
    cached_route,
    delegated_mark,
    generation,
    generation_in,
    guest_mark,
    route_key,
    with_key,
)

GUEST = "1"
"""The value of the header :data:`ADMISSION` of an answer with the admission of a guest."""

KEY_BARS = 5
"""The bars in a key whose parts have none."""

SHARE = 4
"""One source fills at most this part of the slots, so that a client with a new spelling in each request leaves others theirs."""


class RouteSlots:
    """The slots of HAProxy's cache, given out in turn: the route that is there is replaced.

    A source that has its share is given its own oldest slot. A key that has a slot keeps it.
    """

    def __init__(self) -> None:
        self._next = 0
        self._slot_of: dict[bytes, int] = {}
        self._key_of: dict[int, bytes] = {}
        self._of_source: dict[str, dict[int, None]] = {}
        self._source_of: dict[int, str] = {}

    def take(self, source: str, slots: int, key: str | None = None) -> int:
        """Return the slot, of ``slots``, for a route that a request of ``source`` has asked for."""
        digest = None if key is None else blake2b(key.encode(), digest_size=16).digest()
        if digest is not None and self._slot_of.get(digest, slots) < slots:
            return self._slot_of[digest]
        own = self._of_source.get(source, {})
        if len(own) >= max(1, slots // SHARE):
            slot = next(iter(own))
        else:
            slot, self._next = self._next % slots, (self._next + 1) % slots
        self._release(slot)
        self._source_of[slot] = source
        self._of_source.setdefault(source, {})[slot] = None
        if digest is not None:
            self._slot_of[digest], self._key_of[slot] = slot, digest
        return slot

    def _release(self, slot: int) -> None:
        self._slot_of.pop(self._key_of.pop(slot, b""), None)
        source = self._source_of.pop(slot, None)
        if source is not None:
            own = self._of_source[source]
            del own[slot]
            if not own:
                del self._of_source[source]


class RouteTeacher:
    """Teaches the HAProxy in front of the Python service of the cloud ``at``; ``binder`` binds the tokens."""

    def __init__(self, at: str, binder: Binder) -> None:
        self._at = at
        self._binder = binder
        self._slots = RouteSlots()
        self._bound = RouteSlots()
        self._mesh: Mesh | None = None
        self._generation = ""

    def headers(
        self,
        mesh: Mesh,
        asked: str | None,
        request: Request,
        decision: Decision | MoreInput,
        status: int,
        *,
        admit: Admit | None = None,
        download: Admit | None = None,
    ) -> Headers:
        """Return the headers that teach the route of a request, or an admission; or none.

        ``admit`` makes that of a guest, ``download`` that of a peer's downloads in the name of a user here.
        ``asked`` is the header in which HAProxy asks for it. An HAProxy of another mesh than that of the decision learns nothing.
        """
        if asked is None or status >= 400:
            return ()
        source, slots, named, key = asked.split(" ", 3)
        endpoint = mesh.clouds[self._at].locate(request.listener, request.path)
        if (
            endpoint is None
            or key != route_key(request, endpoint)
            or len(key) > LONGEST_KEY
            or generation_in(named) != self._named(mesh)
        ):
            return ()
        told: tuple[tuple[str, str | None], ...] = ()
        route = cached_route(mesh, self._at, request, decision)
        if route is not None:
            told = ((MARK, route.mark), (CLOUD, route.cloud), (HOME, route.home))
        elif admit is not None:
            admission = _admission(guest_mark(mesh, request, decision), request, key, admit)
            told = () if admission is None else ((MARK, admission), (ADMISSION, GUEST))
        elif download is not None and status == HTTPStatus.OK:
            admission = _admission(delegated_mark(mesh, request, decision), request, key, download)
            told = () if admission is None else ((MARK, admission), (ADMISSION, DOWNLOADS))
            key = BAR.join((request.sender or "", endpoint.key, *request.values(AUTH), *request.values(SERVICE)))
        if not told:
            return ()
        slot = (SLOT, str(self._slots.take(source, int(slots), None if told[-1] == (ADMISSION, GUEST) else key)))
        return (slot, *((name, value) for name, value in told if value is not None))

    def bound_tokens(self, mesh: Mesh, head: Head, plan: Single, status: int) -> Headers:
        """Return the headers that teach the bound tokens of a request to a peer, where HAProxy asks for them."""
        if head.route is None or status >= 400:
            return ()
        source, slots, named, _ = head.route.split(" ", 3)
        users, services = ([cut(value)[0] for key, value in plan.headers if key.lower() == name] for name in (AUTH, SERVICE))
        # An HAProxy that was started under another key is about to be replaced, and may have no token of this one.
        if named not in (of_mesh := self._named(mesh), with_key(of_mesh, self._binder.key)):
            return ()
        if len(users) != 1 or not is_bound(users[0]):
            return ()
        told = [(USER_TOKEN, users[0]), (USER_SLOT, str(self._bound.take(source, int(slots))))]
        if services:
            told.append((SERVICE_TOKEN, services[0]))
            told.append((SERVICE_SLOT, str(self._bound.take(source, int(slots)))))
        return tuple(told)

    def _named(self, mesh: Mesh) -> str:
        if mesh is not self._mesh:
            self._mesh, self._generation = mesh, generation(mesh, self._at)
        return self._generation


def _admission(mark: str | None, request: Request, key: str, admit: Admit) -> str | None:
    """Return the admission that ``admit`` makes, if nothing but its key and its tokens decides.

    A bar in a part of the text that HAProxy digests could be one between two parts.
    """
    digested = [*request.values(AUTH), *request.values(SERVICE)]
    if mark is None or key.count(BAR) != KEY_BARS or any(BAR in token for token in digested):
        return None
    return admit(mark)
