# SPDX-License-Identifier: Apache-2.0
"""The store: data that outlives a process, in SQLite, MariaDB or PostgreSQL."""

from openstackoid.store.database import Database, database_of, reason
from openstackoid.store.errors import SchemaError, StoreError, StoreUnavailableError
from openstackoid.store.resources import SECONDS as RESOURCE_SECONDS
from openstackoid.store.resources import Learnt, ResourceRow
from openstackoid.store.schema import revision
from openstackoid.store.shares import Bounds, Owner, owner_of
from openstackoid.store.store import Store
from openstackoid.store.tokens import Found, NoRoom, Offer, TokenRow
from openstackoid.store.workflows import WorkflowRow

__all__ = [
    "RESOURCE_SECONDS",
    "Bounds",
    "Database",
    "Found",
    "Learnt",
    "NoRoom",
    "Offer",
    "Owner",
    "ResourceRow",
    "SchemaError",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "TokenRow",
    "WorkflowRow",
    "database_of",
    "owner_of",
    "reason",
    "revision",
]
