# SPDX-License-Identifier: Apache-2.0
"""What routing, latency and the Python service are measured on: backends, plain HAProxy and our gateways."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import haproxy as configurations
from bench.cores import Cores
from bench.gateway import Gateway, gateway
from bench.haproxy import Instance, instance
from bench.meshes import IMAGE_BYTES, SERVICES, port_each, token_document, two_clouds
from bench.processes import free_ports
from openstackoid.haproxy.binary import Haproxy


@dataclass(frozen=True)
class Stage:
    """The running programs, the ports at which they are asked, and what another one would run on."""

    backends: Instance
    plain: Instance
    silent: Instance
    ours: Gateway
    ours_ports: Gateway
    port: dict[str, int]
    haproxy: Haproxy
    folder: Path
    cores: Cores

    def url(self, who: str, path: str = IMAGE_BYTES) -> str:
        """Return the URL of ``who``: ``backend``, ``plain``, ``silent``, ``one``, ``image``."""
        return f"http://127.0.0.1:{self.port[who]}{path}"


@contextmanager
def stage(haproxy: Haproxy, folder: Path, cores: Cores) -> Iterator[Stage]:
    """Run everything; what is compared runs on one core, what sends and answers on the others."""
    names = ("backend", "plain", "silent", "one", "two", *SERVICES)
    port = dict(zip(names, free_ports(len(names)), strict=True))
    one = two_clouds(port["one"], port["two"], port["backend"])
    ports = port_each([port[service] for service in SERVICES], port["two"], port["backend"])
    places = {name: folder / name for name in ("backends", "plain", "silent", "ours", "ports")}
    clouds = {"CloudOne": [f"127.0.0.1:{port['backend']}"], "CloudTwo": [f"127.0.0.1:{port['two']}"]}
    answering = configurations.backends(places["backends"], clouds, token_document(one))
    plain = configurations.plain(places["plain"], port["plain"], SERVICES, port["backend"])
    silent = configurations.plain(places["silent"], port["silent"], SERVICES, port["backend"], log=False)
    with ExitStack() as stack:
        run = stack.enter_context
        yield Stage(
            run(instance(haproxy, places["backends"], answering, cores.load)),
            run(instance(haproxy, places["plain"], plain, cores.gateway)),
            run(instance(haproxy, places["silent"], silent, cores.gateway)),
            run(gateway(haproxy, places["ours"], one, cores)),
            run(gateway(haproxy, places["ports"], ports, cores)),
            port,
            haproxy,
            folder,
            cores,
        )
