# SPDX-License-Identifier: Apache-2.0
"""Install what `make kolla-test` needs, and run its tests on a machine of their own."""

import os
import shutil
import sys
from pathlib import Path

from kolla import machine
from kolla.environment import LAB, ROOT, environment
from openstackoid.lab.packages import Environment, check_before, install_packages, missing_packages
from openstackoid.lab.progress import Progress
from openstackoid.lab.state import Instance, private_dir
from privileged import needs
from privileged.run import Suite

_TARGET = "kolla-test"
_ABOUT = """\
== kolla-test: docs/operate/kolla.md, command by command: a gateway takes the place of the frontends of Kolla-Ansible, unmodified
   installs, once: OpenStack and Kolla-Ansible from PyPI, MariaDB and RabbitMQ from the distribution, as `lab up` does; tools of
           `make package` into .venv
   makes: namespaces for network, mounts and processes, with /etc, /opt, /usr and folders of /var in memory; in them the wheel,
           HAProxy from the distribution, the gateway's user, and an environment with the wheel and its needs from PyPI.
           They end with the test
   leaves: the two environments, which `openstackoid lab down --purge` removes with the last lab; pip's cache;
           the lock /run/openstackoid-suite.lock"""

_PROGRAMS = {"ip": "iproute2", "openssl": "openssl", "setpriv": "util-linux"}
"""Programs of the machine and of Kolla-Ansible, and their packages."""
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def main() -> int:
    """Return the exit code of the tests; 1, with one line, if an installation fails."""
    tests = [sys.executable, "-m", "pytest", "-x", "--timeout", "1800", "--capture=sys", "tests/kolla", *sys.argv[1:]]
    return Suite(
        _TARGET,
        _ABOUT,
        lambda: needs.missing(needs.MOUNTS, needs.OVERLAYS, needs.NETWORKS),
        _install,
        machine.command(*tests),
        ROOT,
        lambda: needs.missing(needs.LINKS),
        (Instance(LAB).directory, machine.DIST),
    ).main()


def _install() -> None:
    instance = Instance(LAB)
    private_dir(instance.directory)
    logs = Path(sys.prefix)
    openstack = Environment.of(instance.shared)
    with Progress() as progress, instance.locked(lambda: progress.say("waiting for another `openstackoid lab`")):
        check_before(openstack, instance.root)
        missing = [package for program, package in _PROGRAMS.items() if shutil.which(program, path=_PATH) is None]
        if missing := [*missing, *missing_packages()]:
            with progress.step(_TARGET, f"Debian packages {', '.join(missing)} ..."):
                install_packages(missing, logs / "apt.log")
        # Ansible uses few modules of its collections: to compile them all takes longer than to use those.
        for wanted, what, compiled in ((openstack, "OpenStack", "1"), (environment(), "Kolla-Ansible", "0")):
            if not wanted.is_ready():
                os.environ["PIP_COMPILE"] = compiled
                with progress.step(_TARGET, f"{what} from PyPI ..."):
                    wanted.install(logs / "pip.log", what)


if __name__ == "__main__":
    sys.exit(main())
