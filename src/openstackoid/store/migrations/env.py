# SPDX-License-Identifier: Apache-2.0
"""Connect Alembic to the database by the connection that it is given. Alembic runs this file."""

from alembic import context

from openstackoid.store.tables import METADATA

# Only Alembic gives a configuration; an import of another kind does nothing.
config = getattr(context, "config", None)
if config is not None:
    context.configure(connection=config.attributes["connection"], target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()
