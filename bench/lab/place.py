# SPDX-License-Identifier: Apache-2.0
"""The lab as the benchmark uses it: raised where it is down, its addresses, its member's tokens, its processes."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import requests
import yaml
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from rich.console import Console

from bench.errors import BenchError
from bench.lab.processes import Processes
from examples.session import lab_with, openstackoid
from openstackoid.binding import BoundToken, KeyRepository, Kind, audience_digest, ends_at, scope_digest, seal_token
from openstackoid.lab.lab import Lab
from openstackoid.scope import join_token, parse

HERE, THERE = "CloudOne", "CloudTwo"
"""The user's cloud, and the other one."""

_BOUND_SECONDS = 3600


@dataclass(frozen=True)
class Place:
    """Both clouds, as the lab's member of :data:`HERE` sees them, and the processes that requests pass."""

    lab: Lab
    processes: Processes

    def frontend(self, cloud: str, service: str) -> str:
        """Return where the cloud's gateway offers a service, without a version."""
        return self.lab.addresses(self.lab.cloud(cloud)).frontend(service)

    def backend(self, cloud: str, service: str) -> str:
        """Return where the service's own process answers, without a version."""
        return self.lab.addresses(self.lab.cloud(cloud)).backend(service)

    def tls(self, certificate_of: str | None = None) -> ssl.SSLContext:
        """Return what makes sure of a gateway; with a cloud's name, it also shows the certificate of that one's gateway."""
        context = ssl.create_default_context(cafile=str(self.lab.authority))
        if certificate_of is not None:
            context.load_cert_chain(self.lab.certificates / f"{certificate_of}.pem")
        return context

    def bound(self, token: str, scope: str) -> str:
        """Return a token of :data:`HERE` as its gateway binds it to that of :data:`THERE` under a scope."""
        completed = parse(scope).completed(HERE).to_header()
        keys = KeyRepository(self.lab.directory / "gateways" / HERE / "keys").current()
        ends = ends_at(time.time(), _BOUND_SECONDS)
        sealed = seal_token(keys, BoundToken(Kind.USER, audience_digest(THERE), ends, scope_digest(completed), token))
        return join_token(sealed, completed)

    @cached_property
    def _session(self) -> Session:
        entry = yaml.safe_load(self.lab.clouds_yaml.read_text(encoding="utf-8"))["clouds"][HERE]
        # No proxy of the user's environment stands between the run and the lab's own loopback address.
        direct = requests.Session()
        direct.trust_env = False
        return Session(v3.Password(**entry["auth"]), session=direct, verify=entry["cacert"])

    def new_token(self) -> str:
        """Return a token that no service has seen before."""
        self._session.invalidate()
        return str(self._session.get_token())


def marked(token: str, scope: str) -> str:
    """Return a token as the gateway of :data:`HERE` hands it on under a scope."""
    return join_token(token, parse(scope).completed(HERE).to_header())


@contextmanager
def standing(console: Console) -> Iterator[Place]:
    """Yield the lab; start what of it is down, and say so, and stop that again at the end.

    Raises :class:`BenchError` where it does not start, or has not the two clouds.
    """
    states = _states()
    lacking = [cloud for cloud in (HERE, THERE) if states.get(cloud) != "up"]
    stopped = [cloud for cloud in (HERE, THERE) if states.get(cloud, "down") == "down"]
    alone = not any(state != "down" for cloud, state in states.items() if cloud not in stopped)
    try:
        if lacking:
            after = f"; {' and '.join(stopped)} will be stopped again at the end" if stopped else ""
            console.print(f"the lab is started, for not all of {' and '.join(lacking)} is up{after}", highlight=False)
            if openstackoid("lab", "up", quiet=False).code != 0:
                raise BenchError("the lab did not start; its own words are above")
        yield Place(Lab.load(), Processes.of(lab_with(HERE, THERE)))
    finally:
        if stopped:
            console.print("the lab is stopped, for it was started for this run", highlight=False)
            openstackoid("lab", "down", *([] if alone else stopped))


def _states() -> dict[str, str]:
    """Return the state of each cloud of the lab; none where it was never up."""
    done = openstackoid("lab", "status", "--format", "json")
    if done.code != 0:
        raise BenchError(done.stderr.strip().removeprefix("openstackoid: "))
    return {cloud["name"]: cloud["state"] for cloud in done.json()["clouds"]}
