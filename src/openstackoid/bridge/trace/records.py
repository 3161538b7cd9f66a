# SPDX-License-Identifier: Apache-2.0
"""The records of traced workflows: one for each request, bounded in number and in time. Pure."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from openstackoid.bridge.log import shown_path
from openstackoid.mesh import INTERFACES
from openstackoid.routing import Route, ScopeSource

IDS = 2000
"""The most workflows with records; the oldest is removed first."""

RECORDS = 20_000
"""The most records of all workflows together, some 10 MB; the oldest workflow is removed first."""

RECORDS_OF_ONE = 250
"""The most records of one workflow; it keeps the first ones. The boot of a server takes some dozens."""

AGE = 3600.0
"""Seconds for which the records of a workflow are kept, from its first request."""

NONE = "none"
"""In place of a missing service, interface or source of the scope."""

LOCAL: Route = "local"
REMOTE: Route = "remote"
BRIDGE: Route = "bridge"
REFUSE: Route = "refuse"
ROUTES: tuple[Route, ...] = get_args(Route)
"""The targets of requests: this cloud, a peer, a Keystone with an adapted answer; several clouds in turn or at once; or none."""

LEG = "leg"
"""In place of a route: one of the requests that the gateway sends for a request to several clouds."""

LEGS = 50
"""The most legs of one request with a record."""

WAYS = tuple(source.value for source in ScopeSource)
"""The source of the scope: the token, ``X-Scope``, the URL, the request id, or none."""

_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHOD = re.compile(r"[A-Z]{1,16}|-")
_LONGEST_PATH = 1024
_END_OF_TIME = 1e11


@dataclass(frozen=True, slots=True)
class Record:
    """One request at one gateway: ``gateway`` is the recording cloud, ``cloud`` the target.

    ``status`` is 0 if the client left without an answer; ``started``: seconds since 1970.
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
    """Return a record of a peer's gateway, or None for an invalid one: a peer is not trusted."""
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
        and texts["route"] in (*ROUTES, LEG)
        and texts["via"] in WAYS
        and 0 <= status <= 999
    )
    return Record(gateway=gateway, status=status, started=started, seconds=seconds, **texts) if sound else None


def _number(value: object) -> float | None:
    """Return a time; the comparison also refuses NaN, infinity and too large integers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _END_OF_TIME else None


@dataclass(slots=True)
class Workflow:
    """The records of one request id, in the order of their ends. ``lost``: further ones without room."""

    since: float
    records: list[Record] = field(default_factory=list)
    lost: int = 0


class Records:
    """The recorded workflows of a gateway. ``clock`` is monotonic; ``export`` is told all records of each request."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        export: Callable[[str, Sequence[Record]], None] = lambda _id, _records: None,
    ) -> None:
        self._clock = clock
        self._export = export
        self._workflows: OrderedDict[str, Workflow] = OrderedDict()
        self._count = 0

    def add(self, request_id: str, *records: Record) -> None:
        """Add the records of a request, its own one last, and remove those beyond the bounds."""
        self._export(request_id, records)
        self._forget_old()
        for record in records:
            self._add(request_id, record)

    def _add(self, request_id: str, record: Record) -> None:
        workflow = self._workflows.setdefault(request_id, Workflow(self._clock()))
        if len(workflow.records) >= RECORDS_OF_ONE:
            workflow.lost += 1
            return
        workflow.records.append(record)
        self._count += 1
        while len(self._workflows) > IDS or self._count > RECORDS:
            self._forget_oldest()

    def of(self, request_id: str) -> Workflow | None:
        """Return the records of a workflow, or None."""
        self._forget_old()
        return self._workflows.get(request_id)

    def _forget_old(self) -> None:
        horizon = self._clock() - AGE
        while self._workflows and next(iter(self._workflows.values())).since < horizon:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, workflow = self._workflows.popitem(last=False)
        self._count -= len(workflow.records)
