# SPDX-License-Identifier: Apache-2.0
"""The names by which HAProxy knows a gateway's sockets and the places behind it; the Python service reads them in its answers."""

from openstackoid.mesh import Cloud, Endpoint, Listener

FRONTEND, BRIDGE = "gateway", "bridge"
_LOCAL, _PEER = "local.", "peer."


def bind_ids(cloud: Cloud) -> dict[Listener, int]:
    """Return the number of each socket of the gateway, by which the rules know where a request came in."""
    return {listener: number for number, listener in enumerate(cloud.listeners, start=1)}


def local_backend(endpoint: Endpoint) -> str:
    """Return the name of the HAProxy backend that stands for the processes behind an endpoint of this cloud."""
    return f"{_LOCAL}{endpoint.key}"


def peer_backend(cloud: Cloud, listener: Listener) -> str:
    """Return the name of the HAProxy backend that stands for one socket of a peer's gateway."""
    return f"{_PEER}{cloud.name}.{bind_ids(cloud)[listener]}"


def backend_of(at: str, target: Endpoint, cloud: Cloud) -> str:
    """Return the name of the backend through which the gateway of ``at`` reaches an endpoint of ``cloud``."""
    return local_backend(target) if cloud.name == at else peer_backend(cloud, target.listener)


def peer_of(backend: str) -> str | None:
    """Return the cloud whose gateway a backend stands for, or None where it is none of a peer."""
    return backend.removeprefix(_PEER).rpartition(".")[0] if backend.startswith(_PEER) else None


def is_local(backend: str) -> bool:
    """Return whether a backend stands for processes of this cloud."""
    return backend.startswith(_LOCAL)
