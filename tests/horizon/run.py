# SPDX-License-Identifier: Apache-2.0
"""Install what `make horizon-test` needs, and run its tests."""

import subprocess
import sys

from browser import NoChromiumError, install_chromium
from horizon.environment import ROOT, collect_static_files, environment, is_ready
from lab.raised import HORIZON
from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import Environment, check_before, install_packages, missing_packages
from openstackoid.lab.progress import Progress
from openstackoid.lab.state import Instance
from unable import unable

_ABOUT = """\
== horizon-test: an unmodified Horizon offers scopes as regions, and Chromium drives it across two real clouds
   installs, once: OpenStack and Horizon from PyPI, MariaDB, RabbitMQ and Chromium from the distribution
   leaves: the environments, which `openstackoid lab down --purge` removes with the last lab, and pip's cache"""


def main() -> int:
    """Return the exit code of the tests; 1, with one line, if they cannot run."""
    print(_ABOUT, flush=True)
    try:
        _install()
    except NoChromiumError as error:
        return unable("horizon-test", f"Debian's chromium, which cannot be installed: {error}")
    except OpenstackoidError as error:
        print(f"make: {error}\n  {error.hint}", file=sys.stderr)
        return 1
    tests = [sys.executable, "-m", "pytest", "--timeout", "1200", "--durations", "5", "tests/horizon", *sys.argv[1:]]
    return subprocess.run(tests, cwd=ROOT, check=False).returncode


def _install() -> None:
    instance = Instance(HORIZON)
    logs = instance.directory / "logs/shared"
    openstack = Environment.of(instance.shared)
    with Progress() as progress, instance.locked(lambda: progress.say("waiting for another `openstackoid lab`")):
        with progress.step("horizon-test", "Debian package chromium ..."):
            install_chromium(logs / "apt.log")
        check_before(openstack, instance.root)
        if missing := missing_packages():
            with progress.step("horizon-test", f"Debian packages {', '.join(missing)} ..."):
                install_packages(missing, logs / "apt.log")
        for wanted, what in ((openstack, "OpenStack"), (environment(), "Horizon")):
            if not wanted.is_ready():
                with progress.step("horizon-test", f"{what} from PyPI ..."):
                    wanted.install(logs / "pip.log", what)
        if not is_ready():
            with progress.step("horizon-test", "Horizon's style sheets and scripts ..."):
                collect_static_files(logs / "static.log")


if __name__ == "__main__":
    sys.exit(main())
