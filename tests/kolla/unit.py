# SPDX-License-Identifier: Apache-2.0
"""A unit of systemd for one instance, run without systemd as its file says.

The test is the service manager: it gives the process the unit's user, privileges, state folder, mask and environment, waits for
its notification, and stops it by SIGTERM. `make deploy-test` tries the sandbox of files and system calls, on a booted Debian.
"""

import os
import pwd
import shlex
import socket
import subprocess
from pathlib import Path

import psutil

from openstackoid.lab.state import private_dir

FOLDER = Path("/etc/systemd/system")
_STATES = "/var/lib"
_NOTIFY = Path("/run/openstackoid-notify")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The search path that systemd gives services."""
_START, _STOP = 180.0, 90.0
"""Seconds: ``TimeoutStartSec`` of the units, and systemd's own time for a stop."""


class Unit:
    """``name``: as for ``systemctl``, with the instance. ``log``: gets what it prints."""

    def __init__(self, name: str, log: Path) -> None:
        template, _, instance = name.partition("@")
        text = FOLDER.joinpath(f"{template}@.service").read_text(encoding="utf-8")
        self._settings = _settings(text.replace("%i", instance).replace("%S", _STATES))
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it as ``systemctl start``: return when it says that it is ready."""
        user = pwd.getpwnam(self._settings["User"])
        state = Path(_STATES, self._settings["StateDirectory"])
        state.parent.mkdir(exist_ok=True)
        private_dir(state)
        os.chown(state, user.pw_uid, user.pw_gid)
        environment = {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "USER": user.pw_name,
            "LOGNAME": user.pw_name,
            "HOME": user.pw_dir,
            "SHELL": user.pw_shell,
            "STATE_DIRECTORY": str(state),
            "NOTIFY_SOCKET": str(_NOTIFY),
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, self._log.open("ab") as output:
            _NOTIFY.unlink(missing_ok=True)
            notified.bind(str(_NOTIFY))
            _NOTIFY.chmod(0o666)
            notified.settimeout(_START)
            mask = int(self._settings["UMask"], 8)
            self._process = subprocess.Popen(self._command(), env=environment, cwd="/", umask=mask, stdout=output, stderr=output)
            while b"READY=1" not in notified.recv(4096).splitlines():
                assert self._process.poll() is None, self._log.read_text(encoding="utf-8")

    def _command(self) -> list[str]:
        """Return ``ExecStart``, by the user, the capabilities and without the new privileges of the unit."""
        allowed, given = (
            ",".join(["-all", *(f"+{one.removeprefix('CAP_').lower()}" for one in self._settings[key].split())])
            for key in ("CapabilityBoundingSet", "AmbientCapabilities")
        )
        account = [f"--reuid={self._settings['User']}", f"--regid={self._settings['User']}", "--init-groups"]
        assert self._settings["NoNewPrivileges"] == "yes"
        sets = [f"--inh-caps={given}", f"--ambient-caps={given}", f"--bounding-set={allowed}", "--no-new-privs"]
        return ["setpriv", *account, *sets, "--", *shlex.split(self._settings["ExecStart"])]

    def processes(self) -> list[psutil.Process]:
        """Return its processes, the main one first."""
        assert self._process is not None
        main = psutil.Process(self._process.pid)
        return [main, *main.children(recursive=True)]

    def stop(self) -> None:
        """Stop it as ``systemctl stop``, if it runs. Its exit code must be 0, for ``Restart=on-failure`` would start it again."""
        if self._process is not None:
            self._process.terminate()
            code, self._process = self._process.wait(_STOP), None
            assert code == 0, self._log.read_text(encoding="utf-8")[-3000:]


def _settings(text: str) -> dict[str, str]:
    """Return the section ``Service``; of a setting that stands twice, the last line."""
    section = text.partition("\n[Service]\n")[2].partition("\n[")[0]
    lines = (line.partition("=") for line in section.splitlines() if not line.startswith("#"))
    return {key: value for key, equals, value in lines if equals}
