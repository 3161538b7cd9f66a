# SPDX-License-Identifier: Apache-2.0
"""The number of requests that peers sent here in the name of users and services of this cloud."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

RULES = ("validation", "users", "services", "images", "login", "exchange", "revocation")
"""The parts of an entry of ``delegation`` by which a request is allowed."""

BINDING, NO_RULE = "binding", "none"
"""In the place of a rule: a token is bound to a further cloud; no rule allows the request."""


Counts = list[tuple[str | None, str, str, int]]
"""Counts as one process tells them to another: peer, rule, outcome and number."""


async def _no_counts() -> Counts:
    return []


class UseKind(NamedTuple):
    """A kind of requests. ``peer``: the cloud of the sending gateway, or None for a client without a certificate."""

    peer: str | None
    rule: str
    outcome: str

    @classmethod
    def of(cls, peer: str | None, rule: str | None, outcome: str) -> "UseKind":
        """Return the kind of a request by the rule of its audit line."""
        kind = NO_RULE if rule is None else rule.rpartition("/")[2]
        return cls(peer, kind if kind in (*RULES, NO_RULE) else BINDING, outcome)


class DelegatedUses:
    """Counts requests since the start of the Python service. ``counts``: of each kind; the mesh bounds the kinds.

    ``others`` returns the counts of requests that HAProxy served alone, which the process of its log has.
    """

    def __init__(self, others: Callable[[], Awaitable[Counts]] = _no_counts) -> None:
        self.counts: Counter[UseKind] = Counter()
        self._others = others

    def count(self, peer: str | None, rule: str | None, outcome: str) -> None:
        """Count a request by its audit line."""
        self.counts[UseKind.of(peer, rule, outcome)] += 1

    def of_this_process(self) -> Counts:
        """Return the counts of this process."""
        return [(*kind, count) for kind, count in self.counts.items()]

    async def document(self) -> list[dict[str, Any]]:
        """Return the counts of both processes for the health page, by peer."""
        counts = self.counts.copy()
        for peer, rule, outcome, count in await self._others():
            counts[UseKind(peer, rule, outcome)] += count
        kinds = sorted(counts, key=lambda kind: (kind.peer or "", kind.rule, kind.outcome))
        return [{**kind._asdict(), "count": counts[kind]} for kind in kinds]
