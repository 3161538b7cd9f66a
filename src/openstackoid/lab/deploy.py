# SPDX-License-Identifier: Apache-2.0
"""Deploy one cloud: its databases, its services in their order, and its contents."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openstackoid.lab import bootstrap, databases, services, swift
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.lab import Lab
from openstackoid.lab.processes import Daemon
from openstackoid.lab.progress import Progress
from openstackoid.lab.running import alive, ensure_running, run_parallel, wait_for_answer
from openstackoid.lab.waiting import Waiter

_BEAT_ROOM = 1.0
"""Seconds by which a time of Nova, cut to whole seconds, may lie before the start that it follows."""


class Deployment:
    """The work on one cloud. ``bus`` is done when RabbitMQ is ready for it."""

    def __init__(
        self,
        lab: Lab,
        cloud: Cloud,
        *,
        client: databases.Client,
        bus: "Future[None]",
        progress: Progress,
        waiter: Waiter,
    ) -> None:
        self._lab = lab
        self._cloud = cloud
        self._client = client
        self._bus = bus
        self._progress = progress
        self._waiter = waiter
        self._site = lab.write_site(cloud)
        self._daemons = services.daemons(self._site, lab.guest, lab.logs)

    def run(self) -> None:
        """Do it all, without repeating finished steps."""
        with self._step("databases"):
            self._template()
        ensure_running(self._lab, self._daemons["keystone"])
        with self._step("Keystone, accounts, catalog"):
            if not bootstrap.identity_is_bootstrapped(self._site):
                bootstrap.bootstrap_identity(self._site, self._lab.guest, self._lab.log(self._cloud.name, "keystone-bootstrap"))
            self._api("keystone", "identity")
            bootstrap.fill_identity(self._site)
        # Cinder's and Nova's other processes authenticate, and connect to the bus, as soon as they start.
        self._waiter.until(self._bus.done, "RabbitMQ", self._lab.log("shared", "rabbitmq"))
        self._bus.result()
        # Nova's conductor and scheduler ask Placement as soon as they start, and end without an answer.
        ensure_running(self._lab, self._daemons["placement"])
        with self._step("Placement"):
            self._api("placement", "placement")
        if self._cloud.swift:
            environment = services.environment(self._site, self._lab.guest)
            swift.prepare(self._site, environment, self._lab.log(self._cloud.name, "swift-rings"))
        # Before the other APIs: these take longest, and mostly wait at the end.
        names = (*services.worker_names(self._site), *services.api_names(self._site))
        conductor = self._daemons["nova-conductor"]
        self._conductor_log_size = _size(conductor.log)
        self._started = {name for name in names if ensure_running(self._lab, self._daemons[name])}
        run_parallel([self._nova, self._others], self._waiter)

    def _template(self) -> None:
        self._lab.template.load(self._client, self._cloud)
        databases.grant(self._client, self._cloud, self._site.secrets["database"])

    def _others(self) -> None:
        with self._step("Glance, Neutron"):
            self._api("glance", "image")
            bootstrap.fill_image(self._site)
            self._api("neutron", "network")
            bootstrap.fill_network(self._site, self._lab.numbers[self._cloud.name])
        if self._cloud.cinder:
            with self._step("Cinder"):
                self._api("cinder-api", "block-storage")
        if self._cloud.swift:
            with self._step("Swift"):
                for name, url in swift.health_urls(self._site.addresses).items():
                    wait_for_answer(self._lab, self._waiter, self._daemons[name], url)
                self._api("swift-proxy", "object-store")

    def _nova(self) -> None:
        with self._step("Nova"):
            conductor = self._daemons["nova-conductor"]
            if conductor.name in self._started:
                # nova-compute asks the conductor at its start, and sleeps 10 s without an answer.
                listening = _logged(conductor.log, self._conductor_log_size, b"Starting conductor node")
                self._waiter.until(alive(self._lab, conductor, listening), self._name(conductor), conductor.log)
            ensure_running(self._lab, self._daemons["nova-compute"])
            self._api("nova-api", "compute")
            bootstrap.fill_compute(self._site)
            self._nova_is_whole()

    def _nova_is_whole(self) -> None:
        """Wait until each process of Nova has reported since its start, and Nova knows its compute node."""
        rest = bootstrap.admin(self._site)
        for name in ("nova-conductor", "nova-scheduler", "nova-compute"):
            daemon = self._daemons[name]
            started = self._lab.table.started_at(self._cloud.name, name)

            def reported(name: str = name, started: float = started) -> bool:
                answer = rest.call("GET", "compute", "/v2.1/os-services", params={"binary": name})
                return any(is_up_since(service, started) for service in answer["services"])

            self._waiter.until(alive(self._lab, daemon, reported), self._name(daemon), daemon.log, every=0.5)
        compute = self._daemons["nova-compute"]
        mapped = lambda: bool(rest.call("GET", "compute", "/v2.1/os-hypervisors")["hypervisors"])  # noqa: E731
        self._waiter.until(mapped, f"{self._cloud.name}: the compute node", compute.log, every=0.5)

    def _api(self, name: str, service_type: str) -> None:
        """Wait until an API answers, by itself and then through the gateway."""
        for root in (self._site.addresses.backend(service_type), self._site.addresses.frontend(service_type)):
            wait_for_answer(self._lab, self._waiter, self._daemons[name], f"{root}/")

    def _name(self, daemon: Daemon) -> str:
        return f"{daemon.owner}: {daemon.name}"

    def _step(self, text: str) -> Any:
        return self._progress.step(self._cloud.name, text)


def is_up_since(service: dict[str, Any], started: float) -> bool:
    """Return whether Nova counts a service as up, by a report after this time (seconds since the epoch).

    A service without a report since its record was made has no time.
    """
    if service["state"] != "up":
        return False
    if not service.get("updated_at"):
        return True
    reported = datetime.fromisoformat(service["updated_at"]).replace(tzinfo=UTC)
    return reported.timestamp() >= started - _BEAT_ROOM


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _logged(log: Path, since: int, words: bytes) -> Callable[[], bool]:
    """Return a check for words added to a log since it had this size, in bytes."""

    def check() -> bool:
        with log.open("rb") as file:
            file.seek(since)
            return words in file.read()

    return check
