# SPDX-License-Identifier: Apache-2.0
"""The table of workflows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_REQUEST_ID = sa.String(40).with_variant(sa.String(40, collation="ascii_bin"), "mysql", "mariadb")
_OWNER = sa.String(128).with_variant(sa.String(128, collation="ascii_bin"), "mysql", "mariadb")
_INDEXES = {"workflows_by_expires": ["expires"], "workflows_by_owner": ["owner", "expires"]}


def upgrade() -> None:
    """Make the table and its indexes, if missing."""
    if not sa.inspect(op.get_bind()).has_table("workflows"):
        op.create_table(
            "workflows",
            sa.Column("id", _REQUEST_ID, primary_key=True),
            sa.Column("scope", sa.Text, nullable=False),
            sa.Column("owner", _OWNER, nullable=False),
            sa.Column("created", sa.Double, nullable=False),
            sa.Column("expires", sa.Double, nullable=False),
        )
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("workflows")}
    for name, columns in _INDEXES.items():
        if name not in there:
            op.create_index(name, "workflows", columns)
