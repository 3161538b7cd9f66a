# SPDX-License-Identifier: Apache-2.0
"""Requests that leave for a peer: each gets a request id, and a line of the log with all values for the audit log.

A peer's gateway names the accepted user in a header of its answer. The header is for gateways: it is read from answers of peers
only, and no answer brings it to a client that has not proved to be a gateway.
"""

from openstackoid.haproxy.trace import LOG_FORMAT_BY_PYTHON
from openstackoid.haproxy.upstream import OF_PYTHON
from openstackoid.mesh import Cloud
from openstackoid.routing import REQUEST_ID
from openstackoid.routing.egress import ADMISSION_HEADER, GIVEN, ID_FORM, UNSENT_HEADER
from openstackoid.routing.links import GATEWAYS_OWN, OF_ITS_HOSTS

MARKER = " left="
"""Begins the part for the audit log in the log's line about a request that has left; no other part of a line can hold it."""

LEFT_FORMAT = "%[var(txn.left),concat(' use=',txn.use)]"
"""The end of each line of the log: empty, but for requests that have left."""

LOG_BY_PYTHON = f'log-format "{LOG_FORMAT_BY_PYTHON} {LEFT_FORMAT}"'
"""The form of lines about requests that the Python service has sent."""

LONGEST_LINE = 8192
"""Bytes of a line of the log: a path of 1024, each written as up to three, the peer's header, and the rest."""

LONGEST_USE = 2048
"""Characters of the header that tells of a use."""

_FIXED = "4d1c"
_DIGITS, _MICROSECONDS = "%[rand(9000),add(1000)]", "%[date(0,us),mod(900000000000),add(100000000000)]"
"""Of a request id: four random digits, and twelve of the time. To make a UUID takes HAProxy three times as long."""

_FORGET_USE = f"http-response del-header {ADMISSION_HEADER}"
_FORGET_UNSENT = f"http-response del-header {UNSENT_HEADER} if !{{ var(txn.wire_spoken) -m found }}"
_FORGET_ALL = "http-response del-header x-openstackoid- -m beg"


def leaving(cloud: Cloud) -> list[str]:
    """Return the rules for every request to a peer. Without ``txn.home``, the token is of this cloud.

    Where it is empty, the request is the Python service's own, and gets no line in the audit log.
    """
    given = f"{GIVEN}{_DIGITS}-{_FIXED}-{_DIGITS}-{_MICROSECONDS}"
    left = "http-request set-var(txn.left) str(left=),concat(,txn.endpoint,' home={}{}"
    return [
        "# No cookie, and no credential for a proxy, leaves.",
        *(f"http-request del-header {name}" for name in OF_ITS_HOSTS),
        "# A request that leaves has one request id, in the form of the services, and a line in the audit log.",
        f"http-request set-var(txn.id) req.fhdr({REQUEST_ID})",
        f"http-request set-var-fmt(txn.id) {given} if !{{ var(txn.id) -m found }} or !{{ req.fhdr_cnt({REQUEST_ID}) eq 1 }}"
        f" or !{{ var(txn.id) -m reg '^{ID_FORM}$' }}",
        f"http-request set-header {REQUEST_ID} %[var(txn.id)] if {{ var(txn.id) -m beg {GIVEN} }}",
        left.format(cloud.name, " id='),concat(,txn.id) if !{ var(txn.home) -m found }"),
        left.format("'),concat(,txn.home,' id='),concat(,txn.id)", " if { var(txn.home) -m len gt 0 }"),
    ]


def told_by_peers() -> list[str]:
    """Return the rules for answers of peers: the accepted user goes into the line of the log, and to the Python service alone."""
    return [
        "# The peer's admission header: for the audit log and the Python service.",
        f"http-response set-var(txn.use) res.fhdr({ADMISSION_HEADER}) if {{ res.fhdr_cnt({ADMISSION_HEADER}) eq 1 }}"
        f" {{ res.fhdr({ADMISSION_HEADER}) -m reg '^[A-Za-z0-9_-]{{1,{LONGEST_USE}}}$' }}",
        "# The peer's word that its service was sent nothing: for the Python service.",
        f"http-response set-var(txn.unsent) bool(true) if {OF_PYTHON} {{ status 503 }} {{ res.fhdr({UNSENT_HEADER}) -m found }}",
        _FORGET_ALL,
        f"http-response set-header {ADMISSION_HEADER} %[var(txn.use)] if {OF_PYTHON} {{ var(txn.use) -m found }}",
        f"http-response set-header {UNSENT_HEADER} 1 if {{ var(txn.unsent) -m found }}",
    ]


def told_by_services() -> list[str]:
    """Return the rules for answers of this cloud's services: headers of gateways are removed from them."""
    return [_FORGET_ALL, f"http-response del-header {GATEWAYS_OWN} -m beg"]


def told_by_the_bridge(tls: bool) -> list[str]:
    """Return the rules for answers of the Python service: no client gets headers for gateways; the user, only a proved one."""
    return [f"{_FORGET_USE} if !{{ var(sess.from) -m found }}" if tls else _FORGET_USE, _FORGET_UNSENT]
