# SPDX-License-Identifier: Apache-2.0
"""A request that the Python service has answered, as the metrics count it."""

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.executor import Executor
from openstackoid.bridge.telemetry.faults import at_fault
from openstackoid.bridge.telemetry.haproxy_lines import NO_SERVICE, REFUSE
from openstackoid.mesh import Cloud
from openstackoid.telemetry import Served

PAGE = "page"
"""The route of a request for a page of the gateway."""


def answered(here: Cloud, head: Head | None, executor: Executor | None, error: AnswerError | None, status: int) -> Served:
    """Return the request for the metrics. ``head`` and ``executor``: None if it was not read, or not decided.

    ``error``: None unless the answer is the gateway's own error.
    """
    endpoint = None if head is None else here.locate(head.listener, head.path)
    cloud = here.name if executor is None else executor.cloud
    route = REFUSE if error is not None else PAGE
    return Served(
        route=route if executor is None else executor.decision.route,
        service=endpoint.service if endpoint else NO_SERVICE,
        peer=cloud if cloud != here.name else (head and head.sender) or "",
        status=status,
        fault=None if status < 500 else at_fault(error, executor, here.name),
        refused=error is not None,
    )
