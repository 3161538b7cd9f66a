# SPDX-License-Identifier: Apache-2.0
"""The screen of a run: its progress, and at the end a table of inputs and findings."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fuzz.findings import Findings
from fuzz.runner import Outcome

Show = Callable[[], None]


@contextmanager
def watched(console: Console, outcome: Outcome, findings: Findings, seconds: float) -> Iterator[Show]:
    """Yield a function that shows how far a target is; on no terminal, a line when it begins and one when it ends."""
    began = time.monotonic()

    def told() -> str:
        many = len(findings.kinds)
        return f"{outcome.tried + outcome.guided:>9,} inputs  {many or 'no':>2} finding{'' if many == 1 else 's'}"

    if not console.is_terminal:
        console.print(f"{outcome.target:<10} for {seconds:.0f} s ...")
        yield lambda: None
        console.print(f"{outcome.target:<10} {time.monotonic() - began:5.0f} s  {told()}")
        return
    columns = (TextColumn("{task.description:<10}"), BarColumn(24), TimeElapsedColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(outcome.target, total=seconds, told=told())

        def show() -> None:
            progress.update(task, completed=min(seconds, time.monotonic() - began), told=told())

        yield show
        progress.update(task, completed=seconds, told=told())


def summary(outcomes: Sequence[Outcome], findings: Sequence[Findings]) -> Table:
    """Return the table of a run."""
    table = Table("target", title="Fuzzing", title_justify="left")
    for title in ("inputs tried", "of them guided by coverage", "seconds", "new findings"):
        table.add_column(title, justify="right")
    for outcome, found in zip(outcomes, findings, strict=True):
        table.add_row(*_row(outcome.target, outcome.tried, outcome.guided, outcome.seconds, len(found.kinds)))
    tried, guided = sum(outcome.tried for outcome in outcomes), sum(outcome.guided for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    table.add_section()
    table.add_row(*_row("all", tried, guided, seconds, sum(len(found.kinds) for found in findings)))
    return table


def _row(name: str, tried: int, guided: int, seconds: float, found: int) -> tuple[str, ...]:
    return name, f"{tried + guided:,}", f"{guided:,}" if guided else "-", f"{seconds:.0f}", str(found)
