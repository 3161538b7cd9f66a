# SPDX-License-Identifier: Apache-2.0
"""The cost of TLS alone: one plain HAProxy that ends it in front of services, as a cloud with https has, or two in a row."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.haproxy import Wire, answers, word
from bench.processes import free_ports, running
from openstackoid.gateway.folder import write_files
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.hardening import HEAD_BUFFER
from openstackoid.haproxy.process import CONFIGURATION

_HEAD = """\
global
    log stdout format raw local0 info
    stats socket {control} mode 600 level user
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    tune.bufsize {buffer}

defaults
    mode http
    log global
    option httplog
    timeout connect 3s
    timeout client 60s
    timeout server 60s
"""
_SERVICE = """
frontend {service}
    bind 127.0.0.1:{port} ssl crt {certificate} alpn http/1.1{bind}
    default_backend {service}

backend {service}
    server service {address}{server}
"""


@dataclass(frozen=True)
class Terminator:
    """The running HAProxy: its process, and where it offers each service."""

    pid: int
    urls: Mapping[str, str]


@contextmanager
def terminator(
    folder: Path, certificate: Path, backends: Mapping[str, str], cores: frozenset[int], wire: Wire | None = None
) -> Iterator[Terminator]:
    """Run a HAProxy that offers the services at the URLs ``backends``, by name, with TLS; the paths stay as they are."""
    haproxy = find_haproxy()
    ports = dict(zip(backends, free_ports(len(backends)), strict=True))
    write_files(folder, {CONFIGURATION: configuration(folder, certificate, backends, ports, wire or Wire())})
    argv = [str(haproxy.path), "-db", "-f", str(folder / CONFIGURATION)]
    urls = {service: f"https://127.0.0.1:{port}{urlsplit(backends[service]).path}" for service, port in ports.items()}
    with running(argv, cores, lambda: answers(folder / "haproxy.sock"), environment=haproxy.environment()) as process:
        yield Terminator(process.pid, urls)


@contextmanager
def chain(
    folder: Path, certificates: tuple[Path, Path], authority: Path, backends: Mapping[str, str], cores: frozenset[int]
) -> Iterator[tuple[Terminator, Terminator]]:
    """Run two in a row in front of ``backends``; by their certificates, each proves itself to the other, as gateways do.

    Yields the one that is asked, and the one behind it.
    """
    near, far = certificates
    behind = Wire(bind=f" ca-file {word(authority)} verify required")
    # The name of the certificate is the one that is asked for.
    ahead = Wire(server=f" ssl verify required ca-file {word(authority)} crt {word(near)} sni str({far.stem})")
    with (
        terminator(folder / "far", far, backends, cores, behind) as last,
        terminator(folder / "near", near, last.urls, cores, ahead) as first,
    ):
        yield first, last


def configuration(folder: Path, certificate: Path, backends: Mapping[str, str], ports: Mapping[str, int], wire: Wire) -> str:
    """Return the configuration; its timeouts, its log, its buffers and its least version of TLS are the gateway's."""
    services = [
        _SERVICE.format(
            service=service,
            port=ports[service],
            certificate=word(certificate),
            bind=wire.bind,
            address=urlsplit(url).netloc,
            server=wire.server,
        )
        for service, url in backends.items()
    ]
    return _HEAD.format(control=word(folder / "haproxy.sock"), buffer=HEAD_BUFFER) + "".join(services)
