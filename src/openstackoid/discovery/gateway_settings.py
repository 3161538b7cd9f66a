# SPDX-License-Identifier: Apache-2.0
"""The settings of the gateway that an existing HAProxy tells: the proxies in front of it, and the certificates of users. Pure."""

import json
from collections.abc import Mapping

from openstackoid.discovery.backends import Found, Missing
from openstackoid.discovery.catalog import Row
from openstackoid.discovery.losses import shown
from openstackoid.mesh.settings import MOST_NETWORKS
from openstackoid.mesh.urls import FrontendUrl


def gateway_lines(name: str, behind: Mapping[Row, Found | Missing]) -> list[str]:
    """Return the lines of ``gateway`` in the description of the cloud ``name``, with the lines of HAProxy that tell them.

    Certificates are a comment: the gateway needs the mesh's, too, which HAProxy does not have.
    """
    pairs = [(FrontendUrl.parse(row.url), found) for row, found in behind.items() if isinstance(found, Found)]
    networks = {network: line for _, found in pairs for network, line in found.proxies.networks.items()}
    sockets = {f"{url.host}:{url.port}": line for url, found in pairs if (line := found.proxies.protocol) is not None}
    certificates = list(dict.fromkeys(file for _, found in pairs for file in found.certificates))
    why = [
        f"# {shown(line.words)} ({line.place})"
        for line in {line.place: line for line in (*networks.values(), *sockets.values())}.values()
    ]
    keys, todo = [], []
    if networks:
        keys.append(f"trusted_proxies: {json.dumps(list(networks))}")
        if sockets:
            keys.append(f"proxy_protocol: {json.dumps(list(sockets))}")
        if len(networks) > MOST_NETWORKS:
            why.append(f"# The gateway takes {MOST_NETWORKS} networks: write fewer.")
            keys, todo = [], keys
    if certificates:
        why.append("# Users met the certificates of `users`; the others are the mesh's, which `openstackoid certs` makes.")
        todo += [
            "tls:",
            f"  certificate: /etc/openstackoid/{name}.pem",
            "  authority: /etc/openstackoid/authority.pem",
            f"  users: {json.dumps(certificates)}",
        ]
    if keys:
        written = ["gateway:", *(f"  {key}" for key in keys), *(f"  # {line}" for line in todo)]
    else:
        written = ["# gateway:", *(f"#   {line}" for line in todo)] if todo else []
    return [f"    {line}" for line in (*why, *written)]
