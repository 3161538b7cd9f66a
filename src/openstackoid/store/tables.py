# SPDX-License-Identifier: Apache-2.0
"""The tables of the store. Pure: no engine, no connection."""

from sqlalchemy import Column, Double, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()


def _ascii(length: int) -> String:
    """Return the type of an ASCII text that is compared byte by byte; MariaDB would fold its letters."""
    return String(length).with_variant(String(length, collation="ascii_bin"), "mysql", "mariadb")


WORKFLOWS = Table(
    "workflows",
    METADATA,
    Column("id", _ascii(40), primary_key=True),
    Column("scope", Text, nullable=False),
    Column("owner", _ascii(128), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Index("workflows_by_expires", "expires"),
    Index("workflows_by_owner", "owner", "expires"),
)
"""A workflow a row: request id, scope in its header form, and owner.

``owner``: the user's cloud, empty for this one, a slash, and a digest of the user. ``created`` and ``expires``: seconds since
1970.
"""

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", _ascii(160), primary_key=True),
    Column("issuer", _ascii(64), nullable=False),
    Column("user_digest", _ascii(64), nullable=False),
    Column("claims", _ascii(512), nullable=False),
    Column("rule", String(160), nullable=False),
    Column("told", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("changed", Integer, nullable=False),
    Index("tokens_by_expires", "expires"),
    Index("tokens_by_issuer", "issuer", "user_digest", "expires"),
)
"""A token of another cloud a row: ``id`` is that cloud, a slash, and a digest of the token; ``claims`` are digests.

``rule``: the policy's entry. ``changed``: 1 after other claims were seen. ``told`` and ``expires``: seconds since 1970.
"""

RESOURCES = Table(
    "resources",
    METADATA,
    Column("id", _ascii(40), primary_key=True),
    Column("cloud", _ascii(64), nullable=False),
    Column("certain", Integer, nullable=False),
    Column("owner", _ascii(128), nullable=False),
    Column("expires", Double, nullable=False),
    Index("resources_by_expires", "expires"),
    Index("resources_by_owner", "owner", "expires"),
)
"""The cloud of a resource a row: ``id`` is a digest of the resource, the user and the clouds that were asked.

``certain``: 1 if all other clouds have denied it. ``owner`` and ``expires``: as of a workflow.
"""

BINDING_KEYS = Table(
    "binding_keys",
    METADATA,
    Column("fingerprint", _ascii(16), primary_key=True),
    Column("seen", Double, nullable=False),
)
"""A key a row, with which a gateway of this cloud binds tokens.

``fingerprint``: bytes of a digest. ``seen``: seconds since 1970.
"""
