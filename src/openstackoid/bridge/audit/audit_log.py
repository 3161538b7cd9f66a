# SPDX-License-Identifier: Apache-2.0
"""A line of the audit log: one use of one cloud by another's user, as JSON.

Cut and escaped values come from clients and from peers' Keystones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

IN, OUT = "in", "out"
"""The directions: a peer's user came in to this cloud; a request left this cloud for a peer."""

ALLOWED, REFUSED, FAILED, LOST = "allowed", "refused", "failed", "lost"
"""The outcomes. ``failed``, of requests that left alone: it is unknown whether the request was allowed.

``lost``: the line has the number of missing lines.
"""

LONGEST_NAME = 255
"""Characters of an id or a name; Keystone's own limit for a name is 255 for users, and less for the rest."""
LONGEST_TEXT = 1024
"""Characters of a path or a reason."""
MOST_ROLES = 64


@dataclass(frozen=True, slots=True)
class Party:
    """A user or a project as its own cloud's Keystone names it; ``domain`` is the domain's name, or else its id."""

    id: str | None = None
    name: str | None = None
    domain: str | None = None

    @classmethod
    def of(cls, entry: object) -> "Party | None":
        """Return the ``user`` or ``project`` of a token document, or None for an invalid one."""
        if not isinstance(entry, Mapping):
            return None
        domain = entry.get("domain")
        at = (domain.get("name") or domain.get("id")) if isinstance(domain, Mapping) else None
        return cls(*(value if isinstance(value, str) else None for value in (entry.get("id"), entry.get("name"), at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One use of a cloud by a user of another, at one gateway.

    ``time``: seconds since 1970. ``gateway``: the writing cloud. ``home``: the cloud that issued the user's token. ``cloud``:
    the requested one, by default the gateway's. ``user`` and ``project``: those at home; ``roles``: those granted here.
    ``sender``: the proved cloud of the sending gateway. ``source``: the client's address. ``path``: as
    :func:`~openstackoid.bridge.log.shown_path` shows it. ``rule``: the deciding entry of the policy. ``status``: the client's, 0
    if it has left. ``count``: the requests of the line, or the missing lines.
    """

    time: float
    gateway: str
    direction: str
    home: str
    cloud: str | None = None
    user: Party | None = None
    project: Party | None = None
    roles: tuple[str, ...] = ()
    sender: str | None = None
    source: str | None = None
    service: str
    interface: str
    method: str
    path: str
    rule: str | None = None
    outcome: str
    status: int
    reason: str | None = None
    request_id: str | None = None
    count: int = 1

    @property
    def peer(self) -> str:
        """The other cloud: the asked one, or the one that asks."""
        return self.cloud or self.gateway if self.direction == OUT else self.sender or self.home

    def document(self) -> dict[str, Any]:
        """Return the line for JSON: unknown values are null, and long ones are cut."""
        document = {name: _bounded(getattr(self, name)) for name in _NAMES}
        document["time"] = timestamp(self.time)
        document["cloud"] = self.cloud or self.gateway
        for name in ("path", "reason"):
            document[name] = _cut(getattr(self, name), LONGEST_TEXT)
        if self.count == 1:
            del document["count"]
        return document

    def encoded(self) -> bytes:
        """Return the line for the file. It is ASCII, so no character of a name can break it or control a terminal."""
        return json.dumps(self.document()).encode("ascii") + b"\n"


_NAMES = tuple(field.name for field in fields(AuditLine))


def lost_line(at: str, now: float, number: int, reason: str) -> AuditLine:
    """Return the line with the number of missing lines about requests that were served, at the gateway of the cloud ``at``."""
    return AuditLine(
        time=now,
        gateway=at,
        direction=OUT,
        home=at,
        service="-",
        interface="-",
        method="-",
        path="-",
        outcome=LOST,
        status=0,
        reason=reason,
        count=number,
    )


def timestamp(seconds: float) -> str:
    """Return a time in ISO 8601: UTC, with milliseconds, so that the lines of all clouds sort as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value, LONGEST_NAME)
    if isinstance(value, Party):
        return {"id": _bounded(value.id), "name": _bounded(value.name), "domain": _bounded(value.domain)}
    if isinstance(value, tuple):
        return [_bounded(item) for item in value[:MOST_ROLES]]
    return value


def _cut(text: str | None, longest: int) -> str | None:
    return text if text is None or len(text) <= longest else f"{text[: longest - 1]}…"
