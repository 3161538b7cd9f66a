# SPDX-License-Identifier: Apache-2.0
"""The refusal of a request for a merged answer, and the failures of single clouds, which are values."""

from dataclasses import dataclass
from enum import Enum

from openstackoid.errors import OpenstackoidError


class CompositionError(OpenstackoidError):
    """A request that is refused, with the status of the answer."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class Fault(Enum):
    """The way in which a cloud failed. The value is the word for clients."""

    STATUS = "status"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNUSABLE = "unusable"
    NOT_JSON = "not-json"
    WRONG_SHAPE = "wrong-shape"
    TOO_LARGE = "too-large"
    ENDLESS = "endless"
    PLACE_LOST = "place-lost"


@dataclass(frozen=True, slots=True)
class Failure:
    """The failure of a cloud. ``status``: of its answer, if that is the fault; ``detail``: words for an operator."""

    cloud: str
    fault: Fault
    status: int = 0
    detail: str = ""

    @property
    def word(self) -> str:
        """The failure in a header: a status, or a word."""
        return str(self.status) if self.fault is Fault.STATUS else self.fault.value

    def __str__(self) -> str:
        words = f"answered {self.status}" if self.fault is Fault.STATUS else _WORDS[self.fault]
        return f"{self.cloud} {words}" + (f": {self.detail}" if self.detail else "")


_WORDS = {
    Fault.UNREACHABLE: "was not reached",
    Fault.TIMEOUT: "did not answer in time",
    Fault.UNUSABLE: "gave no answer that can be used",
    Fault.NOT_JSON: "answered with a body that is not JSON",
    Fault.WRONG_SHAPE: "answered with JSON of another form",
    Fault.TOO_LARGE: "answered with a page that is too large",
    Fault.ENDLESS: "answered with pages without an end",
    Fault.PLACE_LOST: "no longer has the items around the marker",
}
