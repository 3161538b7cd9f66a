# SPDX-License-Identifier: Apache-2.0
"""Which schema a database has, and whether this release can use it. Alembic is imported only where there is something to do."""

import logging
from importlib import import_module

from sqlalchemy import Connection, inspect, text

from openstackoid.store.errors import SchemaError

REVISIONS = ("0001", "0002")
"""The revisions of the schema that this release knows, the oldest first; each is a file of ``migrations/versions``."""

_VERSION_TABLE = "alembic_version"


def revision(connection: Connection) -> str | None:
    """Return the revision of the database's schema, or None where it is empty."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def prepare(connection: Connection) -> str | None:
    """Bring the schema to this release's, and return the revision that it had. Raises :class:`SchemaError` where it is newer."""
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise SchemaError(
            f"the database has the schema {found} of a newer release; this release knows {REVISIONS[-1]} and older:"
            " upgrade this gateway"
        )
    if found != REVISIONS[-1]:
        # Alembic's account of each step, which begins with its import, is no line for an operator's log.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        import_module("openstackoid.store.migrate").migrate(connection)
    return found
