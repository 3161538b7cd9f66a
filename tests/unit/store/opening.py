# SPDX-License-Identifier: Apache-2.0
"""Stores for tests."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import text

from openstackoid.store import Bounds, Database, Owner, Store, WorkflowRow

USER = Owner("", "u1")
SCOPE = '{"*":"CloudOne","image":"CloudTwo"}'
NOW = 1_000_000.0
DAY = 86_400.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def request_id(number: int) -> str:
    return f"req-5c09ed00-0000-4000-8000-{number:012}"


def row(number: int, expires: float = NOW + DAY, owner: Owner = USER) -> WorkflowRow:
    return WorkflowRow(request_id(number), SCOPE, owner, NOW, expires)


def bounds(workflows: int = 100_000, seconds: float = DAY) -> Bounds:
    """Return bounds that leave everything to one user."""
    return Bounds(workflows, seconds, workflows, workflows)


@asynccontextmanager
async def opened(
    database: Database, count: int = 1, clock: Callable[[], float] | None = None, patience: float = 20
) -> AsyncIterator[Sequence[Store]]:
    """Open stores in one database, each with a connection of its own, as several gateways have them."""
    async with AsyncExitStack() as stack:
        stores = [Store(database, clock or Clock(), patience) for _ in range(count)]
        for store in stores:
            store.bounds = bounds()
            await store.open()
            stack.push_async_callback(store.close)
        yield stores


def sql(database: Database, statement: str) -> list[Any]:
    """Run a statement on a connection of its own, and return its rows."""
    with database.engine().begin() as connection:
        found = connection.execute(text(statement))
        return [tuple(each) for each in found] if found.returns_rows else []


def kept(database: Database) -> set[str]:
    """Return the ids of the workflows in a database."""
    return {found for (found,) in sql(database, "SELECT id FROM workflows WHERE id <> 'probe'")}
