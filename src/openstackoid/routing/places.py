# SPDX-License-Identifier: Apache-2.0
"""Which part of the Python service's places one client may take, and how fast requests may come that no Keystone vouches for.

A place is a request that the Python service works on. A token is *accepted* that a Keystone has lately accepted; a source is
*known* from which such a token has come. A source is an address, an IPv6 network of 64 bits, or a peer by its certificate.
"""

from dataclasses import dataclass

from openstackoid.mesh import Limits

ACCEPTED = "x-openstackoid-accepted"
"""The header in which the Python service tells HAProxy that a Keystone has accepted a token of the request."""

TOKEN, SUBJECT = "token", "subject"
"""Its values: the token in ``X-Auth-Token``, or the one that was asked about, which says something of the source alone."""

AT_LEAST = 8
"""The least share, however few places there are: clients send some requests at a time."""

REQUESTS = 100
"""In a second, of an unknown source and without an accepted token. Over a longer time, a source could send as many at once."""

WINDOW = 10
"""Seconds over which refused requests are counted."""

ERRORS, ERRORS_OF_KNOWN = 30, 300
"""In that time, of one source and without an accepted token: refused requests."""

DELAY = 1
"""Seconds that a source over these limits waits for its refusal: it sends a request a second by each of its connections."""

AT_WORK = "is at work on"
"""The words by which HAProxy says that the Python service has no place for a request."""


@dataclass(frozen=True, slots=True)
class Places:
    """The places, and the most of them: for requests without an accepted token, for WebSockets, and of one client.

    ``accepted``: requests with an accepted token. ``unaccepted``: all others, of which an unknown source has ``unknown`` at
    most, waiting ones included. ``sockets``: open WebSockets, which may be silent for an hour. ``sockets_and_ended``: with those
    that the Python service has ended; HAProxy counts one until its client closes the connection, too.
    """

    accepted: int
    unaccepted: int
    sockets: int
    sockets_and_ended: int
    source: int
    peer: int
    of_token: int
    unknown: int

    @classmethod
    def of(cls, limits: Limits) -> "Places":
        """Return the shares of ``limits.bridge`` places."""
        unaccepted, sockets = limits.of_unaccepted, max(AT_LEAST, limits.bridge // 10)
        return cls(
            accepted=limits.bridge - unaccepted,
            unaccepted=unaccepted,
            sockets=sockets,
            sockets_and_ended=4 * sockets,
            source=max(AT_LEAST, limits.bridge // 4),
            peer=max(AT_LEAST, limits.bridge // 2),
            of_token=max(AT_LEAST, limits.bridge // 4),
            unknown=max(AT_LEAST, unaccepted // 2),
        )
