# SPDX-License-Identifier: Apache-2.0
"""Install the clients that are tried, as far as they are missing; `make clients-test` runs this first."""

import sys

from clients.tools import environment, missing_packages
from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import check_installable, install_packages
from openstackoid.lab.progress import Progress
from openstackoid.lab.state import Instance


def main() -> int:
    """Install missing programs. Return 1 on failure, and print the reason."""
    instance = Instance("clients")
    logs = instance.directory / "logs/shared"
    try:
        with Progress() as progress, instance.locked(lambda: progress.say("waiting for another `openstackoid lab`")):
            if missing := missing_packages():
                check_installable(missing)
                with progress.step("clients", f"Debian packages {', '.join(missing)} ..."):
                    install_packages(missing, logs / "clients-apt.log")
            if not environment().is_ready():
                with progress.step("clients", "packages of PyPI (about two minutes) ..."):
                    environment().install(logs / "clients-pip.log", "the clients")
    except OpenstackoidError as error:
        print(f"make: {error}\n  {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
