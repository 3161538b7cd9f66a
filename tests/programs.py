# SPDX-License-Identifier: Apache-2.0
"""Install the programs of the distribution that tests use; `make test` and `make unit` run this first."""

import os
import shutil
import sys
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import check_installable, install_packages

PROGRAMS = {
    "curl": "curl",
    "logrotate": "logrotate",
    "mariadb": "mariadb-client-core",
    "mariadbd": "mariadb-server-core",
    "openssl": "openssl",
    "valgrind": "valgrind",
    "wrk": "wrk",
}
"""Each program and its package."""
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
"""Debian installs logrotate where an ordinary user's PATH does not look."""


def main() -> int:
    """Install missing programs. Return 1 on failure, and print the reason."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program, path=PATH) is None]
    try:
        if missing:
            print(f"== installing Debian's {', '.join(missing)}, which tests need", flush=True)
            check_installable(missing)
            install_packages(missing, Path(sys.prefix, "apt.log"))
    except OpenstackoidError as error:
        print(f"make: {error}\n  {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
