# SPDX-License-Identifier: Apache-2.0
"""How Alembic reaches the database: by the connection that it is given. Alembic runs this file."""

from alembic import context

from openstackoid.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
