# SPDX-License-Identifier: Apache-2.0
"""`lab up`: find missing parts, and make them, as parallel as two cores allow."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import packages, services, swift
from openstackoid.lab.catalog import apis
from openstackoid.lab.clouds import Cloud, described, select
from openstackoid.lab.deploy import Deployment
from openstackoid.lab.down import stop_clouds
from openstackoid.lab.lab import Lab
from openstackoid.lab.ports import is_free
from openstackoid.lab.progress import Progress
from openstackoid.lab.running import alive, ensure_running, run_parallel, start_database, wait_for_answer
from openstackoid.lab.state import Instance, instance_name, private_dir
from openstackoid.lab.waiting import Waiter, os_errors

Part = Literal["services", "gateways"]


def up(name: str | None, cloud_names: Sequence[str], only: Part | None, progress: Progress) -> Lab:
    """Bring the lab, or these clouds of it, to the described state, and return it.

    Raises :class:`OpenstackoidError`; running parts are not stopped for it.
    """
    instance = Instance(instance_name(name))
    instance.check_path()
    select(described(), cloud_names)
    with os_errors(), instance.locked(lambda: progress.say("waiting for another `lab up` or `down` to end")) as let_others_go_on:
        # A new lab chooses its ports: no other does so at the same time.
        lab = Lab.described(name)
        packages.check_before(lab.environment, instance.root)
        wanted = select(lab.clouds, cloud_names)
        gone = [cloud for cloud in Lab.load(name).clouds if cloud.name not in {c.name for c in lab.clouds}]
        _check_ports(lab, wanted, only)
        _prepare(lab, progress)
        lab.save()
        let_others_go_on()
        if gone and not cloud_names:
            with progress.step("lab", f"no longer described, stopped: {', '.join(c.name for c in gone)}"):
                stop_clouds(lab, [cloud.name for cloud in gone])
        if only != "services":
            _gateways(lab, wanted, progress)
        if only != "gateways":
            _services(lab, wanted, progress)
    return lab


def _prepare(lab: Lab, progress: Progress) -> None:
    """Install the packages of a first run, and make the schemas."""
    private_dir(lab.directory)
    private_dir(lab.instance.shared)
    logs = private_dir(lab.logs / "shared")
    jobs: list[Callable[[], None]] = []
    if missing := packages.missing_packages():

        def debian() -> None:
            with progress.step("lab", f"Debian packages: {', '.join(missing)} ..."):
                packages.install_packages(missing, logs / "apt.log")

        jobs.append(debian)
    if not lab.environment.is_ready():

        def openstack() -> None:
            with progress.step("lab", "OpenStack from PyPI, about 0.7 GiB ..."):
                lab.environment.install(logs / "pip.log")

        jobs.append(openstack)
    run_parallel(jobs, Waiter())
    if not lab.template.is_ready():
        with progress.step("lab", "empty schemas of the services' databases, made once ..."):
            lab.template.build()


def _check_ports(lab: Lab, wanted: Sequence[Cloud], only: Part | None) -> None:
    """Refuse to start if another program listens on a port of our processes."""
    needed: list[tuple[int, str, str]] = []
    if only != "gateways":
        shared = lab.shared_ports()
        owners = {"mariadb": "mariadb", "rabbitmq": "rabbitmq", "erlang": "rabbitmq", "epmd": "epmd"}
        needed += [(port, "shared", owners[name]) for name, port in shared.items()]
    for cloud in wanted:
        where = lab.addresses(cloud)
        if only != "services":
            needed += [(port, cloud.name, services.GATEWAY) for port in where.gateway_ports()]
        if only != "gateways":
            needed += [(where.ports[f"backend.{api.type}"], cloud.name, services.process_name(api)) for api in apis(cloud)]
            needed += [(where.ports[port], cloud.name, name) for name, port in swift.storage_ports(cloud).items()]
    for port, owner, process in needed:
        if lab.table.find(owner, process) is None and not is_free(port):
            raise OpenstackoidError(
                f"port {port} of 127.0.0.1, which {owner}'s {process} is to have, is taken by another program",
                hint=f"stop that program (`ss -ltnp 'sport = :{port}'` names it), or use another lab: --lab NAME",
            )


def _gateways(lab: Lab, wanted: Sequence[Cloud], progress: Progress) -> None:
    waiter = Waiter()

    def start(cloud: Cloud) -> Callable[[], None]:
        def job() -> None:
            directory = private_dir(lab.directory / "gateways" / cloud.name)
            daemon = services.gateway(lab.site(cloud), lab.mesh_yaml, directory, lab.logs)
            with progress.step(cloud.name, "gateway"):
                ensure_running(lab, daemon)
                for url in lab.addresses(cloud).health():
                    wait_for_answer(lab, waiter, daemon, url)

        return job

    run_parallel([start(cloud) for cloud in wanted], waiter)


def _services(lab: Lab, wanted: Sequence[Cloud], progress: Progress) -> None:
    for cloud in wanted:
        if lab.table.find(cloud.name, services.GATEWAY) is None:
            raise OpenstackoidError(
                f"{cloud.name}'s gateway is not running, and its services reach each other through it",
                hint=f"openstackoid lab up {cloud.name} --only gateways",
            )
    services.write_guest(lab.guest)
    waiter = Waiter()
    broker = lab.bus()
    new_clouds = broker.write({cloud.slug: lab.site(cloud).secrets["bus"] for cloud in lab.clouds})
    mapper, rabbit = broker.daemons()
    ensure_running(lab, mapper)
    told = not ensure_running(lab, rabbit)
    with progress.step("lab", "MariaDB"):
        client = start_database(lab, waiter)

    def bus_ready() -> None:
        port = lab.shared_ports()["rabbitmq"]
        waiter.until(alive(lab, rabbit, lambda: not is_free(port)), "RabbitMQ", rabbit.log)
        if new_clouds and told:
            broker.import_definitions()

    def raise_cloud(cloud: Cloud) -> Callable[[], None]:
        return Deployment(lab, cloud, client=client, bus=bus, progress=progress, waiter=waiter).run

    with ThreadPoolExecutor(1) as pool:
        bus = pool.submit(_shown(progress, "RabbitMQ", bus_ready))
        try:
            run_parallel([raise_cloud(cloud) for cloud in wanted], waiter)
        finally:
            if not bus.done():
                waiter.stop()
    bus.result()


def _shown(progress: Progress, text: str, job: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with progress.step("lab", text):
            job()

    return run
