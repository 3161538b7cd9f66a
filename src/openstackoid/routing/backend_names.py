# SPDX-License-Identifier: Apache-2.0
"""Names of HAProxy's frontends and backends; the Python service reads them in HAProxy's answers."""

from openstackoid.mesh import Cloud, Endpoint, Listener

FRONTEND, BRIDGE, PEER = "gateway", "bridge", "peer"
"""HAProxy's frontend, and its backends for the Python service and for all peers."""

TOKENS = "tokens"
"""The section that holds the table of accepted tokens."""

_LOCAL, _GUESTS = "local.", "guests."


def bind_ids(cloud: Cloud) -> dict[Listener, int]:
    """Return the number of each socket of the gateway, by which rules know where a request came in."""
    return {listener: number for number, listener in enumerate(cloud.listeners, start=1)}


def local_backend(endpoint: Endpoint) -> str:
    """Return the name of the HAProxy backend for an endpoint of this cloud."""
    return f"{_LOCAL}{endpoint.key}"


def guests_backend(endpoint: Endpoint) -> str:
    """Return the name of the backend that sends guests to the same processes."""
    return f"{_GUESTS}{endpoint.key}"


def is_local(backend: str) -> bool:
    """Return whether a backend is of this cloud."""
    return backend.startswith((_LOCAL, _GUESTS))


def is_of_guests(backend: str) -> bool:
    """Return whether a backend is one for guests."""
    return backend.startswith(_GUESTS)
