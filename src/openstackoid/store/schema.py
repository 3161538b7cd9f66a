# SPDX-License-Identifier: Apache-2.0
"""The schema of a database, and whether this release can use it. Alembic is imported only for a migration."""

import logging
from importlib import import_module

from sqlalchemy import Connection, inspect, text

from openstackoid.store.errors import SchemaError

REVISIONS = ("0001", "0002", "0003", "0004")
"""The known revisions, the oldest first; each is a file of ``migrations/versions``."""

_VERSION_TABLE = "alembic_version"


def revision(connection: Connection) -> str | None:
    """Return the revision of the database's schema, or None for an empty one."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def prepare(connection: Connection) -> str | None:
    """Migrate the schema, and return its previous revision. Raises :class:`SchemaError` for a newer one."""
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise SchemaError(
            f"the database has the schema {found} of a newer release; this release knows {REVISIONS[-1]} and older:"
            " upgrade this gateway"
        )
    if found != REVISIONS[-1]:
        # Alembic's lines about each step do not help an operator.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        import_module("openstackoid.store.migrate").migrate(connection)
    return found
