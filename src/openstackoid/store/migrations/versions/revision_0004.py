# SPDX-License-Identifier: Apache-2.0
"""The table of the keys that gateways bind tokens with."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_FINGERPRINT = sa.String(16).with_variant(sa.String(16, collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    """Make the table, if missing."""
    if not sa.inspect(op.get_bind()).has_table("binding_keys"):
        op.create_table(
            "binding_keys",
            sa.Column("fingerprint", _FINGERPRINT, primary_key=True),
            sa.Column("seen", sa.Double, nullable=False),
        )
