# SPDX-License-Identifier: Apache-2.0
"""The metrics of a gateway: their names and labels, and the events that count."""

from openstackoid.telemetry.metrics import (
    GATEWAY,
    OTHER,
    PEER,
    SERVICE,
    Served,
    count_request,
    count_spans,
    count_use,
    count_validation,
    merged,
    samples,
)

__all__ = [
    "GATEWAY",
    "OTHER",
    "PEER",
    "SERVICE",
    "Served",
    "count_request",
    "count_spans",
    "count_use",
    "count_validation",
    "merged",
    "samples",
]
