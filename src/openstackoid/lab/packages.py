# SPDX-License-Identifier: Apache-2.0
"""The lab's programs: MariaDB and RabbitMQ from the distribution, OpenStack from PyPI in an environment of its own.

Debian 12 and 13 and Ubuntu 24.04 have the same names of packages and programs.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.state import private_dir

# Program, folder besides PATH, package.
_PROGRAMS = (
    ("mariadbd", "/usr/sbin", "mariadb-server-core"),
    ("mariadb-install-db", "/usr/bin", "mariadb-server-core"),
    ("mariadb", "/usr/bin", "mariadb-client-core"),
    ("mariadb-dump", "/usr/bin", "mariadb-client"),
    ("epmd", "/usr/bin", "erlang-base"),
    ("rabbitmq-server", "/usr/lib/rabbitmq/bin", "rabbitmq-server"),
    ("rabbitmqctl", "/usr/lib/rabbitmq/bin", "rabbitmq-server"),
)
_UNITS = {"erlang-base": ("epmd.socket", "epmd.service"), "rabbitmq-server": ("rabbitmq-server.service",)}
"""The services that a package would have the system start."""
_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_TEXT = "#!/bin/sh\n# Of `openstackoid lab up`, while it installs packages; may be removed at any other time.\nexit 101\n"

REQUIREMENTS = (
    "keystone",
    "glance",
    "openstack-placement",
    "nova",
    "neutron",
    "cinder",
    "swift",
    "pyuwsgi",
    "PyMySQL",
)
"""The packages from PyPI; ``constraints.txt`` beside this file pins these and their dependencies."""

CONSTRAINTS = Path(__file__).with_name("constraints.txt")
HASHES = Path(__file__).with_name("requirements.txt")
"""The same versions with the hashes of their files, by ``make lock``: pip installs these files alone."""
FIRST_RUN_BYTES = 2 * 1024**3
"""Free disk space for a first run: OpenStack takes 0.7 GiB, its downloads and the databases the rest."""
LATER_RUN_BYTES = 300 * 1024**2


def program(name: str) -> str:
    """Return the path of a program of the distribution.

    Raises :class:`OpenstackoidError` if it is not installed.
    """
    folder = next(folder for known, folder, _ in _PROGRAMS if known == name)
    # RabbitMQ's own scripts come first: those in PATH change to another user and write to the system's folders.
    for candidate in (Path(folder) / name, Path(shutil.which(name) or "/nowhere")):
        if candidate.is_file():
            return str(candidate)
    raise OpenstackoidError(f"the program {name} is not installed", hint="openstackoid lab up")


def missing_packages() -> list[str]:
    """Return the missing packages of the distribution."""
    missing = []
    for name, folder, package in _PROGRAMS:
        if not (Path(folder) / name).is_file() and not shutil.which(name):
            missing.append(package)
    return list(dict.fromkeys(missing))


@dataclass(frozen=True)
class Environment:
    """A virtual environment with packages of PyPI alone, by default OpenStack's."""

    directory: Path
    requirements: tuple[str, ...] = REQUIREMENTS
    constraints: Path = CONSTRAINTS
    hashes: Path | None = HASHES

    @classmethod
    def of(
        cls,
        shared: Path,
        name: str = "openstack",
        requirements: tuple[str, ...] = REQUIREMENTS,
        constraints: Path | None = None,
        hashes: Path | None = HASHES,
    ) -> "Environment":
        """Return the environment for the pinned versions and this Python; it need not exist.

        ``constraints``: the pinned versions, by default those of the lab.
        ``hashes``: the same versions with the hashes of their files, or None where nothing checks them.
        """
        constraints = constraints or CONSTRAINTS
        wanted = constraints.read_bytes() + f"{requirements} {sys.version}".encode()
        return cls(shared / f"{name}-{hashlib.sha256(wanted).hexdigest()[:12]}", requirements, constraints, hashes)

    @property
    def _complete(self) -> Path:
        # Beside the environment, which holds only the files of its wheels.
        return self.directory.with_name(self.directory.name + ".complete")

    @property
    def schema_key(self) -> str:
        """A key of the databases of these versions of the services."""
        names = set(REQUIREMENTS) - {"swift"}  # It keeps no database of the lab.
        pins = [line for line in CONSTRAINTS.read_text().splitlines() if line.partition("==")[0] in names]
        return hashlib.sha256("\n".join(pins).encode()).hexdigest()[:12]

    def is_ready(self) -> bool:
        """Return whether the environment was installed completely."""
        return self._complete.exists() and self.script("python").exists()

    def script(self, name: str) -> Path:
        """Return the path of one of the environment's programs."""
        return self.directory / "bin" / name

    def install(self, log: Path, what: str = "OpenStack") -> None:
        """Make the environment and install its packages; ``log`` gets pip's output, its error names ``what``.

        Raises :class:`OpenstackoidError` with the end of the log.
        """
        shutil.rmtree(self.directory, ignore_errors=True)
        private_dir(self.directory.parent)
        # Isolated: with PYTHONPATH, pip would take packages elsewhere for installed.
        _run([sys.executable, "-I", "-m", "venv", str(self.directory)], log, "the virtual environment")
        self.directory.chmod(0o700)
        pip = [str(self.script("python")), "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        # Wheels where there are any: packages without one are plain Python, and need no compiler.
        wanted = ["-c", str(self.constraints), *self.requirements]
        if self.hashes:
            wanted = ["--require-hashes", "-r", str(self.hashes)]
        _run([*pip, "--prefer-binary", *wanted], log, f"{what} from PyPI")
        self._complete.touch(mode=0o600)


def check_installable(missing: list[str]) -> None:
    """Check whether the distribution's packages ``missing`` can be installed; may ask for sudo's password.

    Raises :class:`OpenstackoidError` without apt-get, or without root and a working sudo.
    """
    if not missing:
        return
    names = " ".join(missing)
    if not shutil.which("apt-get"):
        raise OpenstackoidError(
            f"missing programs of the packages {names}, and there is no apt-get to install them",
            hint="use Debian 12 or 13, or Ubuntu 24.04, or install these programs yourself",
        )
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise OpenstackoidError(
            f"the Debian packages {names} must be installed, and that needs root or sudo",
            hint=f"as root: apt-get install --no-install-recommends {names}",
        )
    if os.geteuid() != 0 and subprocess.run(["sudo", "true"], check=False).returncode:
        raise OpenstackoidError(
            f"the Debian packages {names} must be installed, and sudo does not let this user",
            hint=f"as root: apt-get install --no-install-recommends {names}",
        )


def check_before(environment: Environment, state: Path) -> None:
    """Check an installation before it changes anything.

    May ask for sudo's password: no other output is on the terminal yet. Raises :class:`OpenstackoidError` if Debian packages
    cannot be installed, without the venv module, or with too little disk space.
    """
    if sys.platform != "linux":
        raise OpenstackoidError("the lab runs on Linux (Debian 12 and 13, Ubuntu 24.04)")
    check_installable(missing_packages())
    first = not environment.is_ready()
    if first and (importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None):
        raise OpenstackoidError(
            "this Python cannot make virtual environments",
            hint=f"apt-get install python3.{sys.version_info.minor}-venv",
        )
    needed = FIRST_RUN_BYTES if first else LATER_RUN_BYTES
    existing = next(folder for folder in (state, *state.parents) if folder.exists())
    if (free := shutil.disk_usage(existing).free) < needed:
        raise OpenstackoidError(
            f"{existing} has {free / 1024**3:.1f} GiB of free space; the lab needs {needed / 1024**3:.1f} GiB",
            hint="make room, or set XDG_STATE_HOME to a folder on another disk",
        )


def install_packages(packages: list[str], log: Path) -> None:
    """Install packages of the distribution without leaving a service of theirs running or enabled.

    Raises :class:`OpenstackoidError` with the end of the log if apt-get fails or would remove a package.
    """
    root = _root()
    # A fresh machine's own updates may hold the lock. No package is removed: MySQL's server, say, excludes MariaDB's.
    install = [*_apt(), "-o", "DPkg::Lock::Timeout=180", "install", "-y", "--no-remove", "--no-install-recommends", *packages]
    units = [unit for package in packages for unit in _UNITS.get(package, ())]
    quiet = [["systemctl", "disable", *units]] if units else []
    quiet += [["update-rc.d", "rabbitmq-server", "disable"]] if "rabbitmq-server" in packages else []
    with _no_service_starts(root, log):
        run_apt(install, log)
        for command in quiet:
            if shutil.which(command[0]):
                subprocess.run([*root, *command], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def run_apt(command: list[str], log: Path, folder: Path | None = None) -> None:
    """Run a command of apt in ``folder``; if it fails, update the list of packages, as root or through sudo, and run it again.

    Raises :class:`OpenstackoidError` with the end of the log.
    """
    try:
        _run(command, log, "Debian packages", folder)
    except OpenstackoidError:
        # The usual reason is a package list that is missing or too old.
        _run([*_apt(), "update"], log, "the list of Debian packages")
        _run(command, log, "Debian packages", folder)


def _root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo"]


def _apt() -> list[str]:
    # needrestart, on Ubuntu, would restart unrelated services.
    return [*_root(), "env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "apt-get", "-q"]


@contextmanager
def _no_service_starts(root: list[str], log: Path) -> Iterator[None]:
    """Keep Debian's packages from starting services while they are installed (invoke-rc.d's policy, exit code 101).

    A policy of the machine's own is set aside and put back; one of ours, left by a killed run, is not.
    """
    kept = Path(f"{_POLICY}.openstackoid-kept")
    if _POLICY.exists() and _POLICY.read_text(errors="replace") != _POLICY_TEXT:
        _run([*root, "mv", str(_POLICY), str(kept)], log, "Debian packages")
    write = 'printf %s "$1" > "$2" && chmod 755 "$2"'
    try:
        _run([*root, "sh", "-c", write, "sh", _POLICY_TEXT, str(_POLICY)], log, "Debian packages")
        yield
    finally:
        back = ["mv", str(kept)] if kept.exists() else ["rm", "-f"]
        _run([*root, *back, str(_POLICY)], log, "Debian packages")


def _run(command: list[str], log: Path, what: str, folder: Path | None = None) -> None:
    private_dir(log.parent)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=folder, check=False)
    if done.returncode:
        raise OpenstackoidError(
            f"could not install {what} (exit code {done.returncode}); the end of {log}:\n{tail(log)}",
            hint="check the network and the free disk space, then try again",
        )


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, indented, for an error message."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (the log is empty)"
