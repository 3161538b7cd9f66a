# SPDX-License-Identifier: Apache-2.0
"""The index of resources under ``A & B``: the cloud that has each, in the store, with a cache.

An entry saves requests to the other clouds. It decides nothing else: the cloud that it names judges the user as ever, and its
404 ends the entry.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from openstackoid.composition import is_uuid
from openstackoid.store import RESOURCE_SECONDS, Learnt, Owner, ResourceRow, Store, StoreUnavailableError

CACHED = 20_000
"""The most cached entries; the least recently used is removed first."""
FRESH = 60.0
"""Seconds for which a cached entry is used: other gateways may have removed it."""
PATIENCE = 0.5
"""Seconds for the store to find an entry."""
_MOST_DUE = 5_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class View:
    """Resources of one kind as a user sees them in ``clouds``: the index has its own entries for each view.

    ``sight``: the user, with project and roles. ``path``: of such resources in ``service``, without their ids.
    """

    owner: Owner
    sight: tuple[str, ...]
    service: str
    path: str
    clouds: tuple[str, ...]

    def key(self, id_: str) -> str:
        """Return the name of a resource in the index."""
        seen = (self.owner, self.sight, self.service, self.path, sorted(self.clouds), id_)
        return hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:40]


@dataclass(slots=True)
class _Cached:
    """A row, or None for no cloud, and the time at which it was found or written."""

    row: ResourceRow | None
    since: float


class ResourceIndex:
    """The clouds of resources. ``clock`` returns seconds since 1970."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._cached: OrderedDict[str, _Cached] = OrderedDict()
        self._due: dict[str, ResourceRow | None] = {}
        self._writing: asyncio.Task[None] | None = None

    async def find(self, view: View, id_: str) -> ResourceRow | None:
        """Return the row of a resource, or None."""
        if not is_uuid(id_):
            return None
        key, now = view.key(id_), self._clock()
        cached = self._cached.get(key)
        if cached is not None and cached.since <= now < cached.since + FRESH:
            self._cached.move_to_end(key)
            return cached.row
        try:
            async with asyncio.timeout(PATIENCE):
                row = await self._store.find_resource(key)
        except (StoreUnavailableError, TimeoutError):
            return None
        if row is None or not now < row.expires <= now + 2 * RESOURCE_SECONDS:
            return None
        self._cache(key, row)
        return row

    def learn(self, view: View, claims: Iterable[tuple[str, str]], *, certain: bool) -> None:
        """Note the clouds of resources; ``certain``: all other clouds have denied them."""
        now = self._clock()
        for id_, cloud in claims:
            if not is_uuid(id_):
                continue
            key = view.key(id_)
            new = ResourceRow(key, cloud, certain, view.owner, now + RESOURCE_SECONDS)
            cached = self._cached.get(key)
            known = None if cached is None else cached.row
            row = new.after(known)
            if row is None or known is None or known[1:3] != row[1:3] or known.expires < now + RESOURCE_SECONDS / 2:
                self._write(key, row)

    def forget(self, view: View, ids: Iterable[str]) -> None:
        """Remove resources that are gone, or that several clouds claim."""
        for id_ in ids:
            if is_uuid(id_):
                self._write(view.key(id_), None)

    def _write(self, key: str, row: ResourceRow | None) -> None:
        self._cache(key, row)
        if len(self._due) < _MOST_DUE or key in self._due:
            self._due[key] = row
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_due())

    def _cache(self, key: str, row: ResourceRow | None) -> None:
        self._cached[key] = _Cached(row, self._clock())
        self._cached.move_to_end(key)
        while len(self._cached) > CACHED:
            self._cached.popitem(last=False)

    async def _write_due(self) -> None:
        """Write what is due, a batch at a time; a failure loses it."""
        try:
            while self._due:
                due = [self._due.popitem() for _ in range(min(_BATCH, len(self._due)))]
                rows = tuple(row for _, row in due if row is not None)
                await self._store.learn(Learnt(rows, tuple(key for key, row in due if row is None)))
        except StoreUnavailableError:
            self._due.clear()
        finally:
            self._writing = None
