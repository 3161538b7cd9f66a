# SPDX-License-Identifier: Apache-2.0
"""Count the requests in HAProxy's log that the Python service does not count itself.

A busy HAProxy writes thousands of lines a second. Lines that differ in client and path alone are counted together, and read when
the numbers are asked for: most of them are equal to an earlier one then.
"""

import re
from collections import Counter
from collections.abc import Iterable

from openstackoid.bridge.audit.admitted_lines import AuditedRequest
from openstackoid.bridge.audit.audit_log import OUT, AuditLine
from openstackoid.bridge.audit.egress_lines import NOTED
from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.routing.backend_names import BRIDGE, FRONTEND, PEER, is_local
from openstackoid.scope.services import official_service_type
from openstackoid.telemetry import GATEWAY, SERVICE, RequestCount, Served, request_count, samples
from openstackoid.telemetry import PEER as AT_PEER

REFUSE = "refuse"
"""The route of a refusal."""

NO_SERVICE = "none"
"""The service of a request to none: a refusal, or a page of the gateway."""

MOST = 16_384
"""Different answers that are kept, about 2 MB, before they are read."""

_PARTS = re.compile(r"(?P<backend>\S+) (?P<cloud>\S+) (?P<status>[+-]?[0-9]{1,9}) (?P<state>\S{4}) ")
_STATE = 5
"""Bytes of the letters about the end of a request, and of what follows: a space, or the mark of the Python service."""

_BEFORE_AN_ANSWER = "RQCHT"
"""HAProxy's letters for the end of a request before the head of its answer was there."""

_SERVERS, _LOCAL = "-SsD", "LP"


class LineCounts:
    """Counts the requests of lines. An answer is the part of a line behind the arrow."""

    def __init__(self) -> None:
        self._answers: Counter[bytes] = Counter()
        # By backend, cloud, status and letters; None for requests that the Python service counts.
        self._known: dict[bytes, RequestCount | None] = {}
        self._audited: dict[str, RequestCount] = {}

    def add(self, answers: Iterable[bytes], *, some_audited: bool = False) -> None:
        """Count the lines of these answers, but those from which parts for the audit log were taken, if there are some.

        Those are counted by :meth:`add_audited`.
        """
        self._answers.update([answer for answer in answers if not answer.endswith(NOTED)] if some_audited else answers)
        if len(self._answers) > MOST:
            self.settle()

    def add_audited(self, requests: Iterable[AuditedRequest], written: bool = True) -> None:
        """Count the requests of audited lines, and the lines if they were ``written``."""
        known = self._audited
        for line, milliseconds, state, answer in requests:
            key = f"{answer} {line.service} {line.sender or ''} {line.home} {line.outcome} {state}"
            count = known.get(key)
            if count is None:
                count = self._learn(key, line, state)
            count.lines += written
            if milliseconds >= 0:
                count.add(milliseconds / 1000)

    def _learn(self, key: str, line: AuditLine, state: str) -> RequestCount:
        if len(self._audited) >= MOST:
            self._audited.clear()
        count = self._audited[key] = request_count(_audited(line, state), (line.direction, line.peer, line.outcome))
        return count

    def samples(self) -> list[tuple[str, dict[str, str], float]]:
        """Return the samples of this process, with those of all lines."""
        self.settle()
        return samples()

    def settle(self) -> None:
        """Read the answers that were only counted."""
        answers, self._answers = self._answers, Counter()
        known = self._known
        for answer, number in answers.items():
            before, _, state = answer.partition(b" ms ")
            target, _, taken = before.rpartition(b" ")
            key = target + b" " + state[:_STATE]
            if key not in known:
                self._learn_answer(key)
            # A line about no request has no time.
            if (count := known[key]) is not None and taken.isdigit():
                count.add(int(taken) / 1000, number)

    def _learn_answer(self, key: bytes) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        parts = _PARTS.match(key.decode("ascii", "replace"))
        served = None if parts is None else _served(parts)
        self._known[key] = None if served is None else request_count(served)


def _audited(line: AuditLine, state: str) -> Served | None:
    """Return the labels of the request of a line; None for one that the Python service counts."""
    if state.endswith(BY_PYTHON):
        return None
    if line.direction == OUT:
        return _remote(line.service, line.peer, line.status, state[:1])
    return _local(line.service, line.sender or "", line.status, state[:1])


def _remote(service: str, peer: str, status: int, first: str) -> Served:
    return Served("remote", service, peer, status, AT_PEER if first in f"{_SERVERS}{_LOCAL}" else GATEWAY)


def _local(service: str, peer: str, status: int, first: str) -> Served:
    return Served("local", service, peer, status, SERVICE if first in _SERVERS else GATEWAY)


def _served(parts: re.Match[str]) -> Served | None:
    """Return the labels of a request.

    Of HAProxy's four letters about its end, the first names the side that ended it, the second the phase.
    """
    backend, first, phase, status = parts["backend"], parts["state"][0], parts["state"][1], max(int(parts["status"]), 0)
    if backend == PEER:
        return _remote(NO_SERVICE, parts["cloud"], status, first)
    if is_local(backend):
        return _local(_official(backend.split(".")[1]), "", status, first)
    if backend == BRIDGE and (first == "-" or phase not in _BEFORE_AN_ANSWER):
        return None
    if backend in (BRIDGE, FRONTEND):
        return Served(REFUSE, NO_SERVICE, "", status, GATEWAY, refused=True)
    return None


def _official(catalog_type: str) -> str:
    """Return the official type of a service, as the Python service counts it."""
    return official_service_type(catalog_type) or catalog_type or NO_SERVICE
