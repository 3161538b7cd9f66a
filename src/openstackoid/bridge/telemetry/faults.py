# SPDX-License-Identifier: Apache-2.0
"""Whose fault an error is: this gateway's, a service's of this cloud, or a peer's."""

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.proxy.executor import Executor
from openstackoid.routing import All, Otherwise
from openstackoid.telemetry import GATEWAY, PEER, SERVICE

_OF_OTHERS = (502, 503, 504)


def at_fault(error: AnswerError | None, executor: Executor | None, here: str) -> str:
    """Return the part at fault for an answer from 500 on, of the gateway of ``here``; ``error`` is its own one, if it is."""
    cloud = error.fault if error is not None else None
    if executor is not None and (error is None or (error.status in _OF_OTHERS and _asks_several(executor))):
        cloud = cloud or executor.cloud
    if cloud is None:
        return GATEWAY
    return SERVICE if cloud == here else PEER


def _asks_several(executor: Executor) -> bool:
    return isinstance(executor.decision.plan, All | Otherwise)
