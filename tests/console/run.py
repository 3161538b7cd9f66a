# SPDX-License-Identifier: Apache-2.0
"""Install what `make console-test` needs, and run its tests."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import NoChromiumError, install_chromium
from unable import unable

ROOT = Path(__file__).parents[2]
_ABOUT = """\
== console-test: the console's views in Chromium, of two real gateways with played services behind them
   installs, once: Chromium from the distribution"""


def main() -> int:
    """Return the exit code of the tests; 1, with one line, if there is no Chromium for this machine."""
    print(_ABOUT, flush=True)
    try:
        with TemporaryDirectory() as folder:
            install_chromium(Path(folder, "apt.log"))
    except NoChromiumError as error:
        return unable("console-test", f"Debian's chromium, which cannot be installed: {error}")
    tests = [sys.executable, "-m", "pytest", "--timeout", "900", "--durations", "5", "tests/console", *sys.argv[1:]]
    return subprocess.run(tests, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
