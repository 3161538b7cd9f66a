# SPDX-License-Identifier: Apache-2.0
"""A suite or a test that cannot run on this machine fails: otherwise its success could mean that nothing has run."""

import os
import sys
from typing import NoReturn

import pytest

MAY_SKIP = "OPENSTACKOID_TEST_MAY_SKIP"
"""The variable that makes it no failure, with any value."""


def unable(target: str, lacks: str) -> int:
    """Say that a suite cannot run here, and return the exit code: 1, or 0 where :data:`MAY_SKIP` is set."""
    if os.environ.get(MAY_SKIP):
        print(f"make: {target} is skipped: this machine lacks {lacks}", file=sys.stderr)
        return 0
    print(f"make: {target} cannot run: this machine lacks {lacks} ({MAY_SKIP}=1 skips it)", file=sys.stderr)
    return 1


def cannot_run(lacks: str) -> NoReturn:
    """Fail a test that cannot run here, or skip it where :data:`MAY_SKIP` is set."""
    (pytest.skip if os.environ.get(MAY_SKIP) else pytest.fail)(f"{lacks} ({MAY_SKIP}=1 skips it)")
