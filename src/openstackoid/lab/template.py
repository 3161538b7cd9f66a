# SPDX-License-Identifier: Apache-2.0
"""The empty schemas of every service, migrated once for each set of versions and copied for each cloud.

The services' migrations take most of a minute; loading their result takes seconds. A template has no secret and no id of a
cloud: its Nova cell mappings are patterns that each cloud's configuration fills in.
"""

import shutil
import socket
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import configs, databases, services
from openstackoid.lab.catalog import HOST, Addresses
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.packages import Environment, tail
from openstackoid.lab.ports import cloud_ports
from openstackoid.lab.processes import Table
from openstackoid.lab.secret import passwords
from openstackoid.lab.state import private_dir, write_private
from openstackoid.lab.waiting import Waiter

_FORMAT = 1
"""Increased when the way to make a template changes, so that older ones are not used."""

# Nova fills these in from its own options (nova-manage cell_v2), so one schema serves any cloud.
_DATABASE = "{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}"
_CELL0 = "{scheme}://{username}:{password}@{hostname}:{port}/{path}_cell0?{query}"
_BUS = "{scheme}://{username}:{password}@{hostname}:{port}/{path}"


class Template:
    """The cached schemas for one OpenStack environment: a file of SQL for each database."""

    def __init__(self, shared: Path, environment: Environment) -> None:
        self._environment = environment
        self.directory = shared / f"schema-{environment.schema_key}-{_FORMAT}"

    def is_ready(self) -> bool:
        """Return whether the template exists."""
        return self.directory.is_dir()

    @property
    def _work(self) -> Path:
        return self.directory.with_name(self.directory.name + ".making")

    def stop(self) -> None:
        """Stop the database server of a killed build; call it when no build is at work."""
        table = Table(self._work / "run")
        table.stop(table.recorded())

    def load(self, client: databases.Client, cloud: Cloud) -> None:
        """Make the cloud's missing databases from the template."""
        existing = client.databases()

        def make(name: str) -> None:
            target = databases.database(cloud, name)
            if target in existing:
                return
            client.sql(f"CREATE DATABASE `{target}`")
            try:
                client.sql(self.directory / f"{name}.sql", target)
                if name == "nova_api":
                    client.sql("UPDATE cell_mappings SET uuid = UUID() WHERE name = 'cell1'", target)
            except BaseException:
                # No half-made database stays, to be taken for a whole one.
                client.sql(f"DROP DATABASE `{target}`")
                raise

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(make, [name for name in databases.DATABASES if cloud.runs(name)]))

    def build(self) -> None:
        """Run the services' migrations in a database server of their own and keep the result.

        Raises :class:`OpenstackoidError` with the end of the log of a failed migration.
        """
        work = self._work
        self.stop()
        shutil.rmtree(work, ignore_errors=True)
        private_dir(work)
        table = Table(work / "run")
        port = _free_port()
        cloud = Cloud("template", cinder=True)
        site = configs.Site(
            cloud=cloud,
            addresses=Addresses(cloud, cloud_ports(1, 1)),
            directory=work / "site",
            venv=self._environment.directory,
            authority=work / "authority.pem",
            secrets=passwords(work / "site"),
            database_port=port,
            bus_port=1,
        )
        for path, content in configs.files(site).items():
            write_private(site.conf / path, content)
        guest = services.write_guest(work / "guest")
        databases.create_data(work, work / "install.log")
        try:
            table.start(databases.daemon(work, port, work / "mariadb.log"))
            client = databases.Client(work)
            Waiter().until(client.is_ready, "MariaDB", work / "mariadb.log", 30)
            databases.grant(client, cloud, site.secrets["database"])
            for name in databases.DATABASES:
                client.sql(f"CREATE DATABASE `{databases.database(cloud, name)}`")
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda chain: _migrate(site, chain, work, guest), _chains(site)))
            sql = private_dir(work / "sql")
            for name in databases.DATABASES:
                client.dump(databases.database(cloud, name), sql / f"{name}.sql")
        finally:
            table.stop(table.recorded())
        sql.rename(self.directory)
        shutil.rmtree(work, ignore_errors=True)


def _chains(site: configs.Site) -> list[list[list[str]]]:
    """Return the migrations: parallel chains of commands that run in turn; longest first."""
    conf = site.conf

    def command(program: str, *files: str) -> list[str]:
        options = [option for file in files for option in ("--config-file", str(conf / file))]
        return [str(site.venv / "bin" / program), *options]

    nova = command("nova-manage", "nova/nova.conf")
    cell = ["cell_v2", "create_cell", "--name", "cell1", "--database_connection", _DATABASE, "--transport-url", _BUS]
    return [
        [[*command("neutron-db-manage", "neutron/neutron.conf", "neutron/ml2.ini"), "upgrade", "heads"]],
        [
            [*nova, "api_db", "sync"],
            [*nova, "cell_v2", "map_cell0", "--database_connection", _CELL0],
            [*nova, "db", "sync"],
            [*nova, *cell],
        ],
        [[*command("cinder-manage", "cinder/cinder.conf"), "db", "sync"]],
        [[*command("keystone-manage", "keystone/keystone.conf"), "db_sync"]],
        [[*command("glance-manage", "glance/glance-api.conf"), "db_sync"]],
        [[*command("placement-manage", "placement/placement.conf"), "db", "sync"]],
    ]


def _migrate(site: configs.Site, chain: Sequence[Sequence[str]], work: Path, guest: Path) -> None:
    for command in chain:
        program = Path(command[0]).name
        log = work / f"{program}.log"
        with log.open("ab") as file:
            done = subprocess.run(
                command,
                env=services.environment(site, guest),
                cwd=work,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                check=False,
            )
        if done.returncode:
            raise OpenstackoidError(
                f"the migration of {program} failed (exit code {done.returncode}); the end of {log}:\n{tail(log)}"
            )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
