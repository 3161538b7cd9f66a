# SPDX-License-Identifier: Apache-2.0
"""The tables of the store. Pure: no engine, no connection."""

from sqlalchemy import Column, Double, Index, MetaData, String, Table, Text

METADATA = MetaData()

# An id is ASCII and is compared byte by byte; MariaDB would fold its letters.
_REQUEST_ID = String(40).with_variant(String(40, collation="ascii_bin"), "mysql", "mariadb")
_OWNER = String(128).with_variant(String(128, collation="ascii_bin"), "mysql", "mariadb")

WORKFLOWS = Table(
    "workflows",
    METADATA,
    Column("id", _REQUEST_ID, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("owner", _OWNER, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Index("workflows_by_expires", "expires"),
    Index("workflows_by_owner", "owner", "expires"),
)
"""A workflow a row: its request id, its scope as it travels in headers, and its owner.

``owner`` is the user's cloud, empty for this one, a slash, and a digest of the user.

``created`` and ``expires`` are seconds of the wall clock since 1970.
"""
