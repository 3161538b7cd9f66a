# SPDX-License-Identifier: Apache-2.0
"""Install what `make pair-test` needs, and run its tests in namespaces of their own."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.raised import PAIR
from openstackoid.lab import packages
from openstackoid.lab.progress import Progress
from openstackoid.lab.state import Instance, private_dir
from privileged import init, needs
from privileged.run import Suite
from programs import PATH

ROOT = Path(__file__).parents[2]
_TARGET = "pair-test"
_ABOUT = """\
== pair-test: two gateways of a cloud behind one address, killed, cut off, drained and upgraded under load
   installs, once: OpenStack from PyPI, keepalived, MariaDB and RabbitMQ from the distribution, as `lab up` does
   makes: namespaces for network, mounts and processes, in them machines, small services, then two clouds; they end with the test
   leaves: the environment of OpenStack, which `openstackoid lab down --purge` removes with the last lab; pip's cache;
           the lock /run/openstackoid-suite.lock"""
_PROGRAMS = {"curl": "curl", "ip": "iproute2", "keepalived": "keepalived", "sysctl": "procps"}


def main(words: Sequence[str]) -> int:
    """Return the exit code of the tests; 1, with one line, if an installation fails."""
    inside = [sys.executable, "-m", "pair.run", "--inside", "-m", "pytest", "tests/pair", *words]
    return Suite(
        _TARGET,
        _ABOUT,
        lambda: needs.missing(needs.MOUNTS, needs.NETWORKS),
        _install,
        [*needs.NETWORK, *inside],
        ROOT,
        lambda: needs.missing(needs.LINKS),
        (Instance(PAIR).directory,),
    ).main()


def _inside(words: Sequence[str]) -> int:
    """Run Python with files of the machines and labs in memory, as the first process of the namespaces."""
    for folder in ("/run", str(Instance(PAIR).directory)):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    Path("/run/netns").mkdir()
    return init.run([sys.executable, *words])


def _install() -> None:
    instance = Instance(PAIR)
    private_dir(instance.directory)
    logs = Path(sys.prefix)
    environment = packages.Environment.of(instance.shared)
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program, path=PATH) is None]
    missing += packages.missing_packages()
    with Progress() as progress, instance.locked(lambda: progress.say("waiting for another `openstackoid lab`")):
        packages.check_installable(missing)
        if missing:
            with progress.step("pair", f"Debian packages {', '.join(missing)} ..."):
                packages.install_packages(missing, logs / "apt.log")
        if not environment.is_ready():
            with progress.step("pair", "OpenStack from PyPI, about 0.7 GiB ..."):
                environment.install(logs / "pip.log")


if __name__ == "__main__":
    sys.exit(_inside(sys.argv[2:]) if sys.argv[1:2] == ["--inside"] else main(sys.argv[1:]))
