# SPDX-License-Identifier: Apache-2.0
"""The statements about workflows. Each works on many at once, and may be repeated: the result is the same."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, delete, func, select, update

from openstackoid.store.tables import WORKFLOWS

BATCH = 500
"""Rows that one statement removes at most, so that no lock is held for long."""

_COLUMNS = WORKFLOWS.c


class WorkflowRow(NamedTuple):
    """A row of the table ``workflows``."""

    id: str
    scope: str
    created: float
    expires: float
    owner: str | None = None


class Bounds(NamedTuple):
    """How many workflows are kept at most, and for how many seconds after the last use of each."""

    workflows: int
    seconds: float


def find(connection: Connection, ids: Sequence[str]) -> Sequence[WorkflowRow | None]:
    """Return the row of each id, or None."""
    columns = [_COLUMNS[name] for name in WorkflowRow._fields]
    found = connection.execute(select(*columns).where(_COLUMNS.id.in_(ids)))
    rows = {row.id: WorkflowRow(*row) for row in found}
    return [rows.get(each) for each in ids]


def put(connection: Connection, rows: Sequence[WorkflowRow]) -> Sequence[None]:
    """Add rows; where there is one of the id, its scope and its time become the new ones."""
    # Two gateways that write the same rows in another order would lock each other out.
    ordered = sorted(rows, key=lambda row: row.id)
    connection.execute(_upsert(connection.dialect.name), [row._asdict() for row in ordered])
    return [None] * len(rows)


def remove(connection: Connection, ids: Sequence[str]) -> Sequence[None]:
    """Remove rows."""
    connection.execute(delete(WORKFLOWS).where(_COLUMNS.id.in_(ids)))
    return [None] * len(ids)


def trim(connection: Connection, now: float, bounds: Bounds) -> int:
    """Remove expired rows, and the ones used longest ago beyond the bound: a batch at most. Return their number."""
    _shorten(connection, now, bounds.seconds)
    oldest = select(_COLUMNS.id, _COLUMNS.expires).order_by(_COLUMNS.expires)
    rows = connection.execute(oldest.where(_COLUMNS.expires <= now).limit(BATCH)).all()
    if len(rows) < BATCH:
        over = connection.execute(select(func.count()).select_from(WORKFLOWS)).scalar_one() - bounds.workflows
        if over > len(rows):
            rows = connection.execute(oldest.limit(min(over, BATCH))).all()
    if rows:
        # A row that was used meanwhile expires later than all of these did.
        gone = delete(WORKFLOWS).where(_COLUMNS.id.in_([row.id for row in rows]), _COLUMNS.expires <= rows[-1].expires)
        connection.execute(gone)
    return len(rows)


def _shorten(connection: Connection, now: float, seconds: float) -> None:
    """Give rows that were written by a clock far ahead the time of a row that is written now: they would outlive all others."""
    ahead = connection.execute(select(_COLUMNS.id).where(_COLUMNS.expires > now + 2 * seconds).limit(BATCH)).scalars().all()
    if ahead:
        connection.execute(update(WORKFLOWS).where(_COLUMNS.id.in_(ahead)).values(expires=now + seconds))


@lru_cache
def _upsert(dialect: str) -> Insert:
    inserted: Any = import_module(f"sqlalchemy.dialects.{dialect}").insert(WORKFLOWS)
    if dialect == "mysql":
        changed = inserted.inserted
        statement: Insert = inserted.on_duplicate_key_update(scope=changed.scope, expires=changed.expires)
    else:
        changed = inserted.excluded
        new = {"scope": changed.scope, "expires": changed.expires}
        statement = inserted.on_conflict_do_update(index_elements=[_COLUMNS.id], set_=new)
    return statement
