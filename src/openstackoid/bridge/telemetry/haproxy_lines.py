# SPDX-License-Identifier: Apache-2.0
"""Count the requests in HAProxy's log that the Python service does not count itself.

A busy HAProxy writes thousands of lines a second. Lines that differ in client and path alone are counted together, and read when
the numbers are asked for: most of them are equal to an earlier one then.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from openstackoid.bridge.audit.egress_lines import NOTED
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

_AUDITED_BACKENDS = (b"peer ", b"guests.", b"delegated.")
_PARTS = re.compile(
    r"(?P<backend>\S+) (?P<cloud>\S+) (?P<status>[+-]?[0-9]{1,9}) (?P<state>\S{4}) "
    r"(?:(?P<service>[a-z0-9-]+)\.\S+ (?:home|from)=(?P<sender>[A-Za-z0-9._-]*))?"
)
_ARROW, _ID = b" -> ", b" id="
_STATE = 5
"""Bytes of the letters about the end of a request, and of what follows: a space, or the mark of the Python service."""

_BEFORE_AN_ANSWER = "RQCHT"
"""HAProxy's letters for the end of a request before the head of its answer was there."""

_SERVERS, _LOCAL = "-SsD", "LP"


class LineCounts:
    """Counts the requests of lines. An answer is the part of a line behind the arrow."""

    def __init__(self) -> None:
        self._answers: Counter[bytes] = Counter()

    def add(self, answers: Iterable[bytes]) -> None:
        """Count the lines of these answers, from which the parts for the audit log were taken."""
        self._answers.update(answers)
        if len(self._answers) > MOST:
            self.settle()

    def add_audited(self, lines: Iterable[tuple[bytes, bytes]]) -> None:
        """Count audited lines: of each the part before that for the audit log, and that part. Each has an id of its own."""
        for line, about in lines:
            answer = line.partition(_ARROW)[2]
            if answer.startswith(_AUDITED_BACKENDS):
                _count(answer, about.partition(_ID)[0], 1)

    def samples(self) -> list[tuple[str, dict[str, str], float]]:
        """Return the samples of this process, with those of all lines."""
        self.settle()
        return samples()

    def settle(self) -> None:
        """Read the answers that were only counted."""
        answers, self._answers = self._answers, Counter()
        for answer, number in answers.items():
            # The audited ones were counted by their lines.
            if answer.endswith(NOTED) and answer.startswith(_AUDITED_BACKENDS):
                continue
            # As in _count, whose call would be a tenth of the time.
            before, _, state = answer.partition(b" ms ")
            target, _, taken = before.rpartition(b" ")
            if taken.isdigit() and (count := _count_of(target, state[:_STATE], b"")) is not None:
                count.add(int(taken) / 1000, number)


def _count(answer: bytes, about: bytes, number: int) -> None:
    before, _, state = answer.partition(b" ms ")
    target, _, taken = before.rpartition(b" ")
    # A line about no request has no time.
    count = _count_of(target, state[:_STATE], about) if taken.isdigit() else None
    if count is not None:
        count.add(int(taken) / 1000, number)


@lru_cache(4096)
def _count_of(target: bytes, state: bytes, about: bytes) -> RequestCount | None:
    """Return the count of such requests; None for those that the Python service has answered, and so counted.

    ``target``: backend, cloud and status. ``about``: the service and the sending cloud of an audited line.
    """
    parts = _PARTS.match((b"%b %b%b" % (target, state, about)).decode("ascii", "replace"))
    served = None if parts is None else _served(parts)
    return None if served is None else request_count(served)


def _served(parts: re.Match[str]) -> Served | None:
    """Return the labels of a request.

    Of HAProxy's four letters about its end, the first names the side that ended it, the second the phase.
    """
    backend, first, phase, status = parts["backend"], parts["state"][0], parts["state"][1], max(int(parts["status"]), 0)
    if backend == PEER:
        fault = AT_PEER if first in f"{_SERVERS}{_LOCAL}" else GATEWAY
        return Served("remote", _official(parts["service"] or ""), parts["cloud"], status, fault)
    if is_local(backend):
        fault = SERVICE if first in _SERVERS else GATEWAY
        return Served("local", _official(backend.split(".")[1]), parts["sender"] or "", status, fault)
    if backend == BRIDGE and (first == "-" or phase not in _BEFORE_AN_ANSWER):
        return None
    if backend in (BRIDGE, FRONTEND):
        return Served(REFUSE, NO_SERVICE, "", status, GATEWAY, refused=True)
    return None


def _official(catalog_type: str) -> str:
    """Return the official type of a service, as the Python service counts it."""
    return official_service_type(catalog_type) or catalog_type or NO_SERVICE
