# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus in the environment of the tests: unpacked and not installed, so that no service begins."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(sys.prefix, "prometheus")
PROMETHEUS, PROMTOOL = (FOLDER / "usr" / "bin" / name for name in ("prometheus", "promtool"))


def main() -> int:
    """Unpack the package, unless it is there. Return 1 on failure, and print the reason."""
    if PROMETHEUS.exists() and PROMTOOL.exists():
        return 0
    print("== downloading Debian's prometheus", flush=True)
    FOLDER.mkdir(exist_ok=True)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        command = ["apt-get", "download", "-qq", "prometheus"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True, timeout=300, env=environment)
        for package in FOLDER.glob("prometheus_*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(FOLDER)], check=True, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or ""
        print(f"make: Debian's prometheus cannot be had: {error}\n{said}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
