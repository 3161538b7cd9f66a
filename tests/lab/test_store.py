# SPDX-License-Identifier: Apache-2.0
"""The store on MariaDB and PostgreSQL: all that it does on SQLite, and gateways of one cloud of which one is killed."""

import asyncio
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lab import mariadb, postgresql
from lab.accepting import Service, service
from lab.mariadb import PASSWORD
from openstackoid.lab.packages import program
from openstackoid.store import Database, StoreUnavailableError
from unit.bridge.stage import played
from unit.gateway.running import free_port
from unit.store.opening import kept, opened, request_id, row, sql
from unit.store.test_binding_keys import *  # noqa: F403 - the same tests, on another database
from unit.store.test_resources import *  # noqa: F403 - the same tests, on another database
from unit.store.test_store import *  # noqa: F403 - the same tests, on another database
from unit.store.test_tokens import *  # noqa: F403 - the same tests, on another database
from unit.store.test_trim import *  # noqa: F403 - the same tests, on another database

SCOPE = '{"image": "CloudTwo"}'


Server = mariadb.Server | postgresql.Server


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.param == "mariadb":
        program("mariadbd")
    elif not postgresql.is_installed():
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    server: Server = {"mariadb": mariadb, "postgresql": postgresql}[request.param].Server(tmp_path_factory.mktemp("db"))
    # The first connection imports Alembic and the driver.
    first = Database.server(server.url("first"), server.password)
    first.connect(first.engine()).close()
    yield server
    server.close()


@pytest.fixture
def url(server: Server, request: pytest.FixtureRequest) -> str:
    return server.url(f"store_{abs(hash(request.node.nodeid))}")


@pytest.fixture
def database(server: Server, url: str) -> Database:
    return Database.server(url, server.password)


@played
async def test_a_connection_that_the_server_ends_is_made_anew(database: Database, server: Server) -> None:
    async with opened(database) as (store,):
        await store.put(row(1))
        server.end_connections()
        assert await store.find(request_id(1)) == row(1)
        await store.put(row(2))


@played
async def test_transactions_that_meet_are_sent_again(database: Database) -> None:
    async with opened(database) as (store,):
        await asyncio.gather(store.put(row(1)), store.put(row(2)))
        with database.engine().connect() as other, other.begin():
            other.execute(text(f"UPDATE workflows SET scope = 'x' WHERE id = '{request_id(2)}'"))
            writing = asyncio.ensure_future(asyncio.gather(store.put(row(1)), store.put(row(2))))
            await asyncio.sleep(0.3)
            # The server now has one of the two give way.
            other.execute(text(f"UPDATE workflows SET scope = 'x' WHERE id = '{request_id(1)}'"))
        await writing
        assert kept(database) == {request_id(1), request_id(2)}


@played
async def test_a_server_that_is_restarted_is_used_again(database: Database, server: Server) -> None:
    async with opened(database, patience=1) as (store,):
        await store.put(row(1))
        await asyncio.to_thread(server.stop)
        with pytest.raises(StoreUnavailableError) as refused:
            await store.put(row(2))
        assert PASSWORD not in str(refused.value)
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(8):
            while not await store.works():
                await asyncio.sleep(0.2)
        assert await store.find(request_id(1)) == row(1)


@played
async def test_a_wrong_password_is_said_without_it(database: Database, server: Server) -> None:
    server.password.write_text("labSecretThatIsWrong")
    try:
        async with opened(database, patience=0.5) as (store,):
            with pytest.raises(StoreUnavailableError, match=server.denied) as refused:
                await store.put(row(1))
            assert "labSecret" not in str(refused.value)
            server.password.write_text(PASSWORD)
            async with asyncio.timeout(8):
                while not await store.works():
                    await asyncio.sleep(0.2)
    finally:
        server.password.write_text(PASSWORD)


@pytest.fixture
def here() -> Iterator[Service]:
    """Keystone, Nova and Glance of CloudOne."""
    with service() as running:
        yield running


@pytest.fixture
def there() -> Iterator[Service]:
    """Glance of CloudTwo."""
    with service() as running:
        yield running


def test_the_second_gateway_goes_on_with_a_workflow_of_the_first_that_was_killed(
    tmp_path: Path, url: str, server: Server, here: Service, there: Service
) -> None:
    gateways = {name: Gateway(tmp_path / name, url, server.password, here.port, there.port) for name in ("first", "second")}
    try:
        for gateway in gateways.values():
            gateway.start()
        scoped = {"X-Auth-Token": "t", "X-Scope": SCOPE}
        assert gateways["first"].ask("POST", "/compute/servers", scoped) == 202
        (workflow,) = here.workflows
        gateways["first"].kill()
        assert (
            gateways["second"].ask("GET", "/image/v2/images", {"X-Auth-Token": "nova", "X-OpenStack-Request-Id": workflow}) == 200
        )
        assert there.workflows == [workflow]
        assert PASSWORD not in " ".join(gateways["second"].process.args) + gateways["second"].log.read_text()
        sql(Database.server(url, server.password), "UPDATE alembic_version SET version_num = '0999'")
        gateways["second"].stop()
        assert "has the schema 0999 of a newer release" in gateways["second"].fails()
    finally:
        for gateway in gateways.values():
            gateway.kill()


class Gateway:
    """A gateway of CloudOne, on a port and in a state folder of its own."""

    def __init__(self, folder: Path, url: str, password: Path, here: int, there: int) -> None:
        folder.mkdir()
        self.port, self.log = free_port(), folder / "log"
        service = f'{{frontend: "http://127.0.0.1:{self.port}/%s", backend: "http://127.0.0.1:{here}"}}'
        config = folder / "mesh.yaml"
        config.write_text(
            "mesh: 1\nshared: [{service: image, clouds: [CloudOne, CloudTwo]}]\nclouds:\n  CloudOne:\n"
            f"    gateway: {{unbound_tokens: true, store: {{url: '{url}', password: {password}}}}}\n"
            f"    services:\n      identity: {service % 'identity'}\n"
            f"      compute: {service % 'compute'}\n      image: {service % 'image'}\n"
            f"  CloudTwo: {{services: {{image: {{frontend: 'http://127.0.0.1:{there}/image'}}}}}}\n"
        )
        self.argv = [sys.executable, "-m", "openstackoid", "gateway", "run", "--cloud", "CloudOne"]
        self.argv += ["--config", str(config), "--state-dir", str(folder / "state")]
        self.process: Any = None

    def start(self) -> None:
        self._spawn()
        until = time.monotonic() + 60
        while "is ready on" not in self.log.read_text():
            assert time.monotonic() < until and self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def fails(self) -> str:
        """Start it; return what it says before it ends with an error."""
        self._spawn()
        assert self.process.wait(60) == 1
        return self.log.read_text()

    def _spawn(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it; its programs end with it."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def ask(self, method: str, path: str, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, "{}" if method == "POST" else None, headers)
            return connection.getresponse().status
        finally:
            connection.close()
