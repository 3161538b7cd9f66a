# SPDX-License-Identifier: Apache-2.0
"""The statements about claims of other clouds' tokens. Each works on many at once, and may be repeated."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, and_, bindparam, case, delete, func, or_, select, update

from openstackoid.store.owned_rows import BATCH
from openstackoid.store.tables import TOKENS

LONGEST = 10 * 86400.0
"""Seconds beyond which no claims count: a clock that was ahead wrote such a row."""
FRESH = 1.0
"""Seconds for which a count of an issuer's tokens is used: other gateways add some, too."""
COUNTED = 10_000
"""Issuers and users with a count in memory."""
_RARE = 20
"""The age of a count may be this multiple of the time to take it."""

_COLUMNS = TOKENS.c
_NAMES = ("id", "issuer", "user_digest", "claims", "rule", "told", "expires", "changed")

# Made once: compiling takes longer than SQLite takes to run one.
_FIND = select(*(_COLUMNS[name] for name in _NAMES)).where(_COLUMNS.id.in_(bindparam("ids", expanding=True)))
_LIVING = and_(_COLUMNS.issuer == bindparam("issuer"), _COLUMNS.expires > bindparam("now"))
_COUNT = select(func.count(), func.min(_COLUMNS.expires)).where(_LIVING)
_COUNT_OF_USER = _COUNT.where(_COLUMNS.user_digest == bindparam("user"))


class TokenRow(NamedTuple):
    """A row of ``tokens``: the claims of a token of ``issuer``, by its digest, and the policy's rule.

    ``user``: a digest of the user. ``told``: the time of the first claims; ``expires``: their end. ``changed``: other claims
    were seen since.
    """

    issuer: str
    digest: bytes
    user: bytes
    claims: bytes
    rule: str
    told: float
    expires: float
    changed: bool = False


class Offer(NamedTuple):
    """Claims to record, and the most tokens of the issuer and of the user."""

    row: TokenRow
    most: int
    of_user: int


class Found(NamedTuple):
    """The row that counts. ``first``: it differs from the offered claims, and no caller was told so before."""

    row: TokenRow
    first: bool


class NoRoom(NamedTuple):
    """The issuer or the user has the most tokens. ``until``: the end of the first of them."""

    until: float
    of_user: bool


@dataclass(slots=True)
class _Count:
    """The number of tokens, and the times at which it may change."""

    number: int
    first_end: float
    counted_at: float
    fresh_until: float


class TokenTable:
    """The table, and the known number of tokens of each issuer and user."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}

    def recount(self) -> None:
        """Have the tokens counted before the next ones are added."""
        self._counts.clear()

    def record(self, connection: Connection, offers: Sequence[Offer]) -> Sequence[Found | NoRoom]:
        """Add tokens without claims, and extend the time of those with the same claims."""
        before = _rows(connection, offers)
        refused: dict[str, NoRoom] = {}
        kept: dict[str, Offer] = {}
        for offer in offers:
            key, now = _key(offer.row), offer.row.told
            known = before.get(key)
            if key not in kept and (known is None or known.expires <= now):
                of_issuer = self._count(connection, offer.row.issuer, "", now)
                of_user = self._count(connection, offer.row.issuer, offer.row.user.hex(), now)
                if of_issuer.number >= offer.most:
                    refused[key] = NoRoom(of_issuer.first_end, of_user=False)
                    continue
                if of_user.number >= offer.of_user:
                    refused[key] = NoRoom(of_user.first_end, of_user=True)
                    continue
                for count in (of_issuer, of_user):
                    count.number += 1
                    count.first_end = min(count.first_end, offer.row.expires)
            kept[key] = offer
        accepted = [offer.row for offer in offers if _key(offer.row) in kept]
        if accepted:
            # Two gateways that write the same rows in another order would deadlock.
            values = [_values(row) for row in sorted(accepted, key=_key)]
            connection.execute(_upsert(connection.dialect.name), values)
        after = _rows(connection, list(kept.values()))
        return [
            self._found(connection, offer.row, after[_key(offer.row)]) if _key(offer.row) in kept else refused[_key(offer.row)]
            for offer in offers
        ]

    def expire(self, connection: Connection, now: float) -> Sequence[str]:
        """Remove at most a batch of expired rows. Return their keys."""
        over = or_(_COLUMNS.expires <= now, _COLUMNS.expires > now + LONGEST)
        keys = connection.execute(select(_COLUMNS.id).where(over).limit(BATCH)).scalars().all()
        if keys:
            # Some may have been extended meanwhile.
            connection.execute(delete(TOKENS).where(_COLUMNS.id.in_(keys), over))
        return keys

    def _count(self, connection: Connection, issuer: str, user: str, now: float) -> _Count:
        """Count the tokens of an issuer, or of one of its users."""
        count = self._counts.get((issuer, user))
        if count is None or not count.counted_at <= now < min(count.fresh_until, count.first_end):
            began = time.monotonic()
            counted = _COUNT_OF_USER if user else _COUNT
            number, first = connection.execute(counted, {"issuer": issuer, "user": user, "now": now}).one()
            fresh = now + max(FRESH, _RARE * (time.monotonic() - began))
            if len(self._counts) > COUNTED:
                self._counts.clear()
            count = self._counts[issuer, user] = _Count(number, float("inf") if first is None else first, now, fresh)
        return count

    @staticmethod
    def _found(connection: Connection, offered: TokenRow, row: TokenRow) -> Found:
        if row.claims == offered.claims or row.changed:
            return Found(row, False)
        told = update(TOKENS).where(_COLUMNS.id == _key(row), _COLUMNS.changed == 0).values(changed=1)
        return Found(row, connection.execute(told).rowcount == 1)


def _key(row: TokenRow) -> str:
    return f"{row.issuer}/{row.digest.hex()}"


def _rows(connection: Connection, offers: Sequence[Offer]) -> dict[str, TokenRow]:
    found = connection.execute(_FIND, {"ids": [_key(offer.row) for offer in offers]})
    return {row.id: _row(row) for row in found}


def _row(row: Any) -> TokenRow:
    digest, user, claims = (bytes.fromhex(text) for text in (row.id.rpartition("/")[2], row.user_digest, row.claims))
    return TokenRow(row.issuer, digest, user, claims, row.rule, row.told, row.expires, bool(row.changed))


def _values(row: TokenRow) -> dict[str, Any]:
    values: dict[str, Any] = row._asdict()
    user = values.pop("user").hex()
    del values["digest"]
    return values | {"id": _key(row), "user_digest": user, "claims": row.claims.hex(), "changed": 0}


@lru_cache
def _upsert(dialect: str) -> Insert:
    inserted: Any = import_module(f"sqlalchemy.dialects.{dialect}").insert(TOKENS)
    new = inserted.inserted if dialect == "mysql" else inserted.excluded
    over = _COLUMNS.expires <= new.told
    longer = or_(over, and_(_COLUMNS.claims == new.claims, _COLUMNS.expires < new.expires))
    # MariaDB evaluates these in order: the time, which decides the others, comes last.
    changed = [
        (name, case((over, new[name]), else_=_COLUMNS[name])) for name in ("user_digest", "claims", "rule", "told", "changed")
    ]
    changed.append(("expires", case((longer, new.expires), else_=_COLUMNS.expires)))
    if dialect == "mysql":
        statement: Insert = inserted.on_duplicate_key_update(changed)
    else:
        statement = inserted.on_conflict_do_update(index_elements=[_COLUMNS.id], set_=dict(changed))
    return statement
