# SPDX-License-Identifier: Apache-2.0
"""The suites that ``make test`` does not run can be collected."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
RUN_BY_MAKE_TEST = {"conformance", "fuzz", "lab", "unit"}


def test_every_other_suite_is_collected_without_an_error() -> None:
    folders = {path.relative_to(TESTS).parent for path in TESTS.glob("*/**/test_*.py")}
    suites = sorted(TESTS / folder for folder in folders if folder.parts[0] not in RUN_BY_MAKE_TEST)
    assert len(suites) > 8
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", *map(str, suites)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TESTS.parent)
    assert done.returncode == 0, done.stdout[-2000:]
