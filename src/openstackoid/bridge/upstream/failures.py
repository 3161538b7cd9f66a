# SPDX-License-Identifier: Apache-2.0
"""The failures of a target, as HAProxy tells of them."""

import re
from dataclasses import dataclass

from openstackoid.mesh import Timeouts
from openstackoid.routing.backend_names import DOWN, UNANSWERED, UNREACHED

BAD_CERTIFICATE = "certificate verify failed"
"""OpenSSL's words for any fault of a certificate."""

_NO_TLS = ("wrong version number", "http request", "record layer failure", "packet length too long")
_ALERT = re.compile(r"\balert (.+)")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of a target. ``what`` is the end of a sentence that names it; ``unreached``: it was sent no byte.

    ``address`` is the backend's that HAProxy has asked, if it is known. ``certificate``: the target's own is at fault.
    """

    status: int
    what: str
    unreached: bool = False
    address: str = ""
    certificate: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """HAProxy's header on an answer of its own: a word, the server's address, and OpenSSL's text where TLS has failed."""

    status: int
    word: str
    address: str
    reason: str

    @classmethod
    def of(cls, status: int, header: str) -> "Told":
        """Parse the header of an answer with this status."""
        word, _, rest = header.partition(" ")
        address, _, text = rest.partition(" ")
        return cls(status, word, address, text.strip(" -").rpartition("::")[2])

    @property
    def unreached(self) -> bool:
        """Return whether the target was sent no byte."""
        return self.word in (UNREACHED, DOWN)


def failure_of(told: Told, timeouts: Timeouts) -> Failure | None:
    """Return the failure, or None where HAProxy does not tell the reason: no connection, or a bad certificate."""
    if told.reason and told.reason != BAD_CERTIFICATE:
        return Failure(503, f": {_of_tls(told.reason)}", told.unreached, told.address)
    if told.word != UNANSWERED or told.reason:
        return None
    if told.status == 504:
        return Failure(504, f" does not answer within {timeouts.server:g} s", address=told.address)
    what = " closed the connection before its answer was complete, or its answer is not HTTP"
    return Failure(502, what, address=told.address)


def _of_tls(reason: str) -> str:
    alert = _ALERT.search(reason)
    if alert:
        return f"it refuses this gateway's certificate: {alert[1]}"
    return "it does not speak TLS" if reason in _NO_TLS else f"TLS failed: {reason}"
