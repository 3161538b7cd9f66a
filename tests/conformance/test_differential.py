# SPDX-License-Identifier: Apache-2.0
"""A service gets the bytes that it would get without gateways, and so does its client, but for a list that is documented."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance.case import newer_form
from conformance.differences import EVERY, PEER, PYTHON, SCOPED, WRITE, comparable, table
from conformance.exchanges import WRITES, Exchange, generated
from conformance.gateway import started
from conformance.raw_http import Message, Service, exchange
from conformance.recorder import free_ports
from openstackoid.routing import VERSION_DOCUMENT

EXCHANGES = 300
PAGE = Path(__file__).parents[2] / "docs" / "understand" / "messages.md"
SERVICES = ("identity", "compute", "image", "network", "object-store")
CLOUDS = ("CloudOne", "CloudTwo")


@dataclass(frozen=True)
class Way:
    """The service that is asked, the scope, and which differences there may be; ``twice``: the scope stands in two places."""

    service: str
    scope: str | None
    differences: frozenset[str]
    twice: bool = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The user's token, and the scope; a request for Python has it twice."""
        if self.scope is None:
            return [(b"X-Auth-Token", b"tok")]
        completed = '{"*":"CloudOne",' + self.scope[1:]
        token = newer_form(f"tok!SCOPE!{completed}") if self.twice else "tok"
        return [(b"X-Auth-Token", token.encode()), (b"X-Scope", self.scope.encode())]


def way(service: str, scope: str | None, *differences: str, twice: bool = False) -> Way:
    return Way(service, scope, frozenset({EVERY, *differences}), twice)


WAYS = {
    "at home": way("object-store", None),
    "at home with a scope": way("object-store", '{"image":"CloudTwo"}', SCOPED),
    "at home through Python": way("object-store", '{"network":"CloudTwo"}', SCOPED, PYTHON, twice=True),
    "a write at home": way("compute", '{"image":"CloudTwo"}', SCOPED, PYTHON, WRITE),
    "by scope": way("object-store", '{"object-store":"CloudTwo"}', SCOPED, PYTHON, PEER),
    "by scope through Python": way("object-store", '{"object-store":"CloudTwo"}', SCOPED, PYTHON, PEER, twice=True),
    "a write by scope": way("compute", '{"compute":"CloudTwo","network":"CloudTwo"}', SCOPED, PYTHON, PEER, WRITE),
}
"""HAProxy alone serves the first two. Python lets users of another cloud in, so the last three pass it once or twice."""


TAUGHT = [(("X-Auth-Token", "tok"), ("X-Scope", WAYS[name].scope or "")) for name in ("at home with a scope", "by scope")]


@dataclass(frozen=True)
class Both:
    """Two gateways, the services behind them, and the port of one of those for direct requests."""

    service: Service
    gate: int
    straight: int


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    ports = free_ports()
    service = Service()
    straight = next(ports)
    service.serve(straight)
    gates = {cloud: next(ports) for cloud in CLOUDS}
    lines = ["mesh: 1", "clouds:"]
    for cloud, gate in gates.items():
        lines += [
            f"  {cloud}:",
            "    gateway: {limits: {exempt: [127.0.0.1]}}",
            "    policy:",
            "      peers: {'*': {services: {'*': all}, people: [{name: anyone, roles: {member: member}, project: keep}]}}",
            "    services:",
        ]
        for name in SERVICES:
            backend = next(ports)
            service.serve(backend)
            lines.append(
                f"      {name}: {{frontend: 'http://127.0.0.1:{gate}/{name}', backend: 'http://127.0.0.1:{backend}/{name}'}}"
            )
    with ExitStack() as stack:
        stack.callback(service.close)
        for cloud in CLOUDS:
            stack.enter_context(started("\n".join(lines), cloud, with_bridge=True, taught=TAUGHT))
        yield Both(service, gates["CloudOne"], straight)


def sent(both: Both, one: Exchange, service: str, port: int, *more: tuple[bytes, bytes]) -> tuple[Message, Message]:
    """Send a request, and return the service's request and the client's answer."""
    both.service.seen.clear()
    both.service.answers[b"%d" % one.number] = one.answer
    answer = exchange(port, one.request(f"/{service}", more), expects=one.expects)
    assert len(both.service.seen) == 1, (len(both.service.seen), answer)
    return both.service.seen[0], answer


def is_document(one: Exchange) -> bool:
    """Return whether a request is for a version document."""
    return one.method in ("GET", "HEAD") and re.fullmatch(VERSION_DOCUMENT, one.target.partition("?")[0]) is not None


def unlike(straight: Message, through: Message, differences: frozenset[str], *, answer: bool) -> list[str]:
    """Return the wrong differences."""
    left, right = (comparable(message, differences, answer=answer) for message in (straight, through))
    if left.start.endswith(b" "):
        # HAProxy has written a reason where there was none.
        right = replace(right, start=right.start[: len(left.start)])
    found = [f"- {pair}" for pair in left.headers if pair not in right.headers]
    found += [f"+ {pair}" for pair in right.headers if pair not in left.headers]
    for name in ("headers", "start", "framing", "body", "trailers"):
        one, other = getattr(left, name), getattr(right, name)
        if one != other:
            found.append(f"{name}: {one[:200]!r} != {other[:200]!r}")
    return found


def both_ways(both: Both, one: Exchange, chosen: Way) -> list[str]:
    """Send a request straight to the service and through the gateway, and return the wrong differences."""
    if chosen.service == "compute" and not dict(one.headers).get(b"Content-Type", b"").strip(b"; "):
        # Users of another cloud must name the type of a body that they post to most services, or it may be taken for a form.
        kept = (pair for pair in one.headers if pair[0] != b"Content-Type")
        one = replace(one, headers=(*kept, (b"Content-Type", b"application/json")))
    straight, through = (sent(both, one, chosen.service, port, *chosen.headers()) for port in (both.straight, both.gate))
    wrong = unlike(straight[0], through[0], chosen.differences, answer=False)
    return wrong + [f"answer: {line}" for line in unlike(straight[1], through[1], chosen.differences, answer=True)]


@pytest.mark.parametrize("name", WAYS)
def test_service_and_client_receive_the_bytes_that_were_sent(name: str, both: Both) -> None:
    chosen = WAYS[name]
    drawn = [one for one in map(generated, range(EXCHANGES)) if chosen.service != "compute" or one.method in WRITES]
    if PEER in chosen.differences:
        # A peer's version documents are read: test_peer_links.py.
        drawn = [one for one in drawn if not is_document(one)]
    wrong = {f"{one.number} {one.method} {one.target[:60]}": both_ways(both, one, chosen) for one in drawn}
    found = [f"{key}: {lines}" for key, lines in wrong.items() if lines]
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("name", WAYS)
def test_the_largest_heads_of_swift_pass(name: str, both: Both) -> None:
    """By its defaults: 126 headers, of them 90 of metadata with 4,096 bytes, lines of 8,192; and a token with a long scope."""
    lists = tuple((b"X-Container-%s" % which, b"r" * (8192 - 20)) for which in (b"Read", b"Write"))
    metadata = tuple((b"X-Container-Meta-N%03d" % number, b"v" * 41) for number in range(90))
    others = tuple((b"X-Other-%d" % number, b"o" * 10) for number in range(126 - 92 - 6))
    told = (*lists, *metadata, *others)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + b"".join(b"%s: %s\r\n" % pair for pair in told) + b"\r\n"
    method = "POST" if WAYS[name].service == "compute" else "GET"
    one = Exchange(0, method, "/v1/AUTH_p/c", (*told, (b"X-Padding", b"t" * 3072)), b"", answer, expects=False)
    assert both_ways(both, one, WAYS[name]) == []


def test_the_page_lists_every_difference() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")
