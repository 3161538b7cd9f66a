# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ: one broker for an instance of the lab, with a virtual host and a user for each cloud."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.catalog import HOST
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.packages import program
from openstackoid.lab.processes import Daemon
from openstackoid.lab.state import private_dir, write_private

_LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}"


def url(cloud: Cloud, password: str, port: int) -> str:
    """Return the address of a cloud's virtual host, for oslo.messaging."""
    return f"rabbit://{cloud.slug}:{password}@{HOST}:{port}/{cloud.slug}"


def password_hash(password: str, salt: bytes) -> str:
    """Return a password in RabbitMQ's form: salt (4 bytes) and SHA-256 of salt and password, in base64."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def definitions(passwords: Mapping[str, str]) -> dict[str, object]:
    """Return RabbitMQ's definitions of a user and a virtual host for each cloud's slug."""
    return {
        "users": [
            {
                "name": slug,
                # Derived from the password, so that the file does not change.
                "password_hash": password_hash(password, hashlib.sha256(password.encode()).digest()[:4]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
            }
            for slug, password in passwords.items()
        ],
        "vhosts": [{"name": slug} for slug in passwords],
        "permissions": [{"user": slug, "vhost": slug, "configure": ".*", "write": ".*", "read": ".*"} for slug in passwords],
    }


class Bus:
    """The broker of one instance of the lab: its files, processes and definitions."""

    def __init__(self, directory: Path, node: str, ports: Mapping[str, int], logs: Path) -> None:
        self.directory = private_dir(directory)
        self._node = node
        self._ports = ports
        self._logs = logs

    @property
    def _definitions(self) -> Path:
        return self.directory / "definitions.json"

    def _env(self) -> dict[str, str]:
        at = self.directory
        return {
            "PATH": "/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(at),
            "ERL_EPMD_PORT": str(self._ports["epmd"]),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"{self._node}@localhost",
            "RABBITMQ_DIST_PORT": str(self._ports["erlang"]),
            # The system's own configuration is for the system's own broker.
            "RABBITMQ_CONF_ENV_FILE": str(at / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(at / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(at / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(at / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(at / "data"),
            "RABBITMQ_LOG_BASE": str(at / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(at / "rabbitmq.pid"),
            # One scheduler that sleeps when idle: quicker to start on few cores, and quiet.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"+S 1:1 +sbwt none +A 4 {_LOOPBACK_ONLY}",
            "RABBITMQ_CTL_ERL_ARGS": f"+S 1:1 +sbwt none {_LOOPBACK_ONLY}",
        }

    def write(self, passwords: Mapping[str, str]) -> bool:
        """Write the broker's configuration and definitions; return whether the definitions changed."""
        at = self.directory
        cookie = at / ".erlang.cookie"
        if not cookie.exists():
            write_private(cookie, secrets.token_hex(20))
            cookie.chmod(0o400)
        write_private(at / "enabled_plugins", "[].\n")
        write_private(at / "rabbitmq-env.conf", "")
        write_private(
            at / "rabbitmq.conf",
            f"listeners.tcp.1 = {HOST}:{self._ports['rabbitmq']}\n"
            f"load_definitions = {self._definitions}\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "log.file = false\n"
            "vm_memory_high_watermark.relative = 0.4\n"
            "disk_free_limit.absolute = 50MB\n"
            "num_acceptors.tcp = 2\n",
        )
        return write_private(self._definitions, json.dumps(definitions(passwords), indent=1))

    def daemons(self) -> tuple[Daemon, Daemon]:
        """Return Erlang's port mapper and the broker, in the order in which they start."""
        env = self._env()
        mapper = [program("epmd"), "-address", HOST, "-port", env["ERL_EPMD_PORT"]]
        small = {name: env[name] for name in ("PATH", "LANG", "HOME")}
        return (
            Daemon("shared", "epmd", mapper, small, self._logs / "epmd.log", self.directory, patience=2),
            Daemon(
                "shared",
                "rabbitmq",
                [program("rabbitmq-server")],
                env,
                self._logs / "rabbitmq.log",
                self.directory,
                reads=(self.directory / "rabbitmq.conf",),
                patience=20,
            ),
        )

    def import_definitions(self) -> None:
        """Load new definitions into the running broker; it reads them itself at its start.

        Raises :class:`OpenstackoidError`.
        """
        command = [program("rabbitmqctl"), "--quiet", "import_definitions", str(self._definitions)]
        done = subprocess.run(command, env=self._env(), capture_output=True, text=True, check=False)
        if done.returncode:
            words = (done.stderr or done.stdout).strip()
            raise OpenstackoidError(f"RabbitMQ did not take the definitions of a new cloud: {words[-400:]}")


def node_name(instance: str) -> str:
    """Return the Erlang node's name for an instance of the lab of this user."""
    return f"openstackoid-{os.getuid()}-{instance.replace('_', '-').lower()}"
