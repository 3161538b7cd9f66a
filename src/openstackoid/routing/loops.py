# SPDX-License-Identifier: Apache-2.0
"""Prevent loops: a request from one gateway to another's is served there or refused, and never sent to a third.

A gateway adds itself to ``Via`` (RFC 9110). All gateways take the same decision on a request, so it should end at the second;
otherwise the descriptions of two clouds differ. Certificates name the sender, too.
"""

import re

from openstackoid.routing.reading import Reading, RefusedError
from openstackoid.routing.request import Request

VIA = "via"
PRODUCT = "(openstackoid)"
"""The comment that distinguishes gateways in ``Via`` from other proxies."""

_PASSED = re.compile(rf"(?:\A|,)\s*[0-9A-Za-z./]+\s+([A-Za-z0-9._-]+)\s+{re.escape(PRODUCT)}")


def passed(cloud: str) -> str:
    """Return the entry of ``Via`` for the gateway of ``cloud``."""
    return f"1.1 {cloud} {PRODUCT}"


def came_through(request: Request) -> str | None:
    """Return the cloud of the last gateway in ``Via``, or None."""
    names = [name for value in request.values(VIA) for name in _PASSED.findall(value)]
    return names[-1] if names else None


def refuse_third(reading: Reading, cloud: str) -> None:
    """Raise :class:`RefusedError` (508) if a request of another gateway would go on to ``cloud``."""
    sender = reading.request.sender or came_through(reading.request)
    if sender is not None:
        raise RefusedError(
            reading.at,
            508,
            "Loop Detected",
            f"the gateway of {sender} has sent this request here, and it would go on to {cloud}; one gateway sends a request to"
            " one other, so the mesh descriptions of the clouds differ",
        )
