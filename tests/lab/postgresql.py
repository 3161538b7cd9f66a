# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server in a folder of its own, for the stores of tests. It refuses to run as root; ``nobody`` runs it there."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from lab.mariadb import PASSWORD
from leftovers import mark
from unit.gateway.running import free_port

_FOLDERS = "/usr/lib/postgresql/*/bin"
"""Debian has the server's programs there, and not in the path."""


def is_installed() -> bool:
    """Tell whether the server can be run here."""
    return _program("initdb") is not None


class Server:
    """The server, as :class:`lab.mariadb.Server` is. Its commands run as the gateway's account, which may do everything."""

    denied = 'password authentication failed for user "gateway"'

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.password = folder / "password"
        self.password.write_text(PASSWORD)
        self.password.chmod(0o600)
        # Below pytest's folder, another user has no way in.
        self._folder = Path(tempfile.mkdtemp(prefix="oid-pg-"))
        self._as: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        said = self._folder / "said"
        said.write_text(PASSWORD)
        if self._as:
            for path in (self._folder, said):
                shutil.chown(path, "nobody", "nogroup")
        made = [str(_program("initdb")), "--pgdata", str(self._data), "--username", "gateway", "--pwfile", str(said), "--no-sync"]
        made += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=self._folder, **self._as)
        said.unlink()
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        argv = [str(_program("postgres")), "-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", "-F"]
        argv += ["-c", "unix_socket_directories="]
        with (self._folder.parent / f"{self._folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(argv, env=mark(os.environ), stdout=log, stderr=log, cwd=self._folder, **self._as)
        until = time.monotonic() + 60
        while True:
            try:
                return self.sql("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < until and self.process.poll() is None, Path(log.name).read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        # Its end by SIGTERM waits for its clients.
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def close(self) -> None:
        """Stop it, and remove its files."""
        self.stop()
        shutil.rmtree(self._folder)
        (self._folder.parent / f"{self._folder.name}.log").unlink()

    def url(self, name: str) -> str:
        """Make a database and return its URL for a mesh description."""
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql://gateway@127.0.0.1:{self.port}/{name}"

    def sql(self, command: str) -> None:
        """Run a command."""
        place = f"host=127.0.0.1 port={self.port} user=gateway password={PASSWORD} dbname=postgres"
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(command)

    def end_connections(self) -> None:
        """End those of gateways."""
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'store%'")


def _program(name: str) -> str | None:
    folders = sorted(Path("/").glob(_FOLDERS.removeprefix("/")))
    return shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
