# SPDX-License-Identifier: Apache-2.0
"""Progress for a person: the current steps and their durations.

A terminal shows running steps with a clock; other outputs get a line when a step ends.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Live
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn


class Progress:
    """Shows steps, several of which may run in parallel threads; use it as a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._start = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._live = Live(*columns, console=self._console, transient=True)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    @property
    def elapsed(self) -> float:
        """Seconds since this progress began."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """Print a line, with the time since the beginning."""
        self._console.print(f"[dim]{self.elapsed:6.1f} s[/dim]  {text}")

    @contextmanager
    def step(self, owner: str, text: str) -> Iterator[None]:
        """Show a running step, and its duration at the end."""
        start = time.monotonic()
        label = f"[bold]{owner:<12}[/bold] {text}"
        task = self._live.add_task(label) if self._live else None
        if self._live is None and text.endswith("..."):
            # A long step: without a clock on the screen, print its beginning.
            self.say(label)
        try:
            yield
        finally:
            if self._live and task is not None:
                self._live.remove_task(task)
        self.say(f"{label} [dim]({time.monotonic() - start:.1f} s)[/dim]")
