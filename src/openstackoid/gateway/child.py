# SPDX-License-Identifier: Apache-2.0
"""A program started by the supervisor: its process and its output."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from openstackoid import parent_death_signal
from openstackoid.gateway.decisions import Part

Lines = Callable[[bytes], None]
"""Takes one or more whole lines, each with its line feed."""

_CHUNK = 65536


class Child:
    """One run of a part. ``end``: done once it has ended and its output is passed on; the result describes the end."""

    def __init__(self, part: Part, process: asyncio.subprocess.Process, output: Lines, errors: Lines) -> None:
        self.part = part
        self.process = process
        self._born = time.monotonic()
        self.end = asyncio.get_running_loop().create_task(self._ended(output, errors))

    @classmethod
    async def start(
        cls,
        part: Part,
        argv: Sequence[str],
        environment: Mapping[str, str],
        output: Lines,
        errors: Lines,
        *,
        inherited: Collection[int] = (),
    ) -> "Child":
        """Start ``argv`` so that it ends with this process and gets no signals of the terminal.

        ``inherited``: descriptors that it gets under the same numbers.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            parent_death_signal.__file__,
            str(os.getpid()),
            *argv,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
        return cls(part, process, output, errors)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is not known to have ended."""
        return self.process.returncode is None

    @property
    def lived(self) -> float:
        """The time since its start, in seconds."""
        return time.monotonic() - self._born

    def send(self, number: signal.Signals) -> None:
        """Send a signal, to the started process alone."""
        if self.alive:
            self.process.send_signal(number)

    async def _ended(self, output: Lines, errors: Lines) -> str:
        await asyncio.gather(_listen(self.process.stdout, output), _listen(self.process.stderr, errors))
        code = await self.process.wait()
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


async def _listen(stream: asyncio.StreamReader | None, lines: Lines) -> None:
    """Pass output on in whole lines, many at once: a busy HAProxy writes one for each request."""
    rest = b""
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        whole, feed, tail = (rest + chunk).rpartition(b"\n")
        if feed:
            lines(whole + feed)
        rest = tail
    if rest:
        lines(rest + b"\n")
