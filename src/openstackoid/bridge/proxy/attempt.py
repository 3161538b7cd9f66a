# SPDX-License-Identifier: Apache-2.0
"""A turn of one of several clouds: its time, and whether its answer is the answer to the client."""

import asyncio
from collections.abc import AsyncIterator

from openstackoid.bridge.errors import WholeAnswer
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import Head
from openstackoid.routing import READS
from openstackoid.routing.turns import LONGEST_EMPTY, Outcome, is_empty_list, looks_up_name, outcome

_LONGEST_HELD = 65_536
"""The bytes of a document that are read before the first is sent."""


class PassedError(Exception):
    """A turn without the answer to the client: ``what`` the cloud said is the end of a sentence that names it.

    ``answer``: the answer as a whole, if the attempt keeps it. ``unsent``: the cloud's service was sent no byte.
    """

    def __init__(self, result: Outcome, status: int, what: str, *, unsent: bool = False) -> None:
        super().__init__(what)
        self.answer: WholeAnswer | None = None
        self.unsent = unsent
        self.result = result
        self.status = status
        self.what = what


class Attempt:
    """The turn of one cloud for the request ``head``, until the time ``until`` of the event loop; None for a streamed body.

    ``first``: it is the first cloud. ``more``: another cloud may be asked after it. ``failures``: a cloud has failed, which may
    have the item that this one lacks.
    ``sent``: a byte may have been sent to the cloud.
    """

    keeps = False
    """Whether the answer that the client does not get is kept."""

    def __init__(self, head: Head, until: float | None, *, first: bool, more: bool, failures: bool) -> None:
        self.first = first
        self.more = more
        self.until = until
        self.sent = False
        self._head = head
        self._failures = failures

    def seconds(self, otherwise: float) -> float:
        """Return the seconds that are left; ``otherwise`` where the turn has no end."""
        return otherwise if self.until is None else max(0.001, self.until - asyncio.get_running_loop().time())

    @property
    def forgets(self) -> bool:
        """Return whether HAProxy is to forget the route by which it has asked the first cloud, which has failed."""
        return self._failures and self._head.began is not None

    @property
    def reads_body(self) -> bool:
        """Return whether the body of the answer decides, so that it may not be compressed."""
        return looks_up_name(self._head.method, self._head.query)

    def judge(self, status: int, *, unsent: bool) -> None:
        """Raise :class:`PassedError` for an answer that the client does not get, by its status.

        ``unsent``: the cloud's gateway says that its service was sent no byte. A body that streams was taken all the same.
        """
        if unsent and self.until is not None:
            raise PassedError(Outcome.FAILURE, status, f" answers {status}: its service was sent nothing", unsent=True)
        result = outcome(self._head.method, status)
        if result is Outcome.FAILURE or (result is Outcome.MISSING and self._is_passed):
            raise PassedError(result, status, f" answers {status}")

    def judge_body(self, status: int, content: bytes) -> None:
        """Raise :class:`PassedError` for a list by name without an item, as for a missing item."""
        if status == 200 and self.reads_body and self._is_passed and is_empty_list(content):
            raise PassedError(Outcome.MISSING, status, " has no item of this name")

    @property
    def _is_passed(self) -> bool:
        """Return whether the client does not get this cloud's answer about a missing item."""
        return self._failures or (self.more and self._head.method in READS)

    async def begun(
        self, status: int, content_type: str, chunks: AsyncIterator[bytes], deadline: Deadline, patience: float
    ) -> AsyncIterator[bytes]:
        """Return the body of an answer once its first bytes have come; of a short document, once it is whole.

        Until then it is bounded by ``deadline``, and the failure is one of the turn; ``patience``: as for :meth:`seconds`.
        """
        deadline.start(self.seconds(patience))
        enough = LONGEST_EMPTY if status == 200 and self.reads_body else 0
        if content_type == "application/json" and self._head.method in READS:
            enough = _LONGEST_HELD
        first = bytearray()
        async for chunk in chunks:
            first += chunk
            if len(first) > enough:
                break
        else:
            self.judge_body(status, bytes(first))
        deadline.stop()
        return _joined(bytes(first), chunks)


class LocatedAttempt(Attempt):
    """The request to the cloud that has a resource, as far as it is known: its 404 may be out of date."""

    keeps = True

    def __init__(self, head: Head) -> None:
        super().__init__(head, None, first=False, more=False, failures=False)

    @property
    def reads_body(self) -> bool:
        """Return False: the status decides."""
        return False

    def judge(self, status: int, *, unsent: bool) -> None:  # noqa: ARG002
        """Raise :class:`PassedError` for a 404."""
        if status == 404:
            raise PassedError(Outcome.MISSING, status, " answers 404")


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk
