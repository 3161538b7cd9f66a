# SPDX-License-Identifier: Apache-2.0
"""The migrations of the schema, run by Alembic."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from openstackoid.store.errors import SchemaError
from openstackoid.store.schema import REVISIONS, revision

_TRIES = 10
_PAUSE = 0.3
_ALEMBIC = threading.Lock()
"""Alembic works with global variables."""

_LOCK = {
    "sqlite": "BEGIN IMMEDIATE",
    "mysql": "SELECT GET_LOCK(CONCAT(DATABASE(), '.openstackoid'), 1)",
    "postgresql": "SELECT pg_advisory_xact_lock(hashtext('openstackoid'))",
}
"""What locks the schema; MariaDB answers 0 after one second without it, and a node of Galera locks for itself alone."""

_UNLOCK = {"mysql": "DO RELEASE_LOCK(CONCAT(DATABASE(), '.openstackoid'))"}
"""What ends a lock that outlives its transaction: MariaDB commits before and after each change of a table."""


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest revision. Several gateways may run it at once: one migrates, the others wait.

    Raises :class:`SchemaError` where another gateway does not end its migration, ``SQLAlchemyError`` and ``CommandError``.
    """
    config = Config()
    config.set_main_option("script_location", "openstackoid.store:migrations")
    config.attributes["connection"] = connection
    for left in reversed(range(_TRIES)):
        try:
            with _ALEMBIC, _locked(connection) as locked:
                if locked and revision(connection) != REVISIONS[-1]:
                    command.upgrade(config, "head")
                connection.commit()
        except (SQLAlchemyError, CommandError):
            # A gateway on another node of Galera was first: the migrations skip existing tables.
            connection.rollback()
            if left == 0:
                raise
            time.sleep(_PAUSE)
        if revision(connection) == REVISIONS[-1]:
            return
    raise SchemaError("another gateway has begun to migrate the database and does not end: look at its log")


@contextmanager
def _locked(connection: Connection) -> Iterator[bool]:
    """Lock the schema for the others; False where it stays locked by another."""
    locked = connection.execute(text(_LOCK[connection.dialect.name]))
    try:
        yield not locked.returns_rows or locked.scalar() != 0
    finally:
        unlock = _UNLOCK.get(connection.dialect.name)
        if unlock is not None and not connection.invalidated:
            connection.execute(text(unlock))
