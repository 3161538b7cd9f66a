# SPDX-License-Identifier: Apache-2.0
"""The failures that HAProxy tells of, in words of an operator. Its own log has the rest."""

import re
from dataclasses import dataclass

from openstackoid.mesh import Timeouts
from openstackoid.routing.backend_names import UNANSWERED, UNREACHED

_OTHER_NAME = "33"
"""HAProxy's number of the error "certificate different from the expected one" (from 2.8)."""

_UNKNOWN = "-"
"""Stands for the number in HAProxy 2.6."""

_NO_TLS = ("wrong version number", "http request", "record layer failure", "packet length too long")
_ALERT = re.compile(r"\balert (.+)")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of a target. ``what`` is the end of a sentence that names it; ``unreached``: it was sent no byte."""

    status: int
    what: str
    unreached: bool = False


def failure_of(status: int, told: str, peer: str | None, timeouts: Timeouts) -> Failure:
    """Return the failure that HAProxy tells of by the status of its answer and its header.

    The header has a word, the number of the connection's error or a dash, and OpenSSL's text where TLS has failed.
    """
    word, _, rest = told.partition(" ")
    number, _, text = rest.partition(" ")
    reason = text.strip().rpartition("::")[2]
    if word == UNANSWERED and not reason:
        if status == 504:
            return Failure(504, f" does not answer within {timeouts.server:g} s")
        return Failure(502, " closed the connection before its answer was complete, or its answer is not HTTP")
    if peer is not None and reason:
        return Failure(503, f": {_of_tls(number, reason, peer)}", unreached=word == UNREACHED)
    return Failure(503, " cannot be reached", unreached=True)


def _of_tls(number: str, reason: str, peer: str) -> str:
    """Return what was wrong with the gateway of ``peer``, as the end of a sentence."""
    alert = _ALERT.search(reason)
    if alert:
        return f"it refuses this gateway's certificate: {alert[1]}"
    if reason in _NO_TLS:
        return "it does not speak TLS"
    if reason != "certificate verify failed":
        return f"TLS failed: {reason}"
    if number == _OTHER_NAME:
        return f"its certificate is not {peer}'s"
    not_its = f"{peer}'s, is not " if number == _UNKNOWN else ""
    return f"its certificate is not {not_its}signed by the authority of this mesh, or is revoked or not valid now"
