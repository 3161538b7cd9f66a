# SPDX-License-Identifier: Apache-2.0
"""A MariaDB of the lab's kind for the stores of tests, in a folder of its own."""

import subprocess
import time
from pathlib import Path

from leftovers import mark
from openstackoid.lab import databases
from unit.gateway.running import free_port

PASSWORD = "labSecretOfTheStore"


class Server:
    """The server. ``clients``: the address from which gateways connect, as MariaDB's accounts have it."""

    denied = "Access denied for user 'gateway'"

    def __init__(self, folder: Path, clients: str = "127.0.0.1") -> None:
        self.folder, self.port, self.clients = folder, free_port(), clients
        self.client = databases.Client(folder)
        databases.create_data(folder, folder / "install.log")
        self.daemon = databases.daemon(folder, self.port, folder / "mariadb.log")
        self.password = folder / "password"
        self.password.write_text(PASSWORD)
        self.password.chmod(0o600)
        self.start()
        self.client.sql(f"CREATE USER 'gateway'@'{clients}' IDENTIFIED BY '{PASSWORD}'")

    def start(self) -> None:
        with (self.folder / "mariadb.log").open("ab") as log:
            self.process = subprocess.Popen(self.daemon.argv, env=mark(self.daemon.env), stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not self.client.is_ready():
            assert time.monotonic() < until and self.process.poll() is None, (self.folder / "mariadb.log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def url(self, name: str) -> str:
        """Make a database and return its URL for a mesh description."""
        self.client.sql(f"CREATE DATABASE {name}; GRANT ALL ON {name}.* TO 'gateway'@'{self.clients}'")
        return f"mysql://gateway@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """Stop it."""
        self.stop()

    def end_connections(self) -> None:
        """End those of gateways."""
        self.client.sql(f"KILL USER 'gateway'@'{self.clients}'")
