# SPDX-License-Identifier: Apache-2.0
"""Show how a run goes on: a line for each file of tests that takes seconds, when it has ended."""

from collections import Counter, defaultdict

import pytest

_SHOWN = 5.0
"""The seconds from which a file has a line."""


class Progress:
    """Adds up the time of each file, in each process of the run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._at: dict[str, str] = {}
        self._tests: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a test's time; show the file before, where the process begins with another."""
        process, file = getattr(report, "worker_id", ""), report.nodeid.partition("::")[0]
        before = self._at.get(process, file)
        self._at[process] = file
        self._tests[file] += report.when == "call"
        self._seconds[file] += report.duration
        if before != file:
            self._show(before)

    def pytest_sessionfinish(self) -> None:
        """Show the last files."""
        for file in self._at.values():
            self._show(file)
        self._at.clear()

    def _show(self, file: str) -> None:
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None and self._seconds[file] >= _SHOWN:
            terminal.write_line(f"\n{file}: {self._tests[file]} tests, {self._seconds[file]:.0f} s")
