# SPDX-License-Identifier: Apache-2.0
"""The migrations of the schema, run by Alembic."""

import threading
import time

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from openstackoid.store.schema import REVISIONS, revision

_TRIES = 5
_PAUSE = 0.3
_ALEMBIC = threading.Lock()
"""Alembic works with global variables."""


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest revision.

    Two gateways may run it at once: the migrations skip existing tables, and the one that fails looks again.
    """
    config = Config()
    config.set_main_option("script_location", "openstackoid.store:migrations")
    config.attributes["connection"] = connection
    for left in reversed(range(_TRIES)):
        try:
            with _ALEMBIC:
                command.upgrade(config, "head")
            connection.commit()
        except SQLAlchemyError:
            connection.rollback()
            if left == 0:
                raise
            time.sleep(_PAUSE)
        if revision(connection) == REVISIONS[-1]:
            return
