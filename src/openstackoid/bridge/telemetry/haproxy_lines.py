# SPDX-License-Identifier: Apache-2.0
"""Count the requests in HAProxy's log that the Python service does not count itself.

A busy HAProxy writes thousands of lines a second. Lines that differ in client and path alone are counted together.
"""

import re
from collections import Counter
from functools import lru_cache

from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.routing.backend_names import BRIDGE, FRONTEND, PEER, is_local
from openstackoid.scope.services import official_service_type
from openstackoid.telemetry import GATEWAY, SERVICE, Served, count_request
from openstackoid.telemetry import PEER as AT_PEER

NO_SERVICE = "none"
"""The service of a request to none: a refusal, or a page of the gateway."""

_LINE = re.compile(
    rb" -> (\S+) (\S+) ([+-]?[0-9]{1,9}) \+?([0-9]{1,12}) ms (\S+)"
    rb"(?:[^\n]* (?:left|admitted)=([a-z0-9-]+)\.\S+ (?:home|from)=([A-Za-z0-9._-]*))?"
)
_BY_PYTHON = BY_PYTHON.encode("ascii")
_BEFORE_AN_ANSWER = "RQCHT"
"""HAProxy's letters for the end of a request before the head of its answer was there."""

_SERVERS, _LOCAL = "-SsD", "LP"


def count_lines(lines: bytes) -> None:
    """Count the requests of whole lines."""
    for (backend, cloud, status, milliseconds, state, service, sender), number in Counter(_LINE.findall(lines)).items():
        if not state.endswith(_BY_PYTHON):
            served = _served(
                *(text.decode("ascii", "replace") for text in (backend, cloud, state, service, sender)),
                status=max(int(status), 0),
                seconds=int(milliseconds) / 1000,
                number=number,
            )
            if served is not None:
                count_request(served)


def _served(
    backend: str, cloud: str, state: str, service: str, sender: str, *, status: int, seconds: float, number: int
) -> Served | None:
    """Return the requests of equal lines; None for those that the Python service has answered, and so counted.

    ``state``: HAProxy's four letters about the end of a request; the first names the side that ended it, the second the phase.
    """
    first, phase = state[:1], state[1:2]
    if backend == PEER:
        fault = AT_PEER if first in f"{_SERVERS}{_LOCAL}" else GATEWAY
        return Served("remote", _official(service), cloud, status, seconds, fault, number=number)
    if is_local(backend):
        catalog_type = backend.split(".")[1]
        fault = SERVICE if first in _SERVERS else GATEWAY
        return Served("local", _official(catalog_type), sender, status, seconds, fault, number=number)
    if backend == BRIDGE and (first == "-" or phase not in _BEFORE_AN_ANSWER):
        return None
    if backend in (BRIDGE, FRONTEND):
        return Served("refuse", NO_SERVICE, "", status, seconds, GATEWAY, refused=True, number=number)
    return None


@lru_cache(1024)
def _official(catalog_type: str) -> str:
    """Return the official type of a service, as the Python service counts it."""
    return official_service_type(catalog_type) or catalog_type or NO_SERVICE
