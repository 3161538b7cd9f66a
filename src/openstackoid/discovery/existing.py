# SPDX-License-Identifier: Apache-2.0
"""Read the configuration of an existing HAProxy from the disk, and find the servers behind a catalog's URLs in it."""

import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from openstackoid.discovery.backends import Found, Missing, find_backends
from openstackoid.discovery.catalog import DiscoverError, Row
from openstackoid.discovery.directives import Effect
from openstackoid.discovery.haproxy_configuration import Configuration, parse_configuration
from openstackoid.discovery.losses import Loss, shown
from openstackoid.discovery.passed_over import with_passed_over
from openstackoid.mesh.urls import FrontendUrl

_LARGEST = 8 * 1024 * 1024
_MARKS = ("-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----")
_NO_CERTIFICATE = "no certificate with its key can be read there: name the file in gateway.tls.users"


def read_haproxy(path: Path) -> tuple[Configuration, Mapping[str, str]]:
    """Return the configuration in a file, or in all ``*.cfg`` of a folder and its folders, and the files beside it, by name.

    HAProxy names its maps by paths that may be those of a container. Raises :class:`DiscoverError`.
    """
    try:
        folder = path if path.is_dir() else path.parent
        # What a folder has comes before what is in its folders, as `defaults` are for the files after them.
        below = sorted(folder.rglob("*"), key=lambda file: (len(file.parts), file))
        files = [file for file in below if file.is_file()] if path.is_dir() else [path]
        configurations = {
            str(file.relative_to(folder)): _text(file) for file in files if not path.is_dir() or file.suffix == ".cfg"
        }
        beside = files if path.is_dir() else [file for file in sorted(folder.iterdir()) if file.is_file()]
        maps = {file.name: _text(file) for file in beside if "map" in file.name}
    except OSError as error:
        raise DiscoverError(f"--haproxy {path}: cannot be read: {error.strerror}") from None
    found = parse_configuration(configurations)
    if not found.frontends:
        raise DiscoverError(
            f"--haproxy {path}: no frontend is in it",
            hint="name haproxy.cfg, or its folder with all files that it includes: /etc/kolla/haproxy, /etc/haproxy",
        )
    return found, maps


def _text(file: Path) -> str:
    if file.stat().st_size > _LARGEST:
        raise DiscoverError(f"{file}: larger than {_LARGEST >> 20} MiB")
    return file.read_text(encoding="utf-8", errors="replace")


def servers_behind(rows: Sequence[Row], configuration: Configuration, maps: Mapping[str, str]) -> dict[Row, Found | Missing]:
    """Return the servers behind each row's URL; names in catalog and binds are looked up in the DNS.

    A certificate that cannot be read here, as one in a container, is a loss.
    """
    hosts = {FrontendUrl.parse(row.url).host for row in rows if _is_url(row.url)}
    hosts |= {bound.host for proxy in configuration.frontends for bound in proxy.sockets}
    addresses = _resolved(host for host in hosts if host)
    found = {row: find_backends(configuration, row, addresses, maps) for row in rows if _is_url(row.url)}
    found = with_passed_over(found, maps)
    return {row: _with_certificates(each) if isinstance(each, Found) else each for row, each in found.items()}


def _with_certificates(found: Found) -> Found:
    """Keep the certificates that can be read."""
    bind = found.socket.bind
    readable = tuple(file for file in found.certificates if _is_certificate(Path(file)))
    lost = (
        Loss(f"{shown(bind.words[:2])} crt {shown([file])}", bind.place, Effect.NAMED, _NO_CERTIFICATE)
        for file in found.certificates
        if file not in readable
    )
    return replace(found, certificates=readable, losses=(*found.losses, *lost))


def _is_certificate(path: Path) -> bool:
    """Return whether a file has a certificate with its key, or a folder such files, as the gateway needs them."""
    try:
        files = sorted(path.glob("*.pem")) if path.is_dir() else [path]
        return bool(files) and all(all(mark in _text(file) for mark in _MARKS) for file in files)
    except (OSError, DiscoverError):
        return False


def _is_url(url: str) -> bool:
    try:
        FrontendUrl.parse(url)
    except ValueError:
        return False
    return True


def _resolved(hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found = {}
    for host in hosts:
        plain = host.strip("[]").lower()
        try:
            ipaddress.ip_address(plain)
        except ValueError:
            found[plain] = _look_up(plain)
    return found


def _look_up(host: str) -> tuple[str, ...]:
    try:
        return tuple(sorted({str(answer[4][0]) for answer in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)}))
    except OSError:
        return ()
