# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus and Alertmanager in the environment of the tests: unpacked and not installed, so that no service begins."""

import subprocess
import sys
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import run_apt

FOLDER = Path(sys.prefix, "prometheus")
PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL = (
    FOLDER / "usr" / "bin" / name for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
)
PACKAGES = {"prometheus": (PROMETHEUS, PROMTOOL), "prometheus-alertmanager": (ALERTMANAGER, AMTOOL)}
TEMPLATES = b"/usr/share/prometheus/alertmanager"
"""Alertmanager opens its templates there; it begins in FOLDER, and so finds them with a path of the same length from there."""


class NoPrometheusError(OpenstackoidError):
    """The programs are not there, and cannot be downloaded."""


def unpack_programs(log: Path) -> None:
    """Download and unpack the packages that are not there. Raises :class:`NoPrometheusError`."""
    missing = [package for package, programs in PACKAGES.items() if not all(program.exists() for program in programs)]
    if not missing:
        return
    print(f"== downloading Debian's {' and '.join(missing)}", flush=True)
    FOLDER.mkdir(exist_ok=True)
    try:
        run_apt(["apt-get", "download", "-q", *missing], log, FOLDER)
        for package in missing:
            (file,) = FOLDER.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", str(file), str(FOLDER)], check=True, timeout=300)
            file.unlink()
        content = ALERTMANAGER.read_bytes()
        ALERTMANAGER.write_bytes(content.replace(TEMPLATES, TEMPLATES[1:].replace(b"share/", b"share//")))
    except (OpenstackoidError, OSError, ValueError, subprocess.SubprocessError) as error:
        raise NoPrometheusError(str(error)) from None
