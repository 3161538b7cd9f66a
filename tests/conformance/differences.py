# SPDX-License-Identifier: Apache-2.0
"""The list of the differences behind a gateway, messages without them, and the table in docs/understand/messages.md."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.raw_http import Message
from openstackoid.routing.links import ABOUT_THE_CLIENT, CLAIMS_OF_PROXIES, HOSTS_OWN, LEADING, OF_ITS_HOSTS, SOURCE

EVERY, SCOPED, PYTHON, PEER, WRITE = "always", "with a scope", "through Python", "to or from a peer", "a write under a scope"
"""Where a difference is made."""


@dataclass(frozen=True)
class Difference:
    """Differences of headers, or of other parts of a request or an answer, and their places."""

    of: str
    where: str
    what: str
    headers: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """The row of the table."""
        about = ", ".join(f"`{name}`" for name in self.headers) or self.of
        return f"| {about} | {self.where} | {self.what} |"


def _titled(names: tuple[str, ...]) -> Iterator[str]:
    return (name.title() for name in names)


TOLD_BY_GATEWAYS = ("x-scope-identity", "x-scope-partial", "x-scope-cloud")
_ONLY_TO_PEERS = tuple(name for name in ABOUT_THE_CLIENT if name not in (*CLAIMS_OF_PROXIES, SOURCE))
REQUESTS = (
    Difference("names of headers", EVERY, "in lower case, as HAProxy writes them"),
    Difference("", EVERY, "each connection has its own; a header that is named there is not dropped", ("Connection",)),
    Difference("", EVERY, "removed", ("TE",)),
    Difference("", EVERY, "removed: the gateway says how a service is reached", tuple(_titled(CLAIMS_OF_PROXIES))),
    Difference("", EVERY, "a service is told the address of the client, a peer none", tuple(_titled((SOURCE,)))),
    Difference("", PEER, "removed: they are about the client", tuple(_titled(_ONLY_TO_PEERS))),
    Difference("", PEER, "removed: they are credentials for hosts of this cloud", tuple(_titled(OF_ITS_HOSTS))),
    Difference("sizes of chunks", EVERY, "others; the bytes are the same"),
    Difference("trailers", PYTHON, "removed"),
    Difference("", SCOPED, "see the table above", ("X-Auth-Token", "X-Scope")),
    Difference("", WRITE, "[marked](hops.md)", ("X-OpenStack-Request-Id",)),
    Difference("", PEER, "exactly one", ("X-OpenStack-Request-Id",)),
    Difference("", PYTHON, "the Python service asks for the body itself, when the service takes it", ("Expect",)),
    Difference("", PYTHON, "removed", ("Keep-Alive", "Trailer", "Proxy-Connection", "Proxy-Authorization")),
    Difference("", PEER, "one more, which names the gateway", ("Via",)),
    Difference("a control character in a header, but a tab", PYTHON, "400: HTTP does not allow it"),
    Difference("two of `Content-Type`, `ETag`, `User-Agent`, `Content-Range`, `Max-Forwards`", PYTHON, "400: HTTP allows one"),
)
ANSWERS = (
    Difference("names of headers", EVERY, "in lower case"),
    Difference("", EVERY, "each connection has its own", ("Connection",)),
    Difference("a body that ends with the connection", EVERY, "comes in chunks"),
    Difference("sizes of chunks", EVERY, "others; the bytes are the same"),
    Difference("an empty reason", EVERY, "HAProxy writes the usual one"),
    Difference("`Content-Length` of a 204", EVERY, "removed: HTTP does not allow it"),
    Difference("trailers", PYTHON, "removed"),
    Difference("", PYTHON, "removed", ("Keep-Alive", "Trailer")),
    Difference("", PEER, "removed: they speak for the host that the client talked to", tuple(_titled(HOSTS_OWN))),
    Difference("", PEER, "removed: they lead to other places", tuple(_titled(LEADING))),
    Difference("", PEER, "removed, but of Keystone", ("X-Subject-Token",)),
    Difference("", EVERY, "removed: a gateway tells its own client of clouds", tuple(_titled(TOLD_BY_GATEWAYS))),
    Difference("", PEER, "one stays, of Keystone or Swift; Keystone's names this cloud's", ("WWW-Authenticate",)),
    Difference("interim answers (1xx)", PEER, "the connection ends, or the Python service drops them"),
    Difference("", PEER, "removed", ("Keep-Alive", "Proxy-Authenticate")),
)


def table() -> str:
    """Return the table for the page."""
    head = "| what | where | what happens |\n| --- | --- | --- |"
    sections = [("| **of a request** | | |", REQUESTS), ("| **of an answer** | | |", ANSWERS)]
    return "\n".join([head, *(line for title, rows in sections for line in (title, *(row.row for row in rows)))])


def comparable(message: Message, where: frozenset[str], *, answer: bool) -> Message:
    """Return a message without its allowed differences; its headers are in the order of their names."""
    rows = [row for row in (ANSWERS if answer else REQUESTS) if row.where in where]
    dropped = {name.lower().encode() for row in rows for name in row.headers}
    framing = message.framing
    if answer:
        # That of an answer without a body says nothing, and the framing of others is compared by itself.
        dropped.add(b"transfer-encoding")
        framing = "chunks" if framing == "end" else framing
        if message.start.split(b" ")[1] == b"204":
            dropped.add(b"content-length")
    lowered = [(key.lower(), value) for key, value in message.headers]
    kept = sorted((pair for pair in lowered if pair[0] not in dropped), key=lambda pair: pair[0])
    late = () if any(row.of == "trailers" for row in rows) else tuple((key.lower(), value) for key, value in message.trailers)
    return replace(message, headers=tuple(kept), framing=framing, trailers=late)
