# SPDX-License-Identifier: Apache-2.0
"""The places of the Python service as HAProxy rules: each client has a share, and requests without an accepted token few.

HAProxy counts and refuses, so that a refusal costs the Python service nothing. :mod:`openstackoid.routing.places` has the shares.
"""

from openstackoid.haproxy.sources import SOURCE_OF, Answer
from openstackoid.mesh import Cloud
from openstackoid.routing.backend_names import BRIDGE, TOKENS
from openstackoid.routing.places import ACCEPTED, AT_WORK, DELAY, ERRORS, ERRORS_OF_KNOWN, REQUESTS, TOKEN, WINDOW, Places

LEAST_OF_A_BODY = 16 * 1024
"""Bytes of a body for which HAProxy waits at most, before the request takes a place."""

HANDOVER = "handover"
"""The name of the section by which a process that is replaced hands over the table of sources."""

ACCEPTED_TOKENS, ACCEPTED_SECONDS = 20_480, 600
"""The most accepted tokens that HAProxy knows, and the seconds after their last use."""

_MEMBER = "gateway"
_WHILE_KNOWN = "1h"
_ACCEPTED = f"res.fhdr({ACCEPTED})"


def global_lines() -> list[str]:
    """Return the line that names this HAProxy in the section of :func:`handover`."""
    return [f"localpeer {_MEMBER}"]


def handover(socket: str) -> list[str]:
    """Return the lines of the section: a process that is replaced sends its successor the table of sources, at ``socket``.

    Else a known source would be unknown after each reload. Admissions, routes and tokens are not in the table. HAProxy hands
    over its table once it has run for five seconds, or has itself received a table.
    """
    return [f"bind unix@{socket} mode 600", f"server {_MEMBER}"]


def token_table() -> list[str]:
    """Return the lines of the section that has the digests of accepted tokens. No made-up token gets into it."""
    return [f"stick-table type binary len 20 size {ACCEPTED_TOKENS} expire {ACCEPTED_SECONDS}s store conn_cur"]


def place_rules(cloud: Cloud, answer: Answer) -> list[str]:
    """Return the backend's rules: the client of a request, its number of requests at work, and the places that it may have."""
    places = Places.of(cloud.limits)
    peers = bool(cloud.secure_listeners)
    return [
        *_whole_body(cloud),
        "# The client: an address, or a peer by its certificate; and whether a Keystone has accepted the token.",
        f"stick-table type string len 80 size 100k expire {_WHILE_KNOWN}"
        f" store gpt0,conn_cur,http_req_rate(1s),http_err_rate({WINDOW}s)"
        f" peers {HANDOVER}",
        f"acl is_exempt src {' '.join(cloud.limits.exempt)}" if cloud.limits.exempt else "acl is_exempt always_false",
        f"acl is_peer {'var(sess.from) -m found' if peers else 'always_false'}",
        f"acl is_accepted var(txn.token),in_table({TOKENS})",
        "acl is_unknown sc1_get_gpt0 eq 0",
        "acl upgrades req.fhdr(upgrade) -m found",
        "http-request set-var(txn.token) req.fhdr(x-auth-token,1),regsub('[!~].*$',''),sha1",
        f"http-request set-var-fmt(txn.source) %[{SOURCE_OF}]",
        *(['http-request set-var-fmt(txn.source) "gateway of %[var(sess.from)]" if is_peer'] if peers else []),
        *_delays(cloud, answer),
        "http-request track-sc1 var(txn.source) unless is_exempt",
        f"http-request track-sc2 var(txn.token) table {TOKENS} if is_accepted",
        *_refusals(cloud, places, answer),
        "# Among those that wait, one of a client with few requests comes first, and of an unknown one last.",
        "http-request set-priority-class sc1_conn_cur",
        "http-request set-priority-class sc1_conn_cur,add(1000) if is_unknown !is_accepted",
    ]


def _whole_body(cloud: Cloud) -> list[str]:
    rate, seconds = cloud.limits.body_rate, cloud.timeouts.client
    if rate is None:
        return []
    least, wait = max(1, min(LEAST_OF_A_BODY, round(rate * seconds))), max(1, round(seconds * 1000))
    return [
        "# The beginning of a body is waited for here: a slow client takes no place.",
        f"http-request wait-for-body time {wait}ms at-least {least} unless {{ req.fhdr(expect) -m found }}",
    ]


def _delays(cloud: Cloud, answer: Answer) -> list[str]:
    """Return the rules for sources without end of made-up tokens: an answer only after a time, so that a core sends few.

    They stand before the source is tracked: a request that waits here is not at work, and takes no share of others of its source.
    """
    at, source, none = f"gateway of {cloud.name}:", "%[var(txn.source)]", "without a token that a Keystone has accepted"
    refused = f"{at} of {source}, too many requests {none} were refused"
    unknown = "!is_peer { var(txn.source),table_gpt0 eq 0 }"
    requests, errors = ("{ var(txn.source),table_http_req_rate ge %d }", "{ var(txn.source),table_http_err_rate gt %d }")
    rules = (
        (f"{at} {source} sends more than {REQUESTS} requests a second {none}", f"{unknown} {requests % REQUESTS}"),
        (refused, f"{unknown} {errors % ERRORS}"),
        (refused, errors % ERRORS_OF_KNOWN),
    )
    return [
        f"# Such a client waits {DELAY} s for its refusal.",
        f"timeout tarpit {DELAY}s",
        *(f"http-request tarpit {answer(429, message)} if !is_accepted {condition}" for message, condition in rules),
    ]


def _refusals(cloud: Cloud, places: Places, answer: Answer) -> list[str]:
    at, source = f"gateway of {cloud.name}:", "%[var(txn.source)]"
    work = "requests at work in the Python service behind the gateway"

    def refuse(message: str, condition: str) -> str:
        return f"http-request return {answer(429, f'{at} {message}')} if {condition}"

    return [
        "# A client that takes more than its share is told to come again.",
        refuse(f"{source} has {places.source} {work}, its share", f"!is_peer {{ sc1_conn_cur gt {places.source} }}"),
        refuse(f"{source} has {places.peer} {work}, its share", f"is_peer {{ sc1_conn_cur gt {places.peer} }}"),
        refuse(f"the token has {places.of_token} {work}, its share", f"{{ sc2_conn_cur gt {places.of_token} }}"),
        refuse(
            f"{source} has {places.unknown} {work}, its share without a token that a Keystone has accepted",
            f"!is_accepted is_unknown {{ sc1_conn_cur gt {places.unknown} }}",
        ),
    ]


def told_by_python() -> list[str]:
    """Return the rules for answers of the Python service: remember which token a Keystone has accepted, and from where."""
    return [
        f"http-response track-sc2 var(txn.token) table {TOKENS} if {{ {_ACCEPTED} -m str {TOKEN} }}",
        f"http-response sc-set-gpt0(1) 1 if {{ {_ACCEPTED} -m found }}",
        f"http-response del-header {ACCEPTED}",
    ]


def servers(cloud: Cloud, socket: str) -> list[str]:
    """Return the backend's servers: all are the Python service, at ``socket``, and each has places of its own."""
    places = Places.of(cloud.limits)
    counts = {BRIDGE: places.accepted, "unaccepted": places.unaccepted, "sockets": places.sockets_and_ended}
    return [
        "use-server sockets if upgrades",
        "use-server unaccepted unless is_accepted",
        f"use-server {BRIDGE} if is_accepted",
        *(f"server {name} unix@{socket} maxconn {count}" for name, count in counts.items()),
    ]


def trouble(cloud: Cloud) -> list[str]:
    """Return the lines that have requests wait for a place, and say why one has waited in vain."""
    places = Places.of(cloud.limits)
    said = f"http-request set-var(txn.bridge_trouble) \"str('{AT_WORK}"
    none = "without a token that a Keystone has accepted"
    return [
        f"timeout queue {max(1, round(cloud.limits.wait * 1000))}ms",
        "http-request set-var(txn.bridge_trouble) \"str('cannot be reached')\"",
        f"{said} {places.accepted} requests, the most that it takes')\" if is_accepted {{ srv_conn({BRIDGE}/{BRIDGE}) ge"
        f" {places.accepted} }}",
        f"{said} {places.unaccepted} requests {none}, the most that it takes')\" if !is_accepted !upgrades"
        f" {{ srv_conn({BRIDGE}/unaccepted) ge {places.unaccepted} }}",
        f"{said} {places.sockets_and_ended} WebSockets, the most that it takes')\" if upgrades"
        f" {{ srv_conn({BRIDGE}/sockets) ge {places.sockets_and_ended} }}",
    ]
