# SPDX-License-Identifier: Apache-2.0
"""One instance of the lab: its clouds, addresses, files and processes.

Tests and scripts start here: ``Lab.load()`` for the default instance, ``Lab.load("test")`` for another.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import bus, catalog, certificates, clouds, configs, options, ports, secret, services, swift, uwsgi
from openstackoid.lab.catalog import Addresses, GatewayFiles
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.configs import Site
from openstackoid.lab.packages import Environment
from openstackoid.lab.processes import Table
from openstackoid.lab.state import Instance, instance_name, write_private
from openstackoid.lab.template import Template


class Lab:
    """An instance of the lab. ``base``: the first port of its block; ``numbers``: its clouds from 1.

    A cloud keeps its number and its ports as long as the instance exists.
    """

    def __init__(self, instance: Instance, members: Sequence[Cloud], base: int, numbers: dict[str, int]) -> None:
        self.instance = instance
        self.clouds = tuple(members)
        self.base = base
        self.numbers = numbers
        self.environment = Environment.of(instance.shared)
        self.template = Template(instance.shared, self.environment)
        self.table = Table(instance.directory / "run")

    def __repr__(self) -> str:
        return f"<Lab {self.name}: {', '.join(cloud.name for cloud in self.clouds) or 'no cloud'}>"

    @classmethod
    def load(cls, name: str | None = None) -> Self:
        """Return the lab as its last `up` left it; without a cloud if there was none.

        Raises :class:`OpenstackoidError` for an invalid name or a damaged file.
        """
        instance = Instance(instance_name(name))
        facts = instance.load()
        members = [Cloud(**entry) for entry in facts.get("clouds", [])]
        return cls(instance, members, facts.get("base", ports.FIRST_BASE), facts.get("numbers", {}))

    @classmethod
    def unread(cls, name: str | None = None) -> Self:
        """Return the lab without reading its file: enough to stop its processes and to remove its files."""
        return cls(Instance(instance_name(name)), [], ports.FIRST_BASE, {})

    @classmethod
    def described(cls, name: str | None = None) -> Self:
        """Return the wanted lab: the clouds of the description, with ports for new ones.

        Raises :class:`OpenstackoidError` for an invalid description, or without free ports.
        """
        known = cls.load(name)
        wanted = clouds.described()
        numbers = dict(known.numbers)
        for cloud in wanted:
            numbers.setdefault(cloud.name, max(numbers.values(), default=0) + 1)
        base = known.base
        made_for = known.instance.load().get("schema", known.environment.schema_key)
        if made_for != known.environment.schema_key:
            raise OpenstackoidError(
                f"the databases of the lab {known.name!r} were made for other versions of OpenStack",
                hint="`openstackoid lab down --purge` and then `up` make them anew; the clouds' contents are lost",
            )
        if not known.instance.exists():
            reserved = [_base_of(other) for other in known.instance.others()]
            base = ports.choose_base(len(wanted), reserved, ports.is_free)
        return cls(known.instance, wanted, base, numbers)

    def save(self) -> None:
        """Save the clouds and their ports, and write certificates, mesh and clouds.yaml."""
        facts: dict[str, Any] = {
            "clouds": [{"name": c.name, "layout": c.layout, "cinder": c.cinder, "swift": c.swift} for c in self.clouds],
            "base": self.base,
            "numbers": self.numbers,
            "schema": self.environment.schema_key,
        }
        self.instance.save(facts)
        certificates.prepare(self.certificates, [cloud.name for cloud in self.clouds])
        write_private(self.clouds_yaml, yaml.safe_dump(self._client_entries(), sort_keys=False))
        for cloud in self.clouds:
            write_private(self.readers_yaml(cloud), yaml.safe_dump(self._reader_entries(cloud), sort_keys=False))
        mesh = catalog.mesh({cloud.name: (self.addresses(cloud), self._gateway_files(cloud)) for cloud in self.clouds})
        write_private(self.mesh_yaml, yaml.safe_dump(mesh, sort_keys=False))

    @property
    def name(self) -> str:
        """The instance's name."""
        return self.instance.name

    @property
    def directory(self) -> Path:
        """The folder of the instance's files."""
        return self.instance.directory

    @property
    def venv(self) -> Path:
        """The environment of the OpenStack packages."""
        return self.environment.directory

    @property
    def mesh_yaml(self) -> Path:
        """The mesh description of the gateways."""
        return self.directory / "mesh.yaml"

    @property
    def clouds_yaml(self) -> Path:
        """The clients' configuration: for each cloud, entries of its name (demo) and ``<name>-admin``."""
        return self.directory / "clouds.yaml"

    def readers_yaml(self, cloud: Cloud) -> Path:
        """Return the file of reader accounts at the other clouds for the gateway of this one."""
        return self.directory / "readers" / f"{cloud.name}.yaml"

    @property
    def certificates(self) -> Path:
        """The folder of the lab's authority and of the gateways' certificates."""
        return self.directory / "certificates"

    @property
    def authority(self) -> Path:
        """The certificate of the gateways' authority, for clients."""
        return certificates.authority_file(self.certificates)

    def _gateway_files(self, cloud: Cloud) -> GatewayFiles:
        certificate = certificates.certificate_file(self.certificates, cloud.name)
        return GatewayFiles(readers=self.readers_yaml(cloud), certificate=certificate, authority=self.authority)

    @property
    def logs(self) -> Path:
        """The folder of the logs: one for each cloud, and ``shared``."""
        return self.directory / "logs"

    @property
    def guest(self) -> Path:
        """The folder of the lab's drivers, in the services' PYTHONPATH."""
        return self.directory / "guest"

    def log(self, owner: str, service: str) -> Path:
        """Return the log of a process of a cloud, or of ``shared``."""
        return self.logs / owner / f"{service}.log"

    def cloud(self, name: str) -> Cloud:
        """Return the cloud of this name. Raises :class:`OpenstackoidError` for an unknown name."""
        if not self.clouds:
            raise OpenstackoidError(f"the lab {self.name!r} has no clouds yet", hint="openstackoid lab up")
        return clouds.select(self.clouds, [name])[0]

    def addresses(self, cloud: Cloud) -> Addresses:
        """Return the addresses of the cloud's services."""
        return Addresses(cloud, ports.cloud_ports(self.base, self.numbers[cloud.name]))

    def frontend(self, cloud: Cloud, service_type: str = "identity") -> str:
        """Return the root of a service at the cloud's gateway."""
        return self.addresses(cloud).frontend(service_type)

    def shared_ports(self) -> dict[str, int]:
        """Return the ports of MariaDB, RabbitMQ and Erlang."""
        return ports.shared_ports(self.base)

    def site(self, cloud: Cloud) -> Site:
        """Return all input of the configuration of the cloud; draws its secrets if they do not exist."""
        directory = self.directory / "clouds" / cloud.name
        return Site(
            cloud=cloud,
            addresses=self.addresses(cloud),
            directory=directory,
            venv=self.venv,
            authority=self.authority,
            secrets=secret.passwords(directory),
            database_port=self.shared_ports()["mariadb"],
            bus_port=self.shared_ports()["rabbitmq"],
        )

    def write_site(self, cloud: Cloud) -> Site:
        """Write the cloud's configuration files and keys, and return its site."""
        site = self.site(cloud)
        for path, content in (configs.files(site, options.chosen()) | uwsgi.files(site) | swift.files(site)).items():
            write_private(site.conf / path, content)
        secret.keys(site.conf, site.data)
        return site

    def bus(self) -> bus.Bus:
        """Return the message broker."""
        return bus.Bus(self.directory / "rabbitmq", bus.node_name(self.name), self.shared_ports(), self.logs / "shared")

    def process_names(self, cloud: Cloud) -> tuple[str, ...]:
        """Return the names of the cloud's processes."""
        site = Site(cloud, self.addresses(cloud), self.directory, self.venv, self.authority, {}, 0, 0)
        return (
            services.GATEWAY,
            *services.api_names(site),
            *services.worker_names(site),
            "nova-compute",
        )

    def _client_entries(self) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        names = [cloud.name for cloud in self.clouds]
        for cloud in self.clouds:
            passwords = self.site(cloud).secrets
            for suffix, user in (("", "demo"), ("-admin", "admin")):
                entries[cloud.name + suffix] = {
                    "auth": {
                        "auth_url": f"{self.frontend(cloud)}/v3",
                        "username": user,
                        "password": passwords[user],
                        "project_name": user,
                        "user_domain_id": "default",
                        "project_domain_id": "default",
                    },
                    "region_name": cloud.name,
                    "interface": "public",
                    "identity_api_version": 3,
                    "cacert": str(self.authority),
                    "scope_clouds": names,
                }
        return {"clouds": entries}

    def _reader_entries(self, cloud: Cloud) -> dict[str, Any]:
        auth = {"username": "reader", "user_domain_id": "default", "system_scope": "all"}
        peers = [peer for peer in self.clouds if peer != cloud]
        return {"clouds": {peer.name: {"auth": {**auth, "password": self.site(peer).secrets["reader"]}} for peer in peers}}


def _base_of(instance: Instance) -> int:
    """Return the first port of another lab; 0 if its file is damaged, which its own commands report."""
    try:
        return int(instance.load().get("base", 0))
    except OpenstackoidError:
        return 0
