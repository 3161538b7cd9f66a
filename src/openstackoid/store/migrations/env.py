# SPDX-License-Identifier: Apache-2.0
"""Give Alembic, which runs this file, its connection."""

from alembic import context

from openstackoid.store.tables import METADATA

# Only Alembic gives a configuration; any other import has no effect.
config = getattr(context, "config", None)
if config is not None:
    context.configure(connection=config.attributes["connection"], target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()
