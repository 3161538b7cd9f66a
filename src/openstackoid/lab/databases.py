# SPDX-License-Identifier: Apache-2.0
"""MariaDB: one server for an instance of the lab, with databases and a user for each cloud.

The operating system's user of the lab is MariaDB's administrator by the unix socket, without a password. Each cloud's user has
access to that cloud's databases only.
"""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.catalog import HOST
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.packages import program, tail
from openstackoid.lab.processes import Daemon
from openstackoid.lab.state import private_dir, write_private

DATABASES = ("keystone", "glance", "placement", "nova_api", "nova", "nova_cell0", "neutron", "cinder")


def configuration(directory: Path, port: int) -> str:
    """Return MariaDB's configuration: small, on loopback, and quick rather than safe from a power cut."""
    return f"""\
[mariadbd]
datadir = {directory / "data"}
socket = {directory / "mariadb.sock"}
pid-file = {directory / "mariadb.pid"}
bind-address = {HOST}
port = {port}
skip-name-resolve
skip-log-bin
user = {getpass.getuser()}
transaction-isolation = READ-COMMITTED
character-set-server = utf8mb4
max_connections = 500
performance-schema = OFF
innodb-buffer-pool-size = 96M
innodb-log-file-size = 32M
innodb-flush-log-at-trx-commit = 0
innodb-doublewrite = 0
innodb-flush-method = nosync
key-buffer-size = 1M
aria-pagecache-buffer-size = 8M
table-definition-cache = 2000
table-open-cache = 2000
"""


def daemon(directory: Path, port: int, log: Path) -> Daemon:
    """Return the server's process; writes its configuration."""
    file = directory / "mariadb.cnf"
    write_private(file, configuration(directory, port))
    argv = [program("mariadbd"), f"--defaults-file={file}"]
    return Daemon("shared", "mariadb", argv, _environment(directory), log, directory, reads=(file,), patience=30)


def _environment(directory: Path) -> dict[str, str]:
    # MariaDB ignores the process's umask: without these two its group could read its files.
    private = {"UMASK": "0600", "UMASK_DIR": "0700"}
    # A server that starts removes the temporary tables of others in its folder, so each has a folder of its own.
    temporary = private_dir(directory / "tmp")
    folders = {"HOME": str(directory), "TMPDIR": str(temporary)}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **folders, **private}


def create_data(directory: Path, log: Path) -> None:
    """Create the data folder. Raises :class:`OpenstackoidError` if MariaDB's program fails."""
    data = private_dir(directory / "data")
    user = getpass.getuser()
    command = [
        program("mariadb-install-db"),
        "--no-defaults",
        f"--datadir={data}",
        f"--user={user}",
        "--auth-root-authentication-method=socket",
        f"--auth-root-socket-user={user}",
        "--skip-test-db",
        "--innodb-log-file-size=32M",
    ]
    done = subprocess.run(command, env=_environment(directory), capture_output=True, text=True, check=False)
    write_private(log, done.stdout + done.stderr)
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise OpenstackoidError(f"MariaDB could not make its data folder; the end of {log}:\n{tail(log)}")
    # The program's shell script writes a file of its own, by our umask.
    for path in data.iterdir():
        path.chmod(0o700 if path.is_dir() else 0o600)


class Client:
    """The administrator's way into a running server."""

    def __init__(self, directory: Path) -> None:
        # With socket authentication, the account is named after the user of the operating system.
        self._options = ["--no-defaults", f"--socket={directory / 'mariadb.sock'}", f"--user={getpass.getuser()}"]

    def sql(self, statements: str | Path, database: str = "") -> str:
        """Run statements (or a file of them) and return their output, tab-separated without headings.

        Raises :class:`OpenstackoidError`.
        """
        command = [program("mariadb"), *self._options, "--batch", "--skip-column-names", *filter(None, [database])]
        if isinstance(statements, Path):
            with statements.open("rb") as file:
                done = subprocess.run(command, stdin=file, capture_output=True, check=False)
        else:
            done = subprocess.run(command, input=statements.encode(), capture_output=True, check=False)
        if done.returncode:
            raise OpenstackoidError(f"MariaDB: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()

    def is_ready(self) -> bool:
        """Return whether the server answers."""
        try:
            return self.sql("SELECT 1").strip() == "1"
        except OpenstackoidError:
            return False

    def databases(self) -> set[str]:
        """Return the names of the existing databases."""
        return set(self.sql("SHOW DATABASES").split())

    def dump(self, database: str, target: Path) -> None:
        """Write the SQL that makes an equal database to a file.

        Raises :class:`OpenstackoidError`.
        """
        command = [program("mariadb-dump"), *self._options, "--skip-comments", "--skip-lock-tables", database]
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise OpenstackoidError(f"MariaDB: cannot dump {database}: {done.stderr.decode(errors='replace').strip()}")


def database(cloud: Cloud, name: str) -> str:
    """Return the name of a cloud's database."""
    return f"{cloud.slug}_{name}"


def url(cloud: Cloud, name: str, password: str, port: int) -> str:
    """Return the address of a cloud's database, for SQLAlchemy."""
    return f"mysql+pymysql://{cloud.slug}:{password}@{HOST}:{port}/{database(cloud, name)}?charset=utf8"


def grant(client: Client, cloud: Cloud, password: str) -> None:
    """Make the cloud's user, with access to that cloud's databases alone."""
    # In a grant, "_" is a pattern for any one character. Each database is named: a cloud's name may begin another's.
    names = [database(cloud, name).replace("_", "\\_") for name in DATABASES]
    user = f"'{cloud.slug}'@'{HOST}'"
    client.sql(
        f"CREATE USER IF NOT EXISTS {user}; ALTER USER {user} IDENTIFIED BY '{password}';"
        + "".join(f"GRANT ALL PRIVILEGES ON `{name}`.* TO {user};" for name in names)
    )


def drop(client: Client, cloud: Cloud) -> None:
    """Remove a cloud's databases and user."""
    client.sql("".join(f"DROP DATABASE IF EXISTS `{database(cloud, name)}`;" for name in DATABASES))
    client.sql(f"DROP USER IF EXISTS '{cloud.slug}'@'{HOST}'")
