# SPDX-License-Identifier: Apache-2.0
"""Names of HAProxy's frontends and backends; the Python service reads them in HAProxy's answers."""

from openstackoid.mesh import Cloud, Endpoint, Listener

FRONTEND, UPSTREAM, DRAIN, BRIDGE, PEER, ACCOUNT = "gateway", "upstream", "drain", "bridge", "peer", "account"
"""HAProxy's frontends, for clients, for the Python service, and to begin a drain; its backends for the Python service, for all
peers, and for Keystones of peers that have a certificate of an authority of the system."""

OTHERWISE, TURNS = "otherwise", "turns"
"""HAProxy's backend for reads of ``A | B``, and the frontend that it sends each turn to."""

TURN, TURN_TO, TURN_BEGAN = "x-openstackoid-turn", "x-openstackoid-turn-to", "x-openstackoid-turn-began"
"""Headers of a turn of ``A | B``: :data:`FIRST` or :data:`FURTHER`; endpoint and route; the time of the first, in ms, and a
random number."""

TURN_SAID = "x-openstackoid-turn-said"
"""The header of further turns with 404 if that was the answer to the first, else 0."""

FIRST, FURTHER = "first", "further"
"""The turn of the first cloud, which HAProxy asks; and the further turns, of which the Python service takes care."""

TARGET = "x-openstackoid-to"
"""The header in which the Python service tells HAProxy the target of a request; :func:`target_value` makes the value."""

FAILED = "x-openstackoid-failed"
"""The header in which HAProxy tells the Python service that an answer is its own: the target has given none."""

ROUND_TRIP = "x-openstackoid-round-trip"
"""The header in which HAProxy tells the Python service the round-trip time of a connection to a peer, in microseconds."""

UNREACHED, DOWN, UNANSWERED = "unreached", "down", "unanswered"
"""The first word of that header: no byte was sent, none was tried as the peer was down a moment ago, or no answer came."""

TOKENS = "tokens"
"""The section that holds the table of accepted tokens."""

_LOCAL, _GUESTS, _DELEGATED, _TURN = "local.", "guests.", "delegated.", "turn."


def bind_ids(cloud: Cloud) -> dict[Listener, int]:
    """Return the number of each listener of the gateway, for rules that depend on the listener of a request."""
    return {listener: number for number, listener in enumerate(cloud.listeners, start=1)}


def local_backend(endpoint: Endpoint) -> str:
    """Return the name of the HAProxy backend for an endpoint of this cloud."""
    return f"{_LOCAL}{endpoint.key}"


def guests_backend(endpoint: Endpoint) -> str:
    """Return the name of the backend that sends guests to the same processes."""
    return f"{_GUESTS}{endpoint.key}"


def delegated_backend(endpoint: Endpoint) -> str:
    """Return the name of the backend by which peers read images at the same processes in the name of users of this cloud."""
    return f"{_DELEGATED}{endpoint.key}"


def turn_backend(endpoint: Endpoint) -> str:
    """Return the name of the backend that has the first turn of ``A | B`` at the same processes."""
    return f"{_TURN}{endpoint.key}"


def is_local(backend: str) -> bool:
    """Return whether a backend is of this cloud."""
    return backend.startswith((_LOCAL, _GUESTS, _DELEGATED, _TURN))


def is_of_guests(backend: str) -> bool:
    """Return whether a backend is one for guests."""
    return backend.startswith(_GUESTS)


def is_delegated(backend: str) -> bool:
    """Return whether a backend is one for requests of peers in the name of users of this cloud."""
    return backend.startswith(_DELEGATED)


def local_target(endpoint: Endpoint) -> str:
    """Return the value of the header that names the backends of an endpoint of this cloud."""
    return f"{endpoint.key}|"


def leaving_target(asked: Endpoint, cloud: str, home: str) -> str:
    """Return the value of the header that names a peer's service of the kind of ``asked``, an endpoint of this gateway.

    The request is written down as sent by a user of the cloud ``home``.
    """
    return f"{asked.key}|{cloud}|||{home}"


def peer_target(cloud: str, host: int, port: int) -> str:
    """Return the value of the header that names the gateway of a peer, by the number of one of its hosts, and a port."""
    return f"-|{cloud}|{host}|{port}|"


def account_target(cloud: str, host: str, address: str, port: int, *, of_system: bool) -> str:
    """Return the value of the header that names the Keystone of a peer at a host of its own.

    ``of_system``: it is asked by https, and an authority of the system must have signed its certificate.
    """
    return f"-|{cloud}|0|{port}||{host}|{address}|{'s' if of_system else ''}"
