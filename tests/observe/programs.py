# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus and Alertmanager in the environment of the tests: unpacked and not installed, so that no service begins."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(sys.prefix, "prometheus")
PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL = (
    FOLDER / "usr" / "bin" / name for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
)
PACKAGES = {"prometheus": (PROMETHEUS, PROMTOOL), "prometheus-alertmanager": (ALERTMANAGER, AMTOOL)}
TEMPLATES = b"/usr/share/prometheus/alertmanager"
"""Alertmanager opens its templates there; it begins in FOLDER, and so finds them with a path of the same length from there."""


def main() -> int:
    """Unpack the packages that are not there. Return 1 on failure, and print the reason."""
    missing = [package for package, programs in PACKAGES.items() if not all(program.exists() for program in programs)]
    if not missing:
        return 0
    print(f"== downloading Debian's {' and '.join(missing)}", flush=True)
    FOLDER.mkdir(exist_ok=True)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        command = ["apt-get", "download", "-qq", *missing]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True, timeout=300, env=environment)
        for package in missing:
            (file,) = FOLDER.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", str(file), str(FOLDER)], check=True, capture_output=True, text=True, timeout=300)
            file.unlink()
        content = ALERTMANAGER.read_bytes()
        ALERTMANAGER.write_bytes(content.replace(TEMPLATES, TEMPLATES[1:].replace(b"share/", b"share//")))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or ""
        print(f"make: Debian's {' and '.join(missing)} cannot be had: {error}\n{said}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
