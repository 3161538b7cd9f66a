# SPDX-License-Identifier: Apache-2.0
"""The statements about rows with an owner and an end. Each works on many at once, and may be repeated."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Table, bindparam, delete, func, select, update

from openstackoid.store.shares import Bounds, Owner, Shares

BATCH = 500
"""The most rows that one transaction removes, so that no lock is held for long."""
PART = 16
"""After this fraction of the bound on rows, they are counted again: other gateways write, too."""
FRESH = 1.0
"""Seconds for which a count is used to remove rows: other gateways remove some, too."""
_RARE = 20
"""The age of a count may be this multiple of the time to take it."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NOW: BindParameter[Any] = bindparam("now")


class OwnedRows:
    """The rows of a table with ``id``, ``owner`` and ``expires``, and the known number of rows of each owner.

    After a rollback the counts are wrong; :meth:`recount` has the rows counted again.
    """

    def __init__(self, table: Table) -> None:
        columns = table.c
        # Made once: compiling takes longer than SQLite takes to run one.
        self._delete_rows = delete(table).where(columns.id.in_(_IDS))
        self._expired = select(columns.id, columns.owner).where(columns.expires <= _NOW).order_by(columns.expires).limit(BATCH)
        self._ahead = select(columns.id).where(columns.expires > _NOW).limit(BATCH)
        self._shorten_rows = update(table).where(columns.id.in_(_IDS)).values(expires=bindparam("end"))
        self._oldest = (
            select(columns.id).where(columns.owner == bindparam("owner")).order_by(columns.expires).limit(bindparam("number"))
        )
        self._owners_of = select(columns.id, columns.owner).where(columns.id.in_(_IDS))
        self._numbers = select(columns.owner, func.count()).group_by(columns.owner).order_by(func.max(columns.expires))
        self._shares: Shares | None = None
        self._written = 0
        self._counted_at = self._fresh_until = 0.0
        self._owners: dict[Owner, None] = {}

    def recount(self) -> None:
        """Have the rows counted before the next ones are removed."""
        self._shares = None

    def remove(self, connection: Connection, ids: Sequence[str]) -> Sequence[None]:
        """Remove rows."""
        found = connection.execute(self._owners_of, {"ids": ids})
        self._remove(connection, {row.id: Owner.of_column(row.owner) for row in found})
        return [None] * len(ids)

    def expire(self, connection: Connection, now: float, bounds: Bounds) -> Sequence[str]:
        """Remove at most a batch of expired rows. Return their ids."""
        self._shorten(connection, now, bounds.seconds)
        expired = {row.id: Owner.of_column(row.owner) for row in connection.execute(self._expired, {"now": now})}
        self._remove(connection, expired)
        return [*expired]

    def is_full(self, bounds: Bounds) -> bool:
        """Return whether :meth:`trim` has rows to remove."""
        shares = self._counted(bounds)
        if shares is not None:
            self._owners = {owner: None for owner in self._owners if shares.loser(owner, bounds) is not None}
        return bool(self._owners)

    def trim(self, connection: Connection, now: float, bounds: Bounds) -> Sequence[str]:
        """Remove at most a batch of rows beyond the bounds. Return their ids.

        :mod:`openstackoid.store.shares` chooses the owners, who lose their least recently used rows.
        """
        shares = self._counted(bounds)
        if shares is None or not self._counted_at <= now < self._fresh_until:
            began = time.monotonic()
            shares = self._shares = self._count(connection)
            self._counted_at, self._fresh_until = now, now + max(FRESH, _RARE * (time.monotonic() - began))
            self._written = 0
        gone = list(self.expire(connection, now, bounds)) if self.is_full(bounds) else []
        due: Counter[Owner] = Counter()
        owners = [*self._owners]
        for _ in range(BATCH - len(gone)):
            while owners and shares.loser(owners[-1], bounds) is None:
                owners.pop()
            loser = shares.loser(owners[-1], bounds) if owners else None
            if loser is None:
                break
            shares.remove(loser)
            due[loser] += 1
        self._owners = dict.fromkeys(owners)
        for owner, number in due.items():
            ids = connection.execute(self._oldest, {"owner": owner.column(), "number": number}).scalars().all()
            if len(ids) < number:
                self.recount()
            self._delete(connection, ids)
            gone += ids
        return gone

    def _put(self, owner: Owner, *, is_new: bool) -> None:
        """Count a row that was written."""
        self._written += 1
        self._owners[owner] = None
        if self._shares is None:
            return
        if is_new:
            self._shares.add(owner)
        elif self._shares.count(owner):
            self._shares.use(owner)

    def _counted(self, bounds: Bounds) -> Shares | None:
        return None if self._written >= max(BATCH, bounds.workflows // PART) else self._shares

    def _remove(self, connection: Connection, owners: Mapping[str, Owner]) -> None:
        self._delete(connection, [*owners])
        for owner in owners.values():
            if self._shares is not None and self._shares.count(owner):
                self._shares.remove(owner)

    def _delete(self, connection: Connection, ids: Sequence[str]) -> None:
        if ids:
            connection.execute(self._delete_rows, {"ids": ids})

    def _count(self, connection: Connection) -> Shares:
        shares = Shares()
        for owner, number in connection.execute(self._numbers):
            shares.add(Owner.of_column(owner), number)
        return shares

    def _shorten(self, connection: Connection, now: float, seconds: float) -> None:
        """Correct rows written by a clock far ahead, which would outlive all others."""
        ahead = connection.execute(self._ahead, {"now": now + 2 * seconds}).scalars().all()
        if ahead:
            connection.execute(self._shorten_rows, {"ids": ahead, "end": now + seconds})
