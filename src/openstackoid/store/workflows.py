# SPDX-License-Identifier: Apache-2.0
"""The statements about workflows. Each works on many at once, and may be repeated."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Insert, bindparam, case, delete, func, select, update

from openstackoid.store.shares import Bounds, Owner, Shares
from openstackoid.store.tables import WORKFLOWS

BATCH = 500
"""The most rows that one transaction removes, so that no lock is held for long."""
PART = 16
"""After this fraction of the bound on rows, they are counted again: other gateways write, too."""
FRESH = 1.0
"""Seconds for which a count is used to remove rows: other gateways remove some, too."""
_RARE = 20
"""The age of a count may be this multiple of the time to take it."""

_COLUMNS = WORKFLOWS.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NOW: BindParameter[Any] = bindparam("now")


class WorkflowRow(NamedTuple):
    """A row of the table ``workflows``."""

    id: str
    scope: str
    owner: Owner
    created: float
    expires: float


# Made once: compiling takes longer than SQLite takes to run one.
_FIND = select(*(_COLUMNS[name] for name in WorkflowRow._fields)).where(_COLUMNS.id.in_(_IDS))
_DELETE = delete(WORKFLOWS).where(_COLUMNS.id.in_(_IDS))
_EXPIRED = select(_COLUMNS.id, _COLUMNS.owner).where(_COLUMNS.expires <= _NOW).order_by(_COLUMNS.expires).limit(BATCH)
_AHEAD = select(_COLUMNS.id).where(_COLUMNS.expires > _NOW).limit(BATCH)
_OLDEST = select(_COLUMNS.id).where(_COLUMNS.owner == bindparam("owner")).order_by(_COLUMNS.expires).limit(bindparam("number"))
_PROBE = WorkflowRow("probe", "{}", Owner("", "probe"), 0.0, 0.0)
"""An expired row, written to test the store."""


class WorkflowTable:
    """The table, and the known number of rows of each owner.

    After a rollback the counts are wrong; :meth:`recount` has the rows counted again.
    """

    def __init__(self) -> None:
        self._shares: Shares | None = None
        self._written = 0
        self._counted_at = self._fresh_until = 0.0
        self._owners: dict[Owner, None] = {}

    def recount(self) -> None:
        """Have the rows counted before the next ones are removed."""
        self._shares = None

    def find(self, connection: Connection, ids: Sequence[str]) -> Sequence[WorkflowRow | None]:
        """Return the row of each id, or None."""
        found = _rows(connection, ids)
        return [found.get(each) for each in ids]

    def put(self, connection: Connection, rows: Sequence[WorkflowRow]) -> Sequence[WorkflowRow]:
        """Add rows, and return those then there: an existing row keeps scope and owner until it expires."""
        # Two gateways that write the same rows in another order would deadlock.
        ordered = sorted(rows, key=lambda row: row.id)
        connection.execute(_upsert(connection.dialect.name), [_values(row) for row in ordered])
        found = _rows(connection, sorted({row.id for row in rows}))
        self._written += len(rows)
        new: set[str] = set()
        for row in rows:
            there = found[row.id]
            self._owners[there.owner] = None
            if self._shares is None:
                continue
            if there.created == row.created and row.id not in new:
                new.add(row.id)
                self._shares.add(there.owner)
            elif self._shares.count(there.owner):
                self._shares.use(there.owner)
        return [found[row.id] for row in rows]

    def remove(self, connection: Connection, ids: Sequence[str]) -> Sequence[None]:
        """Remove rows."""
        self._remove(connection, {row.id: row.owner for row in _rows(connection, ids).values()})
        return [None] * len(ids)

    @staticmethod
    def probe(connection: Connection, items: Sequence[None]) -> Sequence[None]:
        """Write a row without effect."""
        connection.execute(_upsert(connection.dialect.name), [_values(_PROBE)])
        return items

    def expire(self, connection: Connection, now: float, bounds: Bounds) -> Sequence[str]:
        """Remove at most a batch of expired rows. Return their ids."""
        _shorten(connection, now, bounds.seconds)
        expired = {row.id: Owner.of_column(row.owner) for row in connection.execute(_EXPIRED, {"now": now})}
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
            shares = self._shares = _count(connection)
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
            ids = connection.execute(_OLDEST, {"owner": owner.column(), "number": number}).scalars().all()
            if len(ids) < number:
                self.recount()
            _delete(connection, ids)
            gone += ids
        return gone

    def _counted(self, bounds: Bounds) -> Shares | None:
        return None if self._written >= max(BATCH, bounds.workflows // PART) else self._shares

    def _remove(self, connection: Connection, owners: Mapping[str, Owner]) -> None:
        _delete(connection, [*owners])
        for owner in owners.values():
            if self._shares is not None and self._shares.count(owner):
                self._shares.remove(owner)


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, WorkflowRow]:
    found = connection.execute(_FIND, {"ids": ids})
    return {key: WorkflowRow(key, scope, Owner.of_column(owner), created, end) for key, scope, owner, created, end in found}


def _values(row: WorkflowRow) -> dict[str, Any]:
    return row._asdict() | {"owner": row.owner.column()}


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        connection.execute(_DELETE, {"ids": ids})


def _count(connection: Connection) -> Shares:
    shares = Shares()
    last = func.max(_COLUMNS.expires)
    for owner, number in connection.execute(select(_COLUMNS.owner, func.count()).group_by(_COLUMNS.owner).order_by(last)):
        shares.add(Owner.of_column(owner), number)
    return shares


def _shorten(connection: Connection, now: float, seconds: float) -> None:
    """Correct rows written by a clock far ahead, which would outlive all others."""
    ahead = connection.execute(_AHEAD, {"now": now + 2 * seconds}).scalars().all()
    if ahead:
        connection.execute(update(WORKFLOWS).where(_COLUMNS.id.in_(ahead)).values(expires=now + seconds))


@lru_cache
def _upsert(dialect: str) -> Insert:
    inserted: Any = import_module(f"sqlalchemy.dialects.{dialect}").insert(WORKFLOWS)
    new = inserted.inserted if dialect == "mysql" else inserted.excluded
    # MariaDB evaluates these in order: the time, which decides, comes last.
    changed = [
        (name, case((_COLUMNS.expires <= new.created, new[name]), else_=_COLUMNS[name])) for name in ("scope", "owner", "created")
    ]
    changed.append(("expires", new.expires))
    if dialect == "mysql":
        statement: Insert = inserted.on_duplicate_key_update(changed)
    else:
        statement = inserted.on_conflict_do_update(index_elements=[_COLUMNS.id], set_=dict(changed))
    return statement
