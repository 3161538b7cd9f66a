# SPDX-License-Identifier: Apache-2.0
"""The statements about workflows. Each works on many at once, and may be repeated."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Insert, bindparam, case, select

from openstackoid.store.owned_rows import OwnedRows
from openstackoid.store.shares import Owner
from openstackoid.store.tables import WORKFLOWS

_COLUMNS = WORKFLOWS.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


class WorkflowRow(NamedTuple):
    """A row of the table ``workflows``."""

    id: str
    scope: str
    owner: Owner
    created: float
    expires: float


# Made once: compiling takes longer than SQLite takes to run one.
_FIND = select(*(_COLUMNS[name] for name in WorkflowRow._fields)).where(_COLUMNS.id.in_(_IDS))
_PROBE = WorkflowRow("probe", "{}", Owner("", "probe"), 0.0, 0.0)
"""An expired row, written to test the store."""


class WorkflowTable(OwnedRows):
    """The table of workflows."""

    def __init__(self) -> None:
        super().__init__(WORKFLOWS)

    @staticmethod
    def find(connection: Connection, ids: Sequence[str]) -> Sequence[WorkflowRow | None]:
        """Return the row of each id, or None."""
        found = _rows(connection, ids)
        return [found.get(each) for each in ids]

    def put(self, connection: Connection, rows: Sequence[WorkflowRow]) -> Sequence[WorkflowRow]:
        """Add rows, and return those then there: an existing row keeps scope and owner until it expires."""
        # Two gateways that write the same rows in another order would deadlock.
        ordered = sorted(rows, key=lambda row: row.id)
        connection.execute(_upsert(connection.dialect.name), [_values(row) for row in ordered])
        found = _rows(connection, sorted({row.id for row in rows}))
        new: set[str] = set()
        for row in rows:
            there = found[row.id]
            is_new = there.created == row.created and row.id not in new
            if is_new:
                new.add(row.id)
            self._put(there.owner, is_new=is_new)
        return [found[row.id] for row in rows]

    @staticmethod
    def probe(connection: Connection, items: Sequence[None]) -> Sequence[None]:
        """Write a row without effect."""
        connection.execute(_upsert(connection.dialect.name), [_values(_PROBE)])
        return items


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, WorkflowRow]:
    found = connection.execute(_FIND, {"ids": ids})
    return {key: WorkflowRow(key, scope, Owner.of_column(owner), created, end) for key, scope, owner, created, end in found}


def _values(row: WorkflowRow) -> dict[str, Any]:
    return row._asdict() | {"owner": row.owner.column()}


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
