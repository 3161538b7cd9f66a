# SPDX-License-Identifier: Apache-2.0
"""The statements about the clouds of resources. Each works on many at once, and may be repeated."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Insert, bindparam, select

from openstackoid.store.owned_rows import OwnedRows
from openstackoid.store.shares import Bounds, Owner
from openstackoid.store.tables import RESOURCES

SECONDS = 3600.0
"""The time of a row."""
BOUNDS = Bounds(100_000, SECONDS, 10_000, 25_000)
"""The most rows, and those of one user and of the users of one other cloud."""

_COLUMNS = RESOURCES.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


class ResourceRow(NamedTuple):
    """The cloud of a resource. ``id``: a digest of the resource, the user and the clouds that were asked.

    ``certain``: all other clouds have denied it.
    """

    id: str
    cloud: str
    certain: bool
    owner: Owner
    expires: float

    def after(self, known: "ResourceRow | None") -> "ResourceRow | None":
        """Return the row that counts after ``known``; None if the two claims leave no cloud."""
        if self.certain or known is None or known.expires <= self.expires - SECONDS:
            return self
        if known.cloud != self.cloud:
            return None
        return self._replace(certain=known.certain)


class Learnt(NamedTuple):
    """Rows to write, and the ids of rows to remove."""

    rows: tuple[ResourceRow, ...]
    gone: tuple[str, ...] = ()


# Made once: compiling takes longer than SQLite takes to run one.
_FIND = select(*(_COLUMNS[name] for name in ResourceRow._fields)).where(_COLUMNS.id.in_(_IDS))


class ResourceTable(OwnedRows):
    """The table of resources."""

    def __init__(self) -> None:
        super().__init__(RESOURCES)

    @staticmethod
    def find(connection: Connection, ids: Sequence[str]) -> Sequence[ResourceRow | None]:
        """Return the row of each id, or None."""
        found = _rows(connection, ids)
        return [found.get(each) for each in ids]

    def learn(self, connection: Connection, learnt: Sequence[Learnt]) -> Sequence[None]:
        """Write and remove rows."""
        for each in learnt:
            self._learn(connection, each)
        return [None] * len(learnt)

    def _learn(self, connection: Connection, learnt: Learnt) -> None:
        before = _rows(connection, [row.id for row in learnt.rows])
        gone, kept = [*learnt.gone], []
        # Two gateways that write the same rows in another order would deadlock.
        for row in sorted(learnt.rows, key=lambda row: row.id):
            after = row.after(before.get(row.id))
            if after is None:
                gone.append(row.id)
            else:
                kept.append(after)
        if gone:
            self.remove(connection, sorted(gone))
        if kept:
            connection.execute(_upsert(connection.dialect.name), [_values(row) for row in kept])
        for row in kept:
            self._put(row.owner, is_new=row.id not in before)


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, ResourceRow]:
    found = connection.execute(_FIND, {"ids": ids})
    return {key: ResourceRow(key, cloud, bool(certain), Owner.of_column(owner), end) for key, cloud, certain, owner, end in found}


def _values(row: ResourceRow) -> dict[str, Any]:
    return row._asdict() | {"owner": row.owner.column(), "certain": int(row.certain)}


@lru_cache
def _upsert(dialect: str) -> Insert:
    inserted: Any = import_module(f"sqlalchemy.dialects.{dialect}").insert(RESOURCES)
    new = inserted.inserted if dialect == "mysql" else inserted.excluded
    changed = {name: new[name] for name in ("cloud", "certain", "owner", "expires")}
    if dialect == "mysql":
        statement: Insert = inserted.on_duplicate_key_update(changed)
    else:
        statement = inserted.on_conflict_do_update(index_elements=[_COLUMNS.id], set_=changed)
    return statement
