# SPDX-License-Identifier: Apache-2.0
"""Install what a pair of gateways is tried with, as far as it is missing; `make pair-test` runs this first."""

import os
import shutil
import sys

from lab.raised import PAIR
from openstackoid.errors import OpenstackoidError
from openstackoid.lab import packages
from openstackoid.lab.progress import Progress
from openstackoid.lab.state import Instance
from programs import PATH

_PROGRAMS = {"curl": "curl", "ip": "iproute2", "keepalived": "keepalived", "sysctl": "procps"}


def main() -> int:
    """Install missing programs. Return 1 on failure, and print the reason."""
    if os.geteuid() != 0:
        print("make: pair-test needs root: it gives each machine of the pair a network namespace", file=sys.stderr)
        return 1
    instance = Instance(PAIR)
    logs = instance.directory / "logs/shared"
    environment = packages.Environment.of(instance.shared)
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program, path=PATH) is None]
    missing += packages.missing_packages()
    try:
        with Progress() as progress, instance.locked(lambda: progress.say("waiting for another `openstackoid lab`")):
            packages.check_installable(missing)
            if missing:
                with progress.step("pair", f"Debian packages {', '.join(missing)} ..."):
                    packages.install_packages(missing, logs / "apt.log")
            if not environment.is_ready():
                with progress.step("pair", "OpenStack from PyPI, about 0.7 GiB ..."):
                    environment.install(logs / "pip.log")
    except OpenstackoidError as error:
        print(f"make: {error}\n  {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
