# SPDX-License-Identifier: Apache-2.0
"""Choose the owner who loses a workflow when the store is full. Pure: it only counts.

Users of this cloud compete alone. All users of another cloud compete together, because their cloud could invent users. The owner
with the most loses the oldest one.
"""

import hashlib
from collections import OrderedDict
from typing import NamedTuple


class Bounds(NamedTuple):
    """The most workflows, and their seconds after the last use.

    ``of_user``, ``of_peer``: the most of one user, and of all users of another cloud.
    """

    workflows: int
    seconds: float
    of_user: int
    of_peer: int


class Owner(NamedTuple):
    """The user who began a workflow: a digest of cloud and id. ``peer``: that cloud, empty for this one."""

    peer: str
    user: str

    @classmethod
    def of_column(cls, text: str) -> "Owner":
        """Return the owner of a value of :meth:`column`."""
        peer, _, user = text.rpartition("/")
        return cls(peer, user)

    def column(self) -> str:
        """Return the owner as a row names it."""
        return f"{self.peer}/{self.user}"


def owner_of(at: str, issuer: str, user: str) -> Owner:
    """Return the owner for a user of the cloud ``issuer``, at the gateway of ``at``."""
    digest = hashlib.sha256(f"{issuer}\n{user}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Owner("" if issuer == at else issuer, digest)


class Shares:
    """Counts the workflows of each owner, each call in constant time."""

    def __init__(self) -> None:
        self.total = 0
        self._competitors = _Counts()
        self._users_of: dict[str, _Counts] = {}

    def add(self, owner: Owner, number: int = 1) -> None:
        """Count workflows of ``owner``."""
        self.total += number
        self._competitors.change(_competitor(owner), number)
        if owner.peer:
            self._users_of.setdefault(owner.peer, _Counts()).change(owner, number)

    def remove(self, owner: Owner) -> None:
        """Count one workflow less of ``owner``."""
        self.total -= 1
        self._competitors.change(_competitor(owner), -1)
        if owner.peer:
            users = self._users_of[owner.peer]
            users.change(owner, -1)
            if not users:
                del self._users_of[owner.peer]

    def use(self, owner: Owner) -> None:
        """Note a use of a workflow of ``owner``."""
        self._competitors.change(_competitor(owner), 0)
        if owner.peer:
            self._users_of[owner.peer].change(owner, 0)

    def count(self, owner: Owner) -> int:
        """Return the number of workflows of ``owner``."""
        counts = self._users_of.get(owner.peer) if owner.peer else self._competitors
        return 0 if counts is None else counts.of(owner)

    def loser(self, newest: Owner, bounds: Bounds) -> Owner | None:
        """Return the owner who loses the oldest workflow, or None if there is room.

        ``newest`` has just begun a workflow; only ``newest`` and its cloud can exceed their shares. Of several with the most,
        the least recently changed or used one loses.
        """
        if self.count(newest) > bounds.of_user:
            return newest
        if newest.peer and self._competitors.of(_competitor(newest)) > bounds.of_peer:
            return self._users_of[newest.peer].most()
        if self.total <= bounds.workflows:
            return None
        most = self._competitors.most()
        return self._users_of[most.peer].most() if most.peer else most


def _competitor(owner: Owner) -> Owner:
    return Owner(owner.peer, "") if owner.peer else owner


class _Counts:
    """A number for each owner, and the owners by number, in each row the least recently changed first."""

    def __init__(self) -> None:
        self._numbers: dict[Owner, int] = {}
        self._rows: dict[int, OrderedDict[Owner, None]] = {}
        self._most = 0

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def of(self, owner: Owner) -> int:
        """Return the number of ``owner``."""
        return self._numbers.get(owner, 0)

    def most(self) -> Owner:
        """Return the owner with the highest number."""
        return next(iter(self._rows[self._most]))

    def change(self, owner: Owner, by: int) -> None:
        """Add to the number of ``owner``, or subtract 1: the highest one then falls by one at most."""
        before = self._numbers.get(owner, 0)
        after = before + by
        if before:
            row = self._rows[before]
            del row[owner]
            if not row:
                del self._rows[before]
        if after:
            self._numbers[owner] = after
            self._rows.setdefault(after, OrderedDict())[owner] = None
        else:
            self._numbers.pop(owner, None)
        self._most = max(self._most, after)
        if self._most and self._most not in self._rows:
            self._most -= 1
