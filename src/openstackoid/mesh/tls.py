# SPDX-License-Identifier: Apache-2.0
"""Check that a description has all that the gateway needs to protect its traffic.

Only the gateway's own cloud is checked; certificates of peers are unknown.
"""

import ipaddress
import re

from openstackoid.mesh.errors import MeshError
from openstackoid.mesh.model import Cloud, Mesh
from openstackoid.mesh.urls import HTTPS

_CERTIFIED = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\Z")


def check_tls(mesh: Mesh, at: str) -> None:
    """Check the https settings of the gateway of ``at``. Raises :class:`MeshError`.

    A cloud with a certificate sends tokens to its peers over https alone; one without cannot.
    """
    here = mesh.clouds[at]
    peers = {name: own for name, own in mesh.frontends.items() if name != at}
    if here.tls is None:
        spot = f"clouds.{at}.gateway.tls"
        needs = f"the gateway of {at} needs its certificate and the authority of the mesh"
        if here.secure_listeners:
            raise MeshError(f"{spot}: {needs}, for it has https frontends")
        for name, own in peers.items():
            if HTTPS in own.layout.schemes:
                raise MeshError(f"{spot}: {needs}, for {name} has https frontends")
        return
    for name, own in peers.items():
        if own.layout.schemes != {HTTPS}:
            endpoint = next(endpoint for endpoint in own.layout.endpoints if endpoint.frontend.scheme != HTTPS)
            frontend = endpoint.frontend
            raise MeshError(
                f"clouds.{name}.services.{endpoint.catalog_type}.frontend.{endpoint.interfaces[0]}:"
                f" {frontend.scheme}://{own.hosts[frontend.host]}:{frontend.port}: the gateway of {at} has TLS,"
                f" and sends tokens to peers over https alone;"
                f" an https:// URL is accepted, and an interface of {name} may be left out"
            )
    _check_names(mesh)


def check_binding(mesh: Mesh, at: str) -> None:
    """Check that the gateway of ``at`` can bind tokens to its peers, or may send them as they are. Raises :class:`MeshError`."""
    here, peers = mesh.clouds[at], [name for name in mesh.clouds if name != at]
    if here.tls is None and peers and not here.unbound_tokens:
        raise MeshError(
            f"clouds.{at}.gateway: without certificates between gateways, tokens leave {at} as they are, and the operators of its"
            f" peers can use them; 'tls' is accepted, or 'unbound_tokens: true' where that may be"
        )


def unprotected(cloud: Cloud) -> list[str]:
    """Return the http frontends of a cloud that are not on loopback: tokens travel there in the clear."""
    plain = (endpoint.frontend for endpoint in cloud.endpoints if endpoint.frontend.scheme != HTTPS)
    found = {frontend.origin(): frontend.host for frontend in plain}
    return sorted(origin for origin, host in found.items() if not is_loopback(host))


def is_loopback(host: str) -> bool:
    """Return whether the host of a URL is one of the machine itself, by its address or as ``localhost``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _check_names(mesh: Mesh) -> None:
    """Check names for certificates, which compare without case and name no cloud by an address."""
    folded: dict[str, str] = {}
    for name in mesh.clouds:
        other = folded.setdefault(name.lower(), name)
        if other != name:
            raise MeshError(f"clouds.{name}: '{name}' and '{other}' differ by case only, which certificates do not tell apart")
        if _CERTIFIED.match(name) is None or _is_address(name):
            raise MeshError(
                f"clouds.{name}: '{name}' cannot be a name in a certificate; with TLS a name of parts of 63 characters at most,"
                " with a '.' between them, is accepted, and no address"
            )


def _is_address(name: str) -> bool:
    if not name[0].isdigit():
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
