# SPDX-License-Identifier: Apache-2.0
"""A pair of gateways of CloudOne behind one address, with small services and a database, for tests under load."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.accepting import Service, service
from lab.mariadb import Server
from openstackoid.binding.rotation import set_up
from openstackoid.certs import issue, make_authority
from pair import network
from pair.load import REPEATING, REPEATS, ROOT, SCOPED, Load, ask, session
from pair.machines import Machine, Pair, install_files, until

PORT, ASKED = 443, 8443
"""The port of the gateways, and the one at which keepalived asks a gateway behind a proxy."""


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

    @contextmanager
    def loads(self) -> Iterator[tuple[Load, Load]]:
        """Run clients that repeat no request, and beside them clients that do."""
        repeating = Load(self.certificates / "authority.pem", REPEATING, REPEATS)
        with self.load().running() as load, repeating.running():
            yield load, repeating

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
        assert self.ask("GET", "/image/v2/images", {"X-Auth-Token": "nova", "X-OpenStack-Request-Id": workflow}) is None
        # A request of the load whose client has given up may come late.
        assert self.there.workflows.count(workflow) == 1

    def wait_for_answer(self, machine: Machine) -> None:
        """Wait for an answer at the address by this machine."""
        until(
            lambda: network.holder() == machine.name and self.ask("GET", "/.openstackoid/health", {}, 0.5) is None,
            self.pair.told,
        )


def describe(file: Path, *, bind: str, store: str, password: Path, here: int, there: int, behind: str = "") -> Path:
    """Write the mesh description of a gateway. ``behind``: the address of a proxy in front, which speaks the PROXY protocol."""
    own = f'{{frontend: "{ROOT}/%s", backend: "http://127.0.0.1:{here}"}}'
    tls = f"{{certificate: {file.parent}/certificates/CloudOne.pem, authority: {file.parent}/certificates/authority.pem}}"
    identity = own % "identity"
    if behind:
        bind += f"      trusted_proxies: [{behind}]\n      proxy_protocol: ['{network.ADDRESS}:{PORT}']\n"
        # keepalived asks without the PROXY protocol.
        asked = f"https://127.0.0.1:{ASKED}/identity"
        identity = f"{{frontend: {{public: '{ROOT}/identity', admin: '{asked}'}}, backend: 'http://127.0.0.1:{here}'}}"
    file.write_text(
        "mesh: 1\nshared: [{service: image, clouds: [CloudOne, CloudTwo]}]\nclouds:\n  CloudOne:\n    gateway:\n"
        f"{bind}      store: {{url: '{store}', password: {password}}}\n      tls: {tls}\n      drain: {{hold: 2, notice: 8}}\n"
        f"      bound_tokens: {{keys: {file.parent}/keys}}\n"
        f"    services:\n      identity: {identity}\n      compute: {own % 'compute'}\n      image: {own % 'image'}\n"
        f"  CloudTwo: {{services: {{image: {{frontend: 'https://127.0.0.1:{there}/image'}}}}}}\n"
    )
    return file


@contextmanager
def running_site(mariadb: Server, database: str, folder: Path, release: Path | None = None, behind: str = "") -> Iterator[Site]:
    """Run the two machines with a store of their own.

    ``release``: the source of an earlier one, by which they begin; ``behind``: as for :func:`describe`.
    """
    certificates = folder / "certificates"
    make_authority(certificates)
    issue(certificates, "CloudOne", [network.ADDRESS, *(["127.0.0.1"] if behind else [])])
    with service() as here, service(issue(certificates, "CloudTwo", ["127.0.0.1"])) as there:
        store = mariadb.url(database)
        set_up(folder / "keys", time.time())
        install_files()
        # But for those behind a proxy, the second gateway listens on the address alone, also while the first has it.
        machines = [
            Machine(
                name,
                folder / name,
                describe(
                    folder / f"{name}.yaml",
                    bind="      bind: '*'\n" if name == "first" or behind else "",
                    behind=behind,
                    store=store,
                    password=mariadb.password,
                    here=here.port,
                    there=there.port,
                ),
                ASKED if behind else PORT,
                anywhere=name == "first" or bool(behind),
            )
            for name in network.MACHINES
        ]
        try:
            for machine in machines:
                machine.install(release)
                machine.boot()
            yield Site(Pair(*machines), here, there, certificates)
        finally:
            for machine in machines:
                machine.end()
