# SPDX-License-Identifier: Apache-2.0
"""The lab from a user's side: the two commands, run as subprocesses, and their answers."""

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from openstackoid.errors import OpenstackoidError

BIN = Path(sys.executable).parent
COMMAND_TIMEOUT = 300
"""The seconds that a command may take."""


class NoLabError(OpenstackoidError):
    """The lab that a play needs is not there."""


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit code and both of its outputs."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return what was printed with ``-f json``."""
        return json.loads(self.stdout)


TIMED_OUT = Outcome(124, "", f"the command did not end within {COMMAND_TIMEOUT} s")
"""The outcome of a command that was ended; the code is that of the command ``timeout``."""


def openstackoid(*arguments: str, quiet: bool = True) -> Outcome:
    """Run the ``openstackoid`` command; not ``quiet``, its output goes to the terminal as it comes."""
    command = [str(BIN / "openstackoid"), *arguments]
    done = subprocess.run(command, capture_output=quiet, text=True, check=False)
    return Outcome(done.returncode, done.stdout or "", done.stderr or "")


def lab_status() -> Any:
    """Return what ``openstackoid lab status --format json`` says."""
    return openstackoid("lab", "status", "--format", "json").json()


def lab_with(*clouds: str) -> Any:
    """Return what :func:`lab_status` does. Raises :class:`NoLabError`, in one line, where one of the clouds is not up."""
    done = openstackoid("lab", "status", "--format", "json")
    if done.code != 0:
        raise NoLabError(done.stderr.strip().removeprefix("openstackoid: "))
    status = done.json()
    states = {cloud["name"]: cloud["state"] for cloud in status["clouds"]}
    for cloud in clouds:
        if cloud not in states:
            raise NoLabError(f"the lab '{status['lab']}' has no {cloud}; docs/start/lab.md says how to start one")
        if states[cloud] == "down":
            raise NoLabError(f"{cloud} of the lab '{status['lab']}' is down; .venv/bin/openstackoid lab up starts it")
    return status


@cache
def clouds_yaml() -> Path:
    """Return the lab's clouds.yaml; asked once, for a lab keeps its folder."""
    return Path(lab_status()["state_dir"]) / "clouds.yaml"


@cache
def authority() -> str:
    """Return the file of the certificate by which the lab's gateways are known."""
    return str(lab_status()["authority"])


@cache
def tls() -> ssl.SSLContext:
    """Return what makes sure that a gateway of the lab is one."""
    return ssl.create_default_context(cafile=authority())


def run_openstack(arguments: Sequence[str], environment: Mapping[str, str]) -> Outcome:
    """Run the stock ``openstack`` command in a process of its own."""
    command = [str(BIN / "openstack"), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=COMMAND_TIMEOUT)
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    return Outcome(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class User:
    """Somebody at the ``openstack`` command, by an entry of a clouds.yaml; in the lab's, ``CloudOne`` is an ordinary member."""

    entry: str
    config: Path | None = None

    def openstack(self, *arguments: str, scope: str | None = None) -> Outcome:
        """Run the stock ``openstack`` command, with ``--os-scope`` where a scope is given."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "OPENSTACKOID_SCOPE"))}
        config = self.config or clouds_yaml()
        environment |= {"OS_CLOUD": self.entry, "OS_CLIENT_CONFIG_FILE": str(config)}
        scoped = [] if scope is None else ["--os-scope", scope]
        return run_openstack([*arguments, *scoped], environment)


def image_downloads(cloud: str, image_id: str) -> int:
    """Return how often Glance of ``cloud`` has served the bytes of an image, by the log of its server."""
    log = openstackoid("lab", "logs", cloud, "glance", "--lines", "1000000").stdout
    return sum("GET " in line and f"/v2/images/{image_id}/file" in line and "(HTTP/1.1 200)" in line for line in log.splitlines())


def fetched_checksum(cloud: str, image_id: str) -> str | None:
    """Return the MD5 of the bytes that the compute node of ``cloud`` has received as an image, by its driver's own log."""
    log = openstackoid("lab", "logs", cloud, "nova-compute", "--lines", "1000000").stdout
    found = re.findall(rf"Fetched image {image_id}: \d+ bytes, .*'md5': '([0-9a-f]+)'", log)
    return found[-1] if found else None
