# SPDX-License-Identifier: Apache-2.0
"""The configuration of a running gateway: the mesh, and the files of HAProxy."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from openstackoid.gateway.hosts import known_addresses
from openstackoid.gateway.ports import own_addresses
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.mesh import Account, Cloud, Mesh, Tls, load_mesh, load_readers, unprotected
from openstackoid.mesh.errors import some_of
from openstackoid.tls import AUTHORITY, CERTIFICATE, REVOKED, checked_files, warnings_about


@dataclass(frozen=True, slots=True)
class Configuration:
    """One state of the mesh description, for the gateway of ``cloud``.

    ``files``: HAProxy's, by name; with TLS they include copies of certificate and authority, so that a broken new one has no
    effect. ``accounts``: the reader accounts at peers, kept in no file.
    """

    mesh: Mesh
    cloud: Cloud
    files: Mapping[str, str] = field(repr=False)
    accounts: Mapping[str, Account] = field(default_factory=dict)


def copies_of(tls: Tls | None) -> Tls:
    """Return the copies of the identity's files in a running gateway, beside its HAProxy's configuration."""
    return Tls(CERTIFICATE, AUTHORITY, REVOKED if tls is not None and tls.revoked else None)


def load_configuration(path: Path, cloud: str, runtime: Runtime, *, secrets: bool = True) -> Configuration:
    """Load the description at ``path`` for the gateway of ``cloud``; see :func:`configuration_of`."""
    return configuration_of(load_mesh(path), cloud, runtime, secrets=secrets)


def configuration_of(mesh: Mesh, cloud: str, runtime: Runtime, *, secrets: bool = True) -> Configuration:
    """Return the configuration of a mesh for the gateway of ``cloud``.

    Without ``secrets``, opens neither the file of reader accounts nor those of TLS. Raises
    :class:`openstackoid.errors.OpenstackoidError`.
    """
    copies: Mapping[str, str] = {}
    own = own_addresses(mesh.clouds[cloud]) if cloud in mesh.clouds else {}
    tls = mesh.clouds[cloud].tls if cloud in mesh.clouds else None
    accounts = load_readers(mesh, cloud) if secrets and cloud in mesh.clouds else {}
    # Without secrets it is not known; a gateway with TLS believes its own authority alone.
    https = any(account.auth_url.startswith("https:") for account in accounts.values()) if secrets else _may_log_in(mesh, cloud)
    files = compile_gateway(
        mesh,
        cloud,
        runtime,
        copies_of(tls) if secrets else None,
        known_addresses(),
        own_addresses=own,
        system_authorities=_authorities() if https and tls is None else "",
    )
    if secrets and tls is not None:
        copies = checked_files(tls.certificate, tls.authority, cloud, tls.revoked)
    return Configuration(mesh, replace(mesh.clouds[cloud], addresses=own), {**files, **copies}, accounts)


def _authorities() -> str:
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or "/etc/ssl/certs"


def _may_log_in(mesh: Mesh, cloud: str) -> bool:
    return cloud in mesh.clouds and mesh.clouds[cloud].readers is not None


def check_certificate(cloud: Cloud) -> tuple[datetime | None, list[str]]:
    """Return the end of the certificate, if any, and warnings about the protection of the gateway.

    Raises :class:`openstackoid.tls.TlsError`.
    """
    plain = [f"{origin} is http, and not on loopback: tokens travel unprotected" for origin in unprotected(cloud)]
    if cloud.tls is None:
        return None, plain
    hosts = [listener.host for listener in sorted(cloud.secure_listeners)]
    ends, said = warnings_about(cloud.tls.certificate, cloud.tls.authority, cloud.name, hosts, cloud.tls.revoked)
    return datetime.fromtimestamp(ends, UTC), said + plain


def tokens_that_leave(mesh: Mesh, cloud: str) -> list[str]:
    """Return the warning that names the peers that get tokens of ``cloud``; none without peers."""
    peers = some_of(name for name in mesh.clouds if name != cloud)
    if not peers:
        return []
    sharing = some_of(mesh.sharing(cloud)) or "no other cloud"
    return [
        f"tokens of the users of {cloud} go to {peers}, tokens of its services to {sharing}; the operators of these clouds can"
        f" use them in {cloud} ('Which tokens leave a cloud' in docs/operate/security.md)"
    ]


def render(files: Mapping[str, str]) -> str:
    """Return all files as one text, each below a line with its name."""
    return "\n".join(f"# ===== {name} =====\n{content}" for name, content in files.items())
