# SPDX-License-Identifier: Apache-2.0
"""The database of the store, and connections to it: SQLite in a file or memory, or the operator's MariaDB or PostgreSQL."""

import os
import sqlite3
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from openstackoid.store.errors import StoreError, StoreUnavailableError
from openstackoid.store.schema import prepare
from openstackoid.store.tables import METADATA

PATIENCE = 3
"""Seconds that a database may take for a connection, a lock, or a statement."""

SET_ASIDE = ".damaged"
"""The suffix of a damaged SQLite file."""

_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "postgresql": "postgresql+psycopg"}
_PACKAGES = {"mysql": "PyMySQL", "postgresql": "'psycopg[binary]'"}
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PASSWORD_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Database:
    """A database by its URL without a password, and the file with the password, if needed."""

    url: URL
    password: Path | None = field(default=None, repr=False)

    @classmethod
    def file(cls, path: Path) -> "Database":
        """Return an SQLite database in a file."""
        return cls(URL.create("sqlite", database=str(path)))

    @classmethod
    def in_memory(cls) -> "Database":
        """Return a database that ends with the process."""
        return cls(URL.create("sqlite"))

    @classmethod
    def server(cls, url: str, password: Path | None) -> "Database":
        """Return the operator's database. Raises :class:`StoreError` for an invalid URL."""
        try:
            read = make_url(url)
        except ArgumentError:
            raise StoreError("gateway.store.url: a URL is accepted, as in mysql://user@host/database") from None
        driver = _DRIVERS.get(read.get_backend_name())
        if driver is None:
            raise StoreError(f"gateway.store.url: accepted are {', '.join(f'{name}://' for name in _DRIVERS)}")
        return cls(read.set(drivername=driver), password)

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        if self.url.host is None:
            return "memory"
        port = "" if self.url.port is None else f":{self.url.port}"
        return f"{self.url.get_backend_name()} database {self.url.database} at {self.url.host}{port}"

    @property
    def path(self) -> Path | None:
        """The file of SQLite, or None."""
        return Path(self.url.database) if self.url.get_backend_name() == "sqlite" and self.url.database else None

    def engine(self, patience: float = PATIENCE) -> Engine:
        """Return the engine. Raises :class:`StoreError` without the driver."""
        backend = self.url.get_backend_name()
        options: dict[str, Any] = {}
        if backend == "mysql":
            options = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), max(1, patience))
        elif backend == "postgresql":
            milliseconds = int(patience * 1000)
            limits = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
            options = {"connect_timeout": max(2, int(patience)), "tcp_user_timeout": milliseconds, "options": limits}
        else:
            options = {"timeout": patience, "check_same_thread": False}
        isolation = {} if backend == "sqlite" else {"isolation_level": "READ COMMITTED"}
        try:
            engine = create_engine(self.url, poolclass=NullPool, hide_parameters=True, connect_args=options, **isolation)
        except ImportError:
            raise StoreError(
                f"gateway.store.url: the driver for {backend} is not installed", hint=f"pip install {_PACKAGES[backend]}"
            ) from None
        event.listen(engine, "do_connect", self._before_connect)
        event.listen(engine, "connect", {"sqlite": _set_up_sqlite, "mysql": _set_up_mysql}.get(backend, _nothing))
        return engine

    def connect(self, engine: Engine) -> Connection:
        """Return a connection to a database with this release's schema.

        Raises :class:`StoreError`, ``SQLAlchemyError`` or ``OSError``.
        """
        connection = engine.connect()
        try:
            if self.url == URL.create("sqlite"):
                # It is always new: nothing to migrate, and importing Alembic takes a quarter of a second.
                METADATA.create_all(connection)
            else:
                prepare(connection)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def set_aside(self, error: BaseException) -> Path | None:
        """Rename a file that SQLite finds damaged, and return its new name; None for any other error."""
        path, original = self.path, error.orig if isinstance(error, DBAPIError) else None
        if path is None or getattr(original, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
            return None
        kept = path.with_name(path.name + SET_ASIDE)
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        return path.replace(kept)

    def _before_connect(self, _dialect: Any, _record: Any, _words: Any, named: dict[str, Any]) -> None:
        """Read the password for each connection, so that a new one needs no restart; make a new file owner-only."""
        if self.path is not None:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif self.password is not None:
            named["password"] = _password(self.password)


def database_of(url: str | None, password: str | None, file: Path | None) -> Database:
    """Return the operator's database at the URL, else that in ``file``, else one in memory.

    ``password``: the path of the file with the password. Raises :class:`StoreError` for an invalid URL.
    """
    if url is not None:
        return Database.server(url, None if password is None else Path(password))
    return Database.in_memory() if file is None else Database.file(file)


def reason(error: BaseException) -> str:
    """Return one line of the database's own words for an error, without parameters and passwords."""
    if isinstance(error, DBAPIError):
        return " ".join(str(error.orig).split()) or type(error.orig).__name__
    if isinstance(error, StoreError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    return " ".join(str(error).split()) if isinstance(error, SQLAlchemyError) else type(error).__name__


def _password(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise StoreUnavailableError(f"{path}: others can look into this file of a password; chmod 600 {path}")
            return file.read(_PASSWORD_LIMIT).strip()
    except OSError as error:
        raise StoreUnavailableError(f"{path}: cannot read the password of the store: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StoreUnavailableError(f"{path}: cannot read the password of the store: not UTF-8 text") from None


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # The write-ahead log makes a commit one write without a wait for the disk; a killed process loses no commit.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _set_up_mysql(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # Galera: a node first applies the others' commits, so that each gateway reads the rows of the others.
    if cursor.execute("SHOW VARIABLES LIKE 'wsrep_sync_wait'"):
        cursor.execute("SET SESSION wsrep_sync_wait = 1")
    cursor.close()


def _nothing(_connection: Any, _record: Any) -> None:
    """PostgreSQL is set up by the options of its connection."""
