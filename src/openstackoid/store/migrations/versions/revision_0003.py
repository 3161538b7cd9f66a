# SPDX-License-Identifier: Apache-2.0
"""The table of the clouds of resources."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INDEXES = {"resources_by_expires": ["expires"], "resources_by_owner": ["owner", "expires"]}


def _ascii(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    """Make the table and its indexes, if missing."""
    if not sa.inspect(op.get_bind()).has_table("resources"):
        op.create_table(
            "resources",
            sa.Column("id", _ascii(40), primary_key=True),
            sa.Column("cloud", _ascii(64), nullable=False),
            sa.Column("certain", sa.Integer, nullable=False),
            sa.Column("owner", _ascii(128), nullable=False),
            sa.Column("expires", sa.Double, nullable=False),
        )
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("resources")}
    for name, columns in _INDEXES.items():
        if name not in there:
            op.create_index(name, "resources", columns)
