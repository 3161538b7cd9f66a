# SPDX-License-Identifier: Apache-2.0
"""HAProxy's lines in the logs of the lab's gateways, read as calls: one line is one request that a gateway was sent."""

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.routing.backend_names import BRIDGE, FRONTEND, is_local

SERVICE, GATEWAY, PYTHON, NOWHERE = "a service", "the other gateway", "the Python service", "nowhere"
"""Where a gateway sends a request; from its Python service it goes on to one of the others."""

_LINE = re.compile(r"\S+ \S+ haproxy \S+ (?P<method>[A-Z]+) (?P<path>/\S*) -> (?P<backend>\S+) \S+ \d{3} \S+ ms (?P<state>\S+).*")
_ID = re.compile(r"(?<=/)(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}|\.\.\.)(?=/|$)")
_VALIDATION = re.compile(r"GET (?:/[a-z-]+)?/v3/auth/tokens")
_QUIET = 0.4


@dataclass(frozen=True, order=True)
class Call:
    """A kind of request at one gateway: the cloud of the gateway, method and path with ``*`` for an id, and where it was sent.

    ``by_python``: the Python service has sent it, on behalf of a request that has a line of its own.
    """

    gateway: str
    request: str
    sent_to: str
    by_python: bool = False

    @property
    def validates(self) -> bool:
        """Whether it asks whose a token is."""
        return _VALIDATION.fullmatch(self.request) is not None


def call_of(line: str, gateway: str) -> Call | None:
    """Return the call that a line of the gateway's log is about; None for a line about anything else."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    backend = match["backend"]
    sent_to = {BRIDGE: PYTHON, FRONTEND: NOWHERE}.get(backend, SERVICE if is_local(backend) else GATEWAY)
    return Call(gateway, f"{match['method']} {_ID.sub('*', match['path'])}", sent_to, match["state"].endswith(BY_PYTHON))


class GatewayLogs:
    """The logs of the gateways, by cloud, from now on."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._from = {cloud: path.stat().st_size for cloud, path in files.items()}

    def calls(self) -> Counter[Call]:
        """Return the calls since, once no more lines come: a gateway writes down a request when it has ended."""
        found = self._read()
        while True:
            time.sleep(_QUIET)
            before, found = found, self._read()
            if found == before:
                return found

    def _read(self) -> Counter[Call]:
        found: Counter[Call] = Counter()
        for cloud, path in self._files.items():
            with path.open("rb") as file:
                file.seek(self._from[cloud])
                text = file.read().decode("utf-8", "replace")
            found.update(call for line in text.splitlines() if (call := call_of(line, cloud)) is not None)
        return found
