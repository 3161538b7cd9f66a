# SPDX-License-Identifier: Apache-2.0
"""The metrics of a gateway: their names and labels, and the events that count; what is known of peers; what to do."""

from openstackoid.telemetry import remedies
from openstackoid.telemetry.metrics import (
    GATEWAY,
    MOST_PEERS,
    OTHER,
    PEER,
    SERVICE,
    RequestCount,
    Served,
    count_request,
    count_spans,
    count_use,
    count_validation,
    merged,
    request_count,
    samples,
)
from openstackoid.telemetry.peers import CLOCKS, PeerAnswer, clocks_off
from openstackoid.telemetry.token_answers import LEAST, SLOW_ANSWER, WINDOW, TokenAnswers

__all__ = [
    "CLOCKS",
    "GATEWAY",
    "LEAST",
    "MOST_PEERS",
    "OTHER",
    "PEER",
    "SERVICE",
    "SLOW_ANSWER",
    "WINDOW",
    "PeerAnswer",
    "RequestCount",
    "Served",
    "TokenAnswers",
    "clocks_off",
    "count_request",
    "count_spans",
    "count_use",
    "count_validation",
    "merged",
    "remedies",
    "request_count",
    "samples",
]
