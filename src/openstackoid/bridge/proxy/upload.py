# SPDX-License-Identifier: Apache-2.0
"""The body of a request, streamed to the next hop."""

from enum import Enum, auto

from openstackoid.bridge.message.body import PacedBody, invite
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.mesh import Timeouts


class _State(Enum):
    WAITING = auto()
    SENDING = auto()
    SENT = auto()


class Upload:
    """The body of a request, read as the next hop takes it.

    ``deadline`` runs while the next hop takes a chunk; the client has the time that ``body`` gives it. ``invite``: ask a client
    that waits with its body when the next hop takes it. ``broken``: it did not send the whole. After the last chunk, the deadline
    runs until the head of the answer arrives (:meth:`answered`).
    """

    def __init__(self, body: PacedBody, deadline: Deadline, timeouts: Timeouts, *, invite: bool) -> None:
        self.broken = False
        self.invite = invite
        self._body = body
        self._deadline = deadline
        self._timeouts = timeouts
        self._state = _State.WAITING if body.request.body_exists else _State.SENT
        self._answered = False

    def __aiter__(self) -> "Upload":
        if self._state is not _State.WAITING:
            # A client library that repeats the request has no body left to send.
            raise UpstreamError(502, "the body of a request can be sent once only")
        return self

    def answered(self) -> None:
        """Note that the head of the answer has arrived: remaining chunks have their own time, the deadline ends."""
        self.invite = False
        self._answered = True
        if self._state is _State.SENT:
            self._deadline.stop()

    async def __anext__(self) -> bytes:
        self._deadline.stop()
        self._state = _State.SENDING
        try:
            if self.invite:
                self.invite = False
                await invite(self._body.request)
            chunk = await self._body.read()
        except Exception:
            self.broken = True
            raise
        if not chunk:
            self._state = _State.SENT
            if not self._answered:
                self._deadline.start(self._timeouts.server)
            raise StopAsyncIteration
        self._deadline.start(self._timeouts.server)
        return chunk
