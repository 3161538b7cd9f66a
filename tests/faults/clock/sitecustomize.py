# SPDX-License-Identifier: Apache-2.0
"""Give a Python process another time of day: that of the machine, and the seconds in a file. Its folder is on ``PYTHONPATH``."""

import os
import time
from pathlib import Path

VARIABLE = "OPENSTACKOID_TEST_CLOCK"
"""The variable with the file."""

_FILE, _now = Path(os.environ[VARIABLE]), time.time


def _shifted() -> float:
    return _now() + float(_FILE.read_text() or 0)


time.time = _shifted
