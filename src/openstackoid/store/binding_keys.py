# SPDX-License-Identifier: Apache-2.0
"""The statement about the keys that the gateways of a cloud bind tokens with."""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, bindparam, delete, select

from openstackoid.store.tables import BINDING_KEYS

_COLUMNS = BINDING_KEYS.c
_DELETE = delete(BINDING_KEYS).where(_COLUMNS.seen < bindparam("since"))
_FIND = select(_COLUMNS.fingerprint).order_by(_COLUMNS.fingerprint)


class KeyUse(NamedTuple):
    """A gateway binds with a key. ``now`` and ``since``: seconds since 1970; uses before ``since`` no longer count."""

    fingerprint: str
    now: float
    since: float


def share(connection: Connection, uses: Sequence[KeyUse]) -> Sequence[tuple[str, ...]]:
    """Write each use, and return the fingerprints of all keys in use."""
    found: list[tuple[str, ...]] = []
    for use in uses:
        connection.execute(_upsert(connection.dialect.name), {"fingerprint": use.fingerprint, "seen": use.now})
        connection.execute(_DELETE, {"since": use.since})
        found.append(tuple(fingerprint for (fingerprint,) in connection.execute(_FIND)))
    return found


@lru_cache
def _upsert(dialect: str) -> Insert:
    inserted: Any = import_module(f"sqlalchemy.dialects.{dialect}").insert(BINDING_KEYS)
    new = inserted.inserted if dialect == "mysql" else inserted.excluded
    if dialect == "mysql":
        statement: Insert = inserted.on_duplicate_key_update({"seen": new.seen})
    else:
        statement = inserted.on_conflict_do_update(index_elements=[_COLUMNS.fingerprint], set_={"seen": new.seen})
    return statement
