# SPDX-License-Identifier: Apache-2.0
"""The store in a file of SQLite: its owner, and its errors."""

import asyncio
import logging
import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openstackoid.store import Database, StoreUnavailableError
from openstackoid.store.database import SET_ASIDE
from unit.bridge.stage import played
from unit.store.opening import kept, opened, request_id, row, sql


@played
async def test_its_files_are_their_owners(database: Database, tmp_path: Path) -> None:
    async with opened(database) as (store,):
        await store.put(row(1))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"), 0o600)


@played
async def test_a_store_in_memory_ends_with_the_process(tmp_path: Path) -> None:
    async with opened(Database.in_memory()) as (store,):
        await store.put(row(1))
        assert await store.find(request_id(1)) == row(1)
    async with opened(Database.in_memory()) as (store,):
        assert await store.find(request_id(1)) is None


@pytest.mark.parametrize("damage", [b"no database at all" * 1000, "pages"])
@played
async def test_a_damaged_file_is_set_aside(
    database: Database, tmp_path: Path, damage: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(database) as (store,):
        for number in range(100):
            await store.put(row(number))
    path = tmp_path / "store.sqlite"
    content = path.read_bytes()
    broken = damage if isinstance(damage, bytes) else content[:4096] + b"\xff" * (len(content) - 4096)
    path.write_bytes(broken)
    async with opened(database) as (store,):
        await store.put(row(1))
        assert await store.find(request_id(1)) == row(1)
    assert (tmp_path / f"store.sqlite{SET_ASIDE}").read_bytes() == broken
    assert f"the store ({path}) was damaged and is empty now; the damaged file is {path}{SET_ASIDE}" in caplog.text


@played
async def test_a_folder_that_cannot_be_used_is_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "later"
    async with opened(Database.file(folder / "store.sqlite"), patience=0.5) as (store,):
        for _ in range(3):
            with pytest.raises(StoreUnavailableError, match="No such file or directory"):
                await store.put(row(1))
        assert not await store.works()
        folder.mkdir()
        async with asyncio.timeout(5):
            while not await store.works():
                await asyncio.sleep(0.1)
        await store.put(row(1))
        assert await store.find(request_id(1)) == row(1)
    said = [record.message for record in caplog.records]
    path = folder / "store.sqlite"
    assert said.count(f"the store ({path}) cannot be written: {path}: No such file or directory") == 1
    assert said.count(f"the store ({path}) can be written again") == 1


@played
async def test_a_write_that_another_process_locks_out_has_a_deadline_and_reads_go_on(database: Database, tmp_path: Path) -> None:
    async with opened(database, patience=0.3) as (store,):
        await store.put(row(1))
        other = sqlite3.connect(tmp_path / "store.sqlite")
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="database is locked"):
            await store.put(row(2))
        assert time.monotonic() - began < 3
        assert await store.find(request_id(1)) == row(1)
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="database is locked"):
            await asyncio.gather(*(store.put(row(number)) for number in range(50)))
        assert time.monotonic() - began < 2, "requests are refused at once, but for one that tries"
        other.rollback()
        other.close()
        async with asyncio.timeout(5):
            while not await store.works():
                await asyncio.sleep(0.1)
        await store.put(row(3))
    assert {request_id(1), request_id(3)} <= kept(database)


_FULL = """
import asyncio, resource, sys
from openstackoid.store import StoreUnavailableError
from pathlib import Path
from openstackoid.store import Database
from unit.store.opening import opened, request_id, row

async def main():
    async with opened(Database.file(Path(sys.argv[1])), patience=0.3) as (store,):
        await store.put(row(1))
        # The files may not grow, as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        try:
            for number in range(2, 3000):
                await store.put(row(number))
        except StoreUnavailableError as error:
            assert await store.find(request_id(1)) == row(1)
            print("refused:", error)

asyncio.run(main())
"""


def test_a_full_disk_refuses_writes_and_reads_go_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    program = [sys.executable, "-c", _FULL, str(tmp_path / "store.sqlite")]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("refused: "), done.stdout + done.stderr


@played
async def test_a_file_that_another_program_empties_is_made_anew(database: Database) -> None:
    async with opened(database) as (store,):
        await store.put(row(1))
    sql(database, "DROP TABLE workflows")
    sql(database, "DELETE FROM alembic_version")
    async with opened(database) as (store,):
        assert await store.find(request_id(1)) is None
        await store.put(row(2))
