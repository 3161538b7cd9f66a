# SPDX-License-Identifier: Apache-2.0
"""Two gateways of CloudOne behind one address, under load, with small services: where the address is, and which requests fail."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from lab.accepting import Service, service
from lab.mariadb import Server
from openstackoid.binding.rotation import set_up
from openstackoid.certs import issue, make_authority
from pair import figures, network
from pair.load import CLIENTS, ROOT, SCOPED, Load, Lost, ask, session
from pair.machines import PATIENCE, Machine, Pair, install_files, until
from pair.takeover import Announcements

LONGEST_MOVE = 3.0
"""Seconds in which the address is with the other machine."""
TRIES = 3
"""The tries to see that: on a busy machine, keepalived's check of the gateway may be late."""
PORT = 443
FORGED = "192.0.2.1"
# A connection that is cut in its handshake is left to the garbage collector by the client's library.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


@dataclass(frozen=True)
class Site:
    """The pair with all that is around it. ``here``: the services of CloudOne; ``there``: those of CloudTwo."""

    pair: Pair
    here: Service
    there: Service
    certificates: Path

    def load(self) -> Load:
        """Return a new load."""
        return Load(self.certificates / "authority.pem")

    def ask(self, method: str, path: str, headers: dict[str, str], timeout: float = 20) -> str | None:
        """Send a request on a new connection, and return its failure."""
        with session(self.certificates / "authority.pem") as client:
            return ask(client, method, path, headers, timeout)

    def begin_workflow(self) -> str:
        """Send a scoped request that begins a workflow, and return its id."""
        self.here.workflows.clear()
        assert self.ask("POST", "/compute/servers", SCOPED) is None
        (workflow,) = self.here.workflows
        return workflow

    def goes_on(self, workflow: str) -> None:
        """A request of a service, without the user's token and scope, goes where the workflow's scope says."""
        self.there.workflows.clear()
        assert self.ask("GET", "/image/v2", {"X-Auth-Token": "nova", "X-OpenStack-Request-Id": workflow}) is None
        # A request of the load whose client has given up may come late.
        assert self.there.workflows.count(workflow) == 1

    def wait_for_answer(self, machine: Machine) -> None:
        """Wait for an answer at the address by this machine."""
        until(
            lambda: network.holder() == machine.name and self.ask("GET", "/.openstackoid/health", {}, 0.5) is None,
            self.pair.told,
        )


def describe(file: Path, *, bind: str, store: str, password: Path, here: int, there: int) -> Path:
    """Write the mesh description of a gateway."""
    own = f'{{frontend: "{ROOT}/%s", backend: "http://127.0.0.1:{here}"}}'
    tls = f"{{certificate: {file.parent}/certificates/CloudOne.pem, authority: {file.parent}/certificates/authority.pem}}"
    file.write_text(
        "mesh: 1\nshared: [{service: image, clouds: [CloudOne, CloudTwo]}]\nclouds:\n  CloudOne:\n    gateway:\n"
        f"{bind}      store: {{url: '{store}', password: {password}}}\n      tls: {tls}\n      drain: {{hold: 2, notice: 8}}\n"
        f"      bound_tokens: {{keys: {file.parent}/keys}}\n"
        f"    services:\n      identity: {own % 'identity'}\n      compute: {own % 'compute'}\n      image: {own % 'image'}\n"
        f"  CloudTwo: {{services: {{image: {{frontend: 'https://127.0.0.1:{there}/image'}}}}}}\n"
    )
    return file


@pytest.fixture(scope="module")
def site(mariadb: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pair")
    certificates = folder / "certificates"
    make_authority(certificates)
    issue(certificates, "CloudOne", [network.ADDRESS])
    with service() as here, service(issue(certificates, "CloudTwo", ["127.0.0.1"])) as there:
        store = mariadb.url("pair")
        set_up(folder / "keys", time.time())
        install_files()
        # The second gateway listens on the address alone, also while the first has it.
        machines = [
            Machine(
                name,
                folder / name,
                describe(
                    folder / f"{name}.yaml",
                    bind="      bind: '*'\n" if name == "first" else "",
                    store=store,
                    password=mariadb.password,
                    here=here.port,
                    there=there.port,
                ),
                PORT,
                anywhere=name == "first",
            )
            for name in network.MACHINES
        ]
        try:
            for machine in machines:
                machine.boot()
            yield Site(Pair(*machines), here, there, certificates)
        finally:
            for machine in machines:
                machine.end()


def reload(machine: Machine) -> None:
    """Have a gateway read its files again, and wait until it has."""
    reloads = machine.said().count("has reloaded")
    os.kill(machine.running.pid, signal.SIGHUP)
    until(lambda: machine.said().count("has reloaded") > reloads, machine.said)


def test_a_change_of_the_description_fails_no_request(site: Site) -> None:
    active = site.pair.wait_for_holder()
    with site.load().running() as load:
        active.config.write_text(active.config.read_text().replace("CloudTwo: {", "CloudTwo: {region: RegionTwo, "))
        reload(active)
    figures.record(figures.RELOAD, load)
    assert load.lost == []


def test_a_new_certificate_fails_no_request(site: Site) -> None:
    active = site.pair.wait_for_holder()
    with site.load().running() as load:
        issue(site.certificates, "CloudOne", [network.ADDRESS], renew=True)
        reload(active)
    figures.record(figures.CERTIFICATE, load)
    assert load.lost == []


def test_services_are_told_the_address_of_the_client_and_never_a_forged_one_by_both_machines(site: Site) -> None:
    first = site.pair.wait_for_holder()
    second = site.pair.other(first)
    for machine in (first, second):
        assert network.holder() == machine.name, site.pair.told()
        # A scope in a spelling that no request had before is the Python service's.
        own = {"X-Scope": f'{{"compute": "CloudOne", {" " * random.randrange(1000)}"image": "CloudOne"}}'}
        for scope, told in (({}, {network.HERE}), (own, {network.HERE}), (SCOPED, set())):
            site.here.sources.clear()
            site.there.sources.clear()
            assert site.ask("GET", "/image/v2/images", {"X-Forwarded-For": FORGED, **scope}) is None
            assert (set(site.here.sources), site.there.sources) == (told, []), machine.said()
        if machine is first:
            first.drain()
    first.start()


def test_an_upgrade_of_one_machine_after_the_other_fails_no_request(site: Site) -> None:
    with site.load().running() as load:
        for _ in range(2):
            active = site.pair.wait_for_holder()
            active.drain()
            assert network.holder() == site.pair.other(active).name, site.pair.told()
            active.start()
    figures.record(figures.UPGRADE, load)
    assert load.lost == []


@pytest.mark.parametrize(("part", "event"), [("python", figures.PYTHON), ("haproxy", figures.HAPROXY)])
def test_a_killed_part_fails_only_requests_that_were_under_way(part: str, event: str, site: Site) -> None:
    active = site.pair.wait_for_holder()
    restarts = active.said().count("runs again")
    killed = active.part(part)
    with site.load().running() as load:
        killed.kill()
        killed.wait(PATIENCE)
        ended = time.monotonic()
        until(lambda: active.said().count("runs again") > restarts, active.said)
    figures.record(event, load)
    assert network.holder() == active.name
    assert len(load.lost) <= CLIENTS
    assert [lost for lost in load.lost if lost.at > ended + 0.2] == []
    if part == "python":
        # HAProxy repeats reads, and no request whose answer has begun.
        assert [lost for lost in load.lost if not (lost.method == "POST" and "502" in lost.failure) and not begun(lost)] == []


@pytest.mark.parametrize(
    ("end", "event", "again"),
    [
        (Machine.kill, figures.GATEWAY, Machine.start),
        (Machine.kill_keepalived, figures.KEEPALIVED, Machine.keep),
        (Machine.lose, figures.MACHINE, Machine.boot),
    ],
)
def test_the_other_machine_has_the_address_within_3_s_and_goes_on_with_workflows(
    end: Callable[[Machine], None], event: str, again: Callable[[Machine], None], site: Site
) -> None:
    taken: list[float] = []
    while not taken or (min(taken) >= LONGEST_MOVE and len(taken) < TRIES):
        active = site.pair.wait_for_holder()
        other = site.pair.other(active)
        workflow = site.begin_workflow()
        with site.load().running() as load, Announcements().read() as announcements:
            begun = time.time()
            end(active)
            site.wait_for_answer(other)
            answered = time.monotonic()
            until(partial(announcements.has_one, other.name, begun), site.pair.told)
            taken.append((announcements.first(other.name, begun) or 0.0) - begun)
        figures.record(event, load, taken[-1])
        assert [lost for lost in load.lost if not before(lost, answered)] == []
        site.goes_on(workflow)
        again(active)
    assert min(taken) < LONGEST_MOVE, site.pair.told()


def begun(lost: Lost) -> bool:
    """Return whether the answer of a request had begun before it was cut."""
    return "IncompleteRead" in lost.failure


def before(lost: Lost, moment: float) -> bool:
    """Return whether a request was sent before a moment, or on a connection from before it."""
    return lost.at < moment or "Connection aborted" in lost.failure
