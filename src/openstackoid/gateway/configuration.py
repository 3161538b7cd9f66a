# SPDX-License-Identifier: Apache-2.0
"""The configuration of a running gateway: the mesh, and the files of HAProxy."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from openstackoid.binding import load_keys
from openstackoid.binding.rotation import set_up
from openstackoid.gateway.certificates import authorities_of_backends, copied, copies_of, met_at_addresses
from openstackoid.gateway.hosts import known_addresses
from openstackoid.gateway.ports import own_addresses
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.tls import authorities_of_system
from openstackoid.mesh import Account, Cloud, Mesh, check_binding, load_mesh, load_readers, with_blocked
from openstackoid.mesh.errors import some_of


@dataclass(frozen=True, slots=True)
class Configuration:
    """One state of the mesh description, for the gateway of ``cloud``.

    ``files``: HAProxy's, by name, with copies of certificates and authorities, so that a broken new one has no
    effect. ``accounts``: the reader accounts at peers, kept in no file.
    """

    mesh: Mesh
    cloud: Cloud
    files: Mapping[str, str] = field(repr=False)
    accounts: Mapping[str, Account] = field(default_factory=dict)


def load_configuration(
    path: Path, cloud: str, runtime: Runtime, *, secrets: bool = True, blocked: Path | None = None
) -> Configuration:
    """Load the description at ``path`` for the gateway of ``cloud``; see :func:`configuration_of`.

    ``blocked``: the file of blocked clouds.
    """
    return configuration_of(with_blocked(load_mesh(path), blocked), cloud, runtime, secrets=secrets)


def configuration_of(
    mesh: Mesh, cloud: str, runtime: Runtime, *, secrets: bool = True, own_keys: Path | None = None
) -> Configuration:
    """Return the configuration of a mesh for the gateway of ``cloud``.

    Without ``secrets``, opens neither the file of reader accounts nor those of TLS. ``own_keys``: the folder of the keys of bound
    tokens where the mesh names none; they are made. Raises
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
        copies=authorities_of_backends(mesh.clouds[cloud]) if secrets and cloud in mesh.clouds else {},
        met_at=met_at_addresses(mesh.clouds[cloud]) if secrets and cloud in mesh.clouds else {},
        system_authorities=authorities_of_system() if https and tls is None else "",
        key=_key(mesh.clouds[cloud], own_keys) if secrets and tls is not None else "",
    )
    if secrets:
        copies = copied(mesh.clouds[cloud])
        check_binding(mesh, cloud)
    return Configuration(mesh, replace(mesh.clouds[cloud], addresses=own), {**files, **copies}, accounts)


def keys_of(cloud: Cloud, own_keys: Path | None) -> Path | None:
    """Return the folder of the keys of bound tokens: that of the mesh, else ``own_keys``; None without certificates."""
    if cloud.tls is None:
        return None
    return own_keys if cloud.bound_tokens.keys is None else Path(cloud.bound_tokens.keys)


def _key(cloud: Cloud, own_keys: Path | None) -> str:
    folder = keys_of(cloud, own_keys)
    if folder is None:
        return ""
    if folder == own_keys:
        set_up(folder, time.time())
    return load_keys(folder).primary.fingerprint


def _may_log_in(mesh: Mesh, cloud: str) -> bool:
    return cloud in mesh.clouds and mesh.clouds[cloud].readers is not None


def tokens_that_leave(mesh: Mesh, cloud: str) -> list[str]:
    """Return the warning that names the peers that get tokens of ``cloud`` as they are; none if tokens are bound to peers."""
    peers = some_of(name for name in mesh.clouds if name != cloud)
    if not peers or mesh.clouds[cloud].tls is not None:
        return []
    sharing = some_of(mesh.sharing(cloud)) or "no other cloud"
    return [
        f"tokens of the users of {cloud} go to {peers}, tokens of its services to {sharing}; the operators of these clouds can"
        f" use them in {cloud} ('Which tokens leave a cloud' in docs/operate/security.md)"
    ]


def keys_apart(cloud: Cloud) -> list[str]:
    """Return the warning for gateways that share a store, and make keys of bound tokens each for itself."""
    if cloud.tls is None or cloud.store is None or cloud.bound_tokens.keys is not None:
        return []
    return [
        f"clouds.{cloud.name}.gateway.store is for several gateways, and each makes keys of bound tokens of its own: no"
        " gateway opens the tokens of another; name a folder with the same keys on each in 'bound_tokens: {keys: ...}'"
    ]


def deprecated_settings(cloud: Cloud) -> list[str]:
    """Return a warning for each setting of a gateway that has another one in its place."""
    if cloud.tls is None or cloud.readers is None:
        return []
    return [
        f"clouds.{cloud.name}.gateway.readers is deprecated: the gateway of a token's cloud is asked about the token, and has an"
        " account of its own cloud for the rest ('validator'); remove it when your peers run this release"
    ]


def render(files: Mapping[str, str]) -> str:
    """Return all files as one text, each below a line with its name."""
    return "\n".join(f"# ===== {name} =====\n{content}" for name, content in files.items())
