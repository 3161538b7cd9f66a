# SPDX-License-Identifier: Apache-2.0
"""The table of tokens' claims."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INDEXES = {"tokens_by_expires": ["expires"], "tokens_by_issuer": ["issuer", "user_digest", "expires"]}


def _ascii(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    """Make the table and its indexes, if missing."""
    if not sa.inspect(op.get_bind()).has_table("tokens"):
        op.create_table(
            "tokens",
            sa.Column("id", _ascii(160), primary_key=True),
            sa.Column("issuer", _ascii(64), nullable=False),
            sa.Column("user_digest", _ascii(64), nullable=False),
            sa.Column("claims", _ascii(512), nullable=False),
            sa.Column("rule", sa.String(160), nullable=False),
            sa.Column("told", sa.Double, nullable=False),
            sa.Column("expires", sa.Double, nullable=False),
            sa.Column("changed", sa.Integer, nullable=False),
        )
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("tokens")}
    for name, columns in _INDEXES.items():
        if name not in there:
            op.create_index(name, "tokens", columns)
