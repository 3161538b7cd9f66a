# SPDX-License-Identifier: Apache-2.0
"""The operator's database: its URL, its password, and its errors."""

import asyncio
import logging
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from openstackoid.store import Database, Store, StoreError, StoreUnavailableError, database
from openstackoid.store.schema import REVISIONS
from openstackoid.store.tables import METADATA
from unit.bridge.stage import played
from unit.store.opening import opened, request_id, row

SECRET = "storeSecret7"


def test_the_driver_is_ours_to_choose() -> None:
    for url, driver in (
        ("mysql://u@h/d", "mysql+pymysql"),
        ("mariadb://u@h/d", "mysql+pymysql"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("mysql+pymysql://u@h/d?ssl_ca=/ca.pem", "mysql+pymysql"),
    ):
        database = Database.server(url, None)
        assert database.url.drivername == driver
        assert (database.url.host, database.url.username, database.url.database) == ("h", "u", "d")
    with pytest.raises(StoreError, match="accepted are mysql://, mariadb://, postgresql://"):
        Database.server("oracle://u@h/d", None)


@pytest.mark.parametrize(("scheme", "package"), [("mysql", "PyMySQL"), ("postgresql", "'psycopg[binary]'")])
def test_a_missing_driver_is_named_as_its_package(scheme: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise ImportError

    monkeypatch.setattr(database, "create_engine", missing)
    with pytest.raises(StoreError, match=f"the driver for {scheme} is not installed") as refused:
        Database.server(f"{scheme}://u@h/d", None).engine()
    assert refused.value.hint == f"pip install {package}"


def test_a_database_says_where_it_is(tmp_path: Path) -> None:
    assert str(Database.server("mysql://u@h:3307/d", None)) == "mysql database d at h:3307"
    assert str(Database.file(tmp_path / "x")) == str(tmp_path / "x")
    assert str(Database.in_memory()) == "memory"


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
@played
async def test_no_error_and_no_repr_shows_the_password(scheme: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    password = tmp_path / "password"
    password.write_text(SECRET)
    password.chmod(0o600)
    database = Database.server(f"{scheme}://user@127.0.0.1:{_dead_port()}/x", password)
    async with opened(database, patience=0.2) as (store,):
        with pytest.raises(StoreUnavailableError) as refused:
            await store.put(row(1))
        shown = (refused.value, database, database.engine(), store, vars(store), caplog.text)
        assert not [each for each in shown if SECRET in f"{each} {each!r}"]
    assert "the store (" in caplog.text


@played
async def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    password = tmp_path / "password"
    database = Database.server("mysql://user@127.0.0.1:1/x", password)
    async with opened(database, patience=0.1) as (store,):
        with pytest.raises(StoreUnavailableError, match="cannot read the password of the store: No such file"):
            await store.put(row(1))
        password.write_text(SECRET)
        password.chmod(0o644)
        async with asyncio.timeout(5):
            said = ""
            while "chmod 600" not in said:
                await asyncio.sleep(0.2)
                with pytest.raises(StoreUnavailableError) as refused:
                    await store.put(row(1))
                said = str(refused.value)
    assert SECRET not in said


@played
async def test_a_silent_database_has_a_deadline() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        database = Database.server(f"mysql://user@127.0.0.1:{silent.getsockname()[1]}/x", None)
        began = time.monotonic()
        store = Store(database, patience=0.5)
        await store.open()
        with pytest.raises(StoreUnavailableError):
            await store.find(request_id(1))
        assert time.monotonic() - began < 5
        await store.close()


def test_the_revisions_are_those_of_the_migrations() -> None:
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "openstackoid.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)


def test_the_migrations_make_the_tables_as_they_are_described(database: Database) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with database.connect(database.engine()) as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def _dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
