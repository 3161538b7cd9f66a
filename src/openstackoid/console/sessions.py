# SPDX-License-Identifier: Apache-2.0
"""Who has logged in: in memory alone, by a random cookie. Keystone is asked again each minute, so a revoked token ends soon."""

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from openstackoid.console.errors import ConsoleError, NoAnswerError
from openstackoid.console.keystone import Keystone, LogIn, Person

ASKED_AGAIN = 60.0
"""Seconds for which Keystone's answer about a token counts."""

LONGEST = 8 * 3600.0
"""Seconds of a session, if its token lives longer."""

MOST = 1000
"""The most sessions; the oldest ends first."""

TRIES = 30
"""The log-ins of a minute, for all users: Keystone has its own limit for one."""


@dataclass(slots=True)
class Session:
    """A log-in. ``own``: the console has asked for the token, and ends it at the log-out."""

    token: str = field(repr=False)
    person: Person
    own: bool
    until: float
    asked: float


class Sessions:
    """The sessions of people with one of ``roles``. ``clock`` returns seconds since 1970."""

    def __init__(self, keystone: Callable[[], Keystone], roles: frozenset[str], clock: Callable[[], float] = time.time) -> None:
        self._keystone = keystone
        self.roles = roles
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._tries: deque[float] = deque()

    async def log_in(self, form: LogIn) -> str:
        """Return the cookie of a new session; the password is in it nowhere. Raises :class:`ConsoleError`."""
        self._limit()
        token, person = await self._keystone().log_in(form)
        return self._begin(token, person, own=True)

    async def by_token(self, token: str) -> str:
        """Return the cookie of a new session with a token that the user has. Raises :class:`ConsoleError`."""
        self._limit()
        return self._begin(token, await self._keystone().person(token), own=False)

    async def person(self, cookie: str) -> Person | None:
        """Return the user of a session, or None without one. Raises :class:`ConsoleError` if Keystone does not answer."""
        key, now = _key(cookie), self._clock()
        session = self._sessions.get(key)
        if session is None:
            return None
        if now >= session.until:
            del self._sessions[key]
            return None
        if now >= session.asked + ASKED_AGAIN:
            try:
                person = await self._keystone().person(session.token)
                self._check(person)
            except NoAnswerError:
                raise
            except ConsoleError:
                self._sessions.pop(key, None)
                return None
            session.person, session.asked = person, now
        return session.person

    def known(self, cookie: str) -> Person | None:
        """Return the user of a session as Keystone last told it, for the head of a page."""
        session = self._sessions.get(_key(cookie))
        return session.person if session is not None and self._clock() < session.until else None

    async def log_out(self, cookie: str) -> None:
        """End a session, and the token that was made for it."""
        session = self._sessions.pop(_key(cookie), None)
        if session is not None and session.own:
            await self._keystone().revoke(session.token)

    def _begin(self, token: str, person: Person, *, own: bool) -> str:
        self._check(person)
        cookie, now = secrets.token_urlsafe(32), self._clock()
        self._sessions[_key(cookie)] = Session(token, person, own, min(person.ends, now + LONGEST), now)
        while len(self._sessions) > MOST:
            self._sessions.popitem(last=False)
        return cookie

    def _check(self, person: Person) -> None:
        if not self.roles & person.roles:
            wanted = " or ".join(sorted(self.roles))
            raise ConsoleError(f"a role is missing: these pages are for users with {wanted} in the project of the log-in")

    def _limit(self) -> None:
        now = self._clock()
        while self._tries and self._tries[0] < now - 60:
            self._tries.popleft()
        if len(self._tries) >= TRIES:
            raise ConsoleError(f"there were {TRIES} log-ins in the last minute; try again in a minute")
        self._tries.append(now)


def _key(cookie: str) -> str:
    """Return the name of a session in memory, from which its cookie cannot be made."""
    return sha256(cookie.encode()).hexdigest()
