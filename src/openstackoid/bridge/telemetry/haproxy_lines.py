# SPDX-License-Identifier: Apache-2.0
"""Count the requests in HAProxy's log that the Python service does not count itself.

A busy HAProxy writes thousands of lines a second. Lines that differ in client and path alone are counted together.
"""

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache

from openstackoid.haproxy.egress import MARKER
from openstackoid.haproxy.guests import ADMITTED
from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.routing.backend_names import BRIDGE, FRONTEND, PEER, is_local
from openstackoid.scope.services import official_service_type
from openstackoid.telemetry import GATEWAY, SERVICE, Served, count_request
from openstackoid.telemetry import PEER as AT_PEER

NO_SERVICE = "none"
"""The service of a request to none: a refusal, or a page of the gateway."""

_COUNTED = re.compile(rb" -> (\S+ \S+ \S+ \S+ ms \S+(?:[^\n]* (?:left|admitted)=\S+ (?:home|from)=\S*)?)")
"""The parts of a line that tell requests apart, without the id of one that left; one group, for speed."""

_ARROW, _LEFT, _GUEST = b" -> ", MARKER.encode("ascii"), ADMITTED.encode("ascii")
_PARTS = re.compile(
    r"(?P<backend>\S+) (?P<cloud>\S+) (?P<status>[+-]?[0-9]{1,9}) \+?(?P<milliseconds>[0-9]{1,12}) ms (?P<state>\S+)"
    r"(?:.* (?:left|admitted)=(?P<service>[a-z0-9-]+)\.\S+ (?:home|from)=(?P<sender>[A-Za-z0-9._-]*))?"
)
_BEFORE_AN_ANSWER = "RQCHT"
"""HAProxy's letters for the end of a request before the head of its answer was there."""

_SERVERS, _LOCAL = "-SsD", "LP"


def count_lines(lines: bytes) -> None:
    """Count the requests of whole lines."""
    if _LEFT in lines or _GUEST in lines:
        found = Counter(_COUNTED.findall(lines))
    else:
        # The end of a line is cheaper to find than its parts.
        found = Counter([line[line.find(_ARROW) + len(_ARROW) :] for line in lines.splitlines()])
    for line, number in found.items():
        served = _served(line)
        if served is not None:
            count_request(replace(served, number=number) if number > 1 else served)


@lru_cache(4096)
def _served(line: bytes) -> Served | None:
    """Return the request of a line; None for one that the Python service has answered, and so counted.

    Of HAProxy's four letters about the end of a request, the first names the side that ended it, the second the phase.
    """
    parts = _PARTS.match(line.decode("ascii", "replace"))
    if parts is None or parts["state"].endswith(BY_PYTHON):
        return None
    backend, first, phase = parts["backend"], parts["state"][:1], parts["state"][1:2]
    status, seconds = max(int(parts["status"]), 0), int(parts["milliseconds"]) / 1000
    if backend == PEER:
        fault = AT_PEER if first in f"{_SERVERS}{_LOCAL}" else GATEWAY
        return Served("remote", _official(parts["service"] or ""), parts["cloud"], status, seconds, fault)
    if is_local(backend):
        fault = SERVICE if first in _SERVERS else GATEWAY
        return Served("local", _official(backend.split(".")[1]), parts["sender"] or "", status, seconds, fault)
    if backend == BRIDGE and (first == "-" or phase not in _BEFORE_AN_ANSWER):
        return None
    if backend in (BRIDGE, FRONTEND):
        return Served("refuse", NO_SERVICE, "", status, seconds, GATEWAY, refused=True)
    return None


def _official(catalog_type: str) -> str:
    """Return the official type of a service, as the Python service counts it."""
    return official_service_type(catalog_type) or catalog_type or NO_SERVICE
