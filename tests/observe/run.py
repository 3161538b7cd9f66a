# SPDX-License-Identifier: Apache-2.0
"""Unpack Prometheus and Alertmanager, and run the tests of a target of make: ``python -m observe.run TARGET WORDS_OF_PYTEST``."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from observe.programs import NoPrometheusError, unpack_programs
from unable import unable

ROOT = Path(__file__).parents[2]


def main(target: str, words: Sequence[str]) -> int:
    """Return the exit code of the tests; 1, with the reason, if there is no Prometheus for this machine."""
    try:
        unpack_programs(Path(sys.prefix, "apt.log"))
    except NoPrometheusError as error:
        return unable(target, f"Debian's Prometheus and Alertmanager, which cannot be downloaded: {error}")
    return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
