# SPDX-License-Identifier: Apache-2.0
"""What HAProxy 2.6 does otherwise with hostile messages, as the table of docs/operate/own-haproxy.md says."""

from openstackoid.haproxy.binary import Haproxy

_PEERS = "test_hostile_peers.py::"
_CLIENTS = "test_hostile_clients.py::"
_MESSAGES = "test_hostile_messages.py::"
OF_2_6: dict[str, tuple[str, ...]] = {
    "a client that stops in the middle of a body, or of an answer": tuple(
        f"{_CLIENTS}{test}[{where}]"
        for test in (
            "test_a_body_that_stops_coming_is_given_up",
            "test_a_reader_that_stops_reading_is_let_go_and_so_is_the_service",
        )
        for where in ("at home", "to a peer")
    ),
    "a NUL in a header, a slash in `Host`, a chunk extension that ends in LF alone": (
        f"{_MESSAGES}test_a_refused_message_reaches_no_service[a NUL]",
        f"{_MESSAGES}test_a_refused_message_reaches_no_service[a host that is none]",
        f"{_MESSAGES}test_a_body_that_is_broken_ends_the_connection[a chunk extension that ends in LF alone]",
    ),
    "a peer that ends the connection of a read, and of its repetition, without an answer": (
        f"{_PEERS}test_an_answer_that_is_none_is_a_502_that_names_the_hop[nothing-by HAProxy]",
    ),
    "a peer that ends the connection in the head of an answer": (
        f"{_PEERS}test_an_answer_that_is_none_is_a_502_that_names_the_hop[a head that breaks off-by HAProxy]",
        f"{_PEERS}test_an_answer_that_is_none_is_a_502_that_names_the_hop[a head that breaks off-by the bridge]",
        f"{_PEERS}test_a_write_arrives_once[a head that breaks off-by HAProxy]",
    ),
}
"""The tests that fail for each row of the table, by the end of their ids."""


def difference(nodeid: str, haproxy: Haproxy) -> str | None:
    """Return the row of the table by which a test may fail with this HAProxy; None if it must pass."""
    if haproxy.version[:2] != (2, 6):
        return None
    return next((row for row, tests in OF_2_6.items() if nodeid.endswith(tests)), None)
