# SPDX-License-Identifier: Apache-2.0
"""Install what `make deploy-test` needs into .venv, and run its tests in namespaces of their own."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.playbook import PROGRAMS
from openstackoid.errors import OpenstackoidError
from privileged import init, needs
from privileged.run import Suite

ROOT = Path(__file__).parents[2]
_TARGET = "deploy-test"
_ABOUT = """\
== deploy-test: packages, systemd units and Ansible roles on a Debian of their own, which boots under systemd-nspawn
   installs, once: Python packages that build and Ansible, into .venv; nothing on the machine
   makes: namespaces for mounts and processes, a Debian in memory (1 GiB), and control groups; they end with the test
   leaves: downloads in pip's cache and in ~/.cache/openstackoid; the lock /run/openstackoid-suite.lock"""
_BUILD = ("argparse_manpage", "build", "shtab")
_PIP = ("-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes", "--requirement")


def main() -> int:
    """Return the exit code of the tests; 1, with one line, if an installation fails."""
    tests = [sys.executable, "-m", "pytest", "tests/deploy", "--timeout", "1800", "--capture=sys", *sys.argv[1:]]
    command = [*needs.NAMESPACES, *init.command(tests)]
    return Suite(_TARGET, _ABOUT, needs.missing_to_boot, _install, command, ROOT).main()


def _install() -> None:
    if any(find_spec(name) is None for name in _BUILD):
        _python(sys.executable, *_PIP, "constraints/package.lock")
    if not (PROGRAMS / "ansible-lint").exists():
        _python(sys.executable, "-m", "venv", PROGRAMS.parent)
        _python(PROGRAMS / "python", *_PIP, "constraints/ansible.lock")


def _python(*command: str | Path) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise OpenstackoidError("Python packages cannot be installed into .venv", hint="look at what pip says above")


if __name__ == "__main__":
    sys.exit(main())
