# SPDX-License-Identifier: Apache-2.0
"""The records of traced workflows: one for each request, bounded in number and in time. Pure."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from openstackoid.bridge.log import shown_path
from openstackoid.mesh import INTERFACES
from openstackoid.routing import Route, ScopeSource

IDS = 2000
"""The most workflows that are remembered; the oldest goes first."""

RECORDS = 20_000
"""The most records of all workflows together, some 10 MB; the oldest workflow goes first."""

RECORDS_OF_ONE = 250
"""The most records of one workflow; it keeps the first ones. The boot of a server takes some dozens."""

AGE = 3600.0
"""Seconds for which a workflow is remembered, from its first request."""

NONE = "none"
"""Stands for a service, an interface or a way of the scope that there is not."""

LOCAL: Route = "local"
REMOTE: Route = "remote"
BRIDGE: Route = "bridge"
REFUSE: Route = "refuse"
ROUTES = (LOCAL, REMOTE, BRIDGE, REFUSE)
"""Where a gateway sent a request: to its own cloud, to a peer, to a Keystone whose answer it adapts; or nowhere."""

WAYS = tuple(source.value for source in ScopeSource)
"""How the scope came with a request: in the token, in ``X-Scope``, in the URL, by the request id, not at all."""

_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHOD = re.compile(r"[A-Z]{1,16}|-")
_LONGEST_PATH = 1024
_END_OF_TIME = 1e11


@dataclass(frozen=True, slots=True)
class Record:
    """One request at one gateway: ``gateway`` is the cloud whose gateway it was, ``cloud`` where it was sent.

    ``status`` is 0 where the client left without an answer; ``started`` is in seconds of the wall clock.
    """

    gateway: str
    cloud: str
    service: str
    interface: str
    method: str
    path: str
    status: int
    started: float
    seconds: float
    route: str
    via: str

    def document(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return asdict(self)


def record_of(item: object, gateway: str) -> Record | None:
    """Return what a peer says as a record of its ``gateway``, or None: a peer's word is not trusted to have any shape."""
    if not isinstance(item, Mapping) or item.get("gateway") != gateway:
        return None
    words = {name: item.get(name) for name in ("cloud", "service", "interface", "method", "path", "route", "via")}
    texts = {name: value for name, value in words.items() if isinstance(value, str)}
    status, started, seconds = item.get("status"), _number(item.get("started")), _number(item.get("seconds"))
    if len(texts) < len(words) or type(status) is not int or started is None or seconds is None:
        return None
    sound = (
        _WORD.fullmatch(texts["cloud"])
        and _WORD.fullmatch(texts["service"])
        and texts["interface"] in (*INTERFACES, NONE)
        and _METHOD.fullmatch(texts["method"])
        and len(texts["path"]) <= _LONGEST_PATH
        and shown_path(texts["path"]) == texts["path"]
        and texts["route"] in ROUTES
        and texts["via"] in WAYS
        and 0 <= status <= 999
    )
    return Record(gateway=gateway, status=status, started=started, seconds=seconds, **texts) if sound else None


def _number(value: object) -> float | None:
    """Return a time; the comparison also holds off NaN, infinity and integers that are no float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _END_OF_TIME else None


@dataclass(slots=True)
class Workflow:
    """The records of one request id, as the requests ended. ``lost``: how many more there were, for which there was no room."""

    since: float
    records: list[Record] = field(default_factory=list)
    lost: int = 0


class Records:
    """The workflows that a gateway remembers. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workflows: OrderedDict[str, Workflow] = OrderedDict()
        self._count = 0

    def add(self, request_id: str, record: Record) -> None:
        """Remember a record, and forget what there is no more room for."""
        self._forget_old()
        workflow = self._workflows.setdefault(request_id, Workflow(self._clock()))
        if len(workflow.records) >= RECORDS_OF_ONE:
            workflow.lost += 1
            return
        workflow.records.append(record)
        self._count += 1
        while len(self._workflows) > IDS or self._count > RECORDS:
            self._forget_oldest()

    def of(self, request_id: str) -> Workflow | None:
        """Return what is remembered of a workflow, or None."""
        self._forget_old()
        return self._workflows.get(request_id)

    def _forget_old(self) -> None:
        horizon = self._clock() - AGE
        while self._workflows and next(iter(self._workflows.values())).since < horizon:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, workflow = self._workflows.popitem(last=False)
        self._count -= len(workflow.records)
