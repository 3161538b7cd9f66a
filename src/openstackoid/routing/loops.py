# SPDX-License-Identifier: Apache-2.0
"""No request goes round: what one gateway has sent to another's is served there, or refused, and never sent on to a third.

A gateway says in ``Via`` (RFC 9110) that a request has passed it. All gateways of a mesh take the same decision from a request,
so one that came from a gateway is at its end; where it is not, the descriptions of two clouds differ. Where gateways have
certificates, the sender's says so as well.
"""

import re

from openstackoid.routing.reading import Reading, RefusedError
from openstackoid.routing.request import Request

VIA = "via"
PRODUCT = "(openstackoid)"
"""The comment by which gateways know each other's entries of ``Via`` from those of other proxies."""

_PASSED = re.compile(rf"(?:\A|,)\s*[0-9A-Za-z./]+\s+([A-Za-z0-9._-]+)\s+{re.escape(PRODUCT)}")


def passed(cloud: str) -> str:
    """Return the entry of ``Via`` that says that a request has passed the gateway of ``cloud``."""
    return f"1.1 {cloud} {PRODUCT}"


def came_through(request: Request) -> str | None:
    """Return the cloud whose gateway a request has passed last, by its ``Via``; None where it has passed none."""
    names = [name for value in request.values(VIA) for name in _PASSED.findall(value)]
    return names[-1] if names else None


def refuse_third(reading: Reading, cloud: str) -> None:
    """Raise :class:`RefusedError` (508) where a request that came from another gateway would go on to ``cloud``."""
    sender = reading.request.sender or came_through(reading.request)
    if sender is not None:
        raise RefusedError(
            reading.at,
            508,
            "Loop Detected",
            f"the gateway of {sender} has sent this request here, and it would go on to {cloud}; one gateway sends a request to"
            " one other, so the mesh descriptions of the clouds differ",
        )
