# SPDX-License-Identifier: Apache-2.0
"""HAProxy's lines about requests that left for a peer, or that it admitted alone, become lines of the audit log.

They are written after the fact, and may be lost: HAProxy drops a line when the pipe or socket of its log is full. The other
cloud's gateway writes its line before it answers.
"""

import re
import time
from collections.abc import Callable
from functools import partial

from openstackoid.bridge.audit.admission_header import Admission, outcome_of
from openstackoid.bridge.audit.admitted_lines import ADDRESS, METHOD, REQUEST, AuditedRequest, admitted_line, decoded
from openstackoid.bridge.audit.audit_file import Audit, LateAudit
from openstackoid.bridge.audit.audit_log import IN, OUT, AuditLine, lost_line
from openstackoid.bridge.audit.losses import Loss, Losses
from openstackoid.bridge.log import LOG, shown_path
from openstackoid.haproxy.egress import MARKER
from openstackoid.haproxy.guests import ADMITTED
from openstackoid.routing.backend_names import PEER
from openstackoid.routing.egress import is_request_id
from openstackoid.scope.services import official_service_type

_MARKER = MARKER.encode("ascii")
_GUEST = ADMITTED.encode("ascii")
NOTED = (b" left\n", b" admitted\n")
"""In the gateway's log, the ends of lines whose part for the audit log was taken."""

_UNREADABLE = b" unreadable\n"
"""The end of a line whose part cannot be read."""

_LEFT = re.compile(
    r"(?P<service>[a-z0-9-]+)\.(?P<interface>[a-z]+) home=(?P<home>[A-Za-z0-9._-]+) id=(?P<id>\S+) use=(?P<use>\S*)\n?"
)

Count = Callable[[str | None, str | None, str], None]
CountRequests = Callable[[list[AuditedRequest], bool], None]


def _count_nothing(*_: object) -> None:
    pass


class EgressLines:
    """Audits requests that HAProxy served alone at the gateway of ``at``. ``clock`` returns seconds of the wall clock.

    ``losses`` counts the lines that cannot be written; ``delegated`` those of peers in the name of users here, by peer, rule and
    outcome; ``requests`` those of all audited lines, and whether their lines could be written.
    """

    def __init__(
        self,
        at: str,
        audit: Audit,
        clock: Callable[[], float] = time.time,
        losses: Losses | None = None,
        *,
        delegated: Count = _count_nothing,
        requests: CountRequests = _count_nothing,
    ) -> None:
        self._at = at
        self._delegated = delegated
        self._requests = requests
        self._audit = LateAudit(audit, LOG, at, partial((losses or Losses()).add, Loss.READER))
        self._clock = clock

    def lose(self, number: int, why: str) -> None:
        """Write down that lines of HAProxy's are missing, some of which may be about requests that left."""
        self._audit.write(lost_line(self._at, self._clock(), number, why))

    def __call__(self, lines: bytes) -> bytes:
        """Write the audit lines of these requests, and return the lines for the gateway's log."""
        if _MARKER not in lines and _GUEST not in lines:
            return lines
        kept, audited = [], []
        for line in lines.splitlines(keepends=True):
            read, noted = audit_line, NOTED[0]
            request, marker, rest = line.partition(_MARKER)
            if not marker:
                read, noted = admitted_line, NOTED[1]
                request, marker, rest = line.partition(_GUEST)
            if not marker:
                kept.append(line)
                continue
            found = read(request.decode("ascii", "replace"), rest.decode("ascii", "replace"), self._at, self._clock())
            if found is None:
                kept.append(request + _UNREADABLE)
                self._audit.lose(1, "a line of HAProxy's cannot be read")
                continue
            kept.append(request + noted)
            audited.append(found)
            use = found.line
            if use.direction == IN and use.home == self._at:
                self._delegated(use.sender, use.rule, use.outcome)
        self._requests(audited, self._audit.write(*[found.line for found in audited]))
        return b"".join(kept)


def audit_line(request: str, left: str, at: str, now: float) -> AuditedRequest | None:
    """Read a line of HAProxy's, of which ``left`` is the part behind the marker; return None for any other."""
    said, about = REQUEST.fullmatch(request), _LEFT.fullmatch(left)
    if said is None or about is None or said["backend"] != PEER:
        return None
    status = max(int(said["status"]), 0)
    use: Admission | None = decoded(about["use"])
    milliseconds = int(said["milliseconds"])
    line = AuditLine(
        time=now - max(milliseconds, 0) / 1000,
        gateway=at,
        direction=OUT,
        home=about["home"],
        cloud=said["cloud"],
        user=use.user if use else None,
        project=use.project if use else None,
        source=said["source"] if ADDRESS.fullmatch(said["source"]) else None,
        service=official_service_type(about["service"]) or about["service"],
        interface=about["interface"],
        method=said["method"] if METHOD.fullmatch(said["method"]) else "-",
        path=shown_path(said["path"]),
        rule=use.rule if use else None,
        outcome=outcome_of(status, use),
        status=status,
        request_id=about["id"] if is_request_id(about["id"]) else None,
    )
    return AuditedRequest(line, milliseconds, said["state"], said["answer"])
