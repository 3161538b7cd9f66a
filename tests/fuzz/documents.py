# SPDX-License-Identifier: Apache-2.0
"""Inputs of the bridge: bodies, answers of Keystones and of peers, and the rows of its store."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import strategies as st

from conformance.clouds import three_clouds
from conformance.scopes import once_in
from fuzz.mutations import mutated_bytes
from fuzz.target import Check, Target, pure
from openstackoid.bridge.identity.token_documents import (
    body_token,
    document,
    project_of,
    with_body_token,
    with_catalog,
    with_plain_catalog,
)
from openstackoid.bridge.message.head import end_to_end
from openstackoid.bridge.message.verbatim import decoded, encoded
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.trace.peer_records import Trail, ask_peers
from openstackoid.bridge.trace.records import RECORDS_OF_ONE, Record, record_of
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamError
from openstackoid.bridge.workflows import scope_of
from openstackoid.mesh import catalog
from openstackoid.mesh.model import Mesh
from openstackoid.routing.collaborations import broken

MESH = three_clouds()
HERE, PEER = MESH.clouds["CloudOne"], MESH.clouds["CloudTwo"]
TRACED = "req-7472ace0-0000-4000-8000-000000000000"
MARKED = "req-5c09ed01-0000-4000-8000-000000000000"
_RECORD = {
    "gateway": "CloudTwo", "cloud": "CloudTwo", "service": "image", "interface": "public", "method": "GET", "path": "/v2/images",
    "status": 200, "started": 1.5, "seconds": 0.1, "route": "local", "via": "token",
}  # fmt: skip
_LINK = {"rel": "self", "href": "http://127.0.0.1:10012/v3/users?x=1"}
_TOKEN = {"methods": ["token"], "user": {"id": "u"}, "project": {"id": "p1"}, "catalog": [{"type": "image", "endpoints": [{}]}]}
GOOD: list[Any] = [
    {"auth": {"identity": {"methods": ["token"], "token": {"id": "gAAAA~e30"}}}},
    {"token": _TOKEN},
    {"catalog": [], "links": {"self": "http://127.0.0.1:10000/identity/v3/auth/catalog"}},
    {"servers": [{"id": "s", "links": [_LINK], "metadata": {"rel": "x", "href": "http://x"}}], "servers_links": [_LINK]},
    {"versions": [{"id": "v2", "links": [_LINK]}], "next": "http://127.0.0.1:10012/v3", "first": "/v2/images"},
    {"id": TRACED, "hops": [_RECORD], "missing": []},
    {"id": MARKED, "scope": {"*": "CloudOne", "image": "CloudTwo"}},
    {"*": "CloudOne", "image": "CloudTwo"},
    {"server": {"networks": [{"uuid": "n"}], "block_device_mapping_v2": [{"source_type": "volume"}]}},
]
_SCALARS: list[Any] = [
    None,
    True,
    0,
    -1,
    10**400,
    1e300,
    -0.0,
    "",
    "x",
    "é",
    "\ud800",
    "http://127.0.0.1:10012/v3",
    "CloudOne",
    "a" * 300,
    [],
    {},
    2**63,
]
_PIECES = [
    *(bytes([number]) for number in b'{}[]":,\\ \n\r\t\x00\xff\xef\x85'), b"NaN", b"1e999", b"-Infinity", b'"\\ud800"',
    b"null", b"9" * 5000, b"9" * 400, b"[" * 300, b"[" * 20_000, b'{"a":' * 300, b"\xef\xbb\xbf", b"\xff\xfe", b"http://",
    b"!SCOPE!", b"~e30", b"links", b"href", b"\xe2\x80\xa8",
]  # fmt: skip


def _replaced(item: Any, path: list[int], value: Any) -> Any:
    """Return a document with another value at the place to which ``path`` leads."""
    if path and isinstance(item, dict) and item:
        keys = list(item)
        key = keys[path[0] % len(keys)]
        return {**item, key: _replaced(item[key], path[1:], value)}
    if path and isinstance(item, list) and item:
        at = path[0] % len(item)
        return [*item[:at], _replaced(item[at], path[1:], value), *item[at + 1 :]]
    return value


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """The bytes of one of these documents: with another value somewhere, a part nested deeply, or broken."""
    item = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(0, 3))):
        value = draw(st.one_of(st.sampled_from(_SCALARS), st.sampled_from(GOOD)))
        if draw(once_in(8)):
            for _ in range(draw(st.sampled_from([1, 3, 60]))):
                value = draw(st.sampled_from([[value], {"links": value}, {"x": value}]))
        item = _replaced(item, draw(st.lists(st.integers(0, 9), max_size=5)), value)
    text = json.dumps(item, ensure_ascii=draw(st.booleans()))
    if draw(once_in(6)):
        depth = draw(st.one_of(st.integers(1, 200), st.integers(850, 1000)))
        text = text.replace("1.5" if "1.5" in text else '"n"', "[" * depth + "]" * depth)
    if draw(once_in(8)):
        text = json.dumps([item] * draw(st.integers(1, 120)))
    data = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "utf-32-le"])), "surrogatepass")
    return draw(mutated_bytes(data, _PIECES, 3)) if draw(st.booleans()) else data


def check(data: bytes) -> None:
    """Only the errors that are promised, and no more comes out than can be accounted for."""
    most = 8 * len(data) + 200
    body_token(data)
    assert len(with_body_token(data, "t" * 100)) <= most, "a body stays about as large"
    read = document(data)
    for rule in MESH.collaborations:
        broken([rule], read)
    with suppress(ValueError):
        found = project_of(data)
        assert found is None or (0 < len(found) <= 64 and found.isascii()), "a project's id is an id"
    own = len(json.dumps(catalog(HERE, "x" * 64)))
    with suppress(ValueError):
        assert len(with_catalog(data, lambda project: catalog(HERE, project))) <= most + own, "a catalog is ours"
    with suppress(ValueError):
        assert len(with_plain_catalog(data, catalog(HERE, "p"))) <= most + own, "a catalog is ours"
    rewritten(data)


def rewritten(data: bytes) -> None:
    """Links are rewritten in any document, and once is enough."""
    frontend_endpoint, target = HERE.endpoint("identity", "public"), PEER.endpoint("identity", "public")
    assert frontend_endpoint is not None
    assert target is not None
    links = Links(MESH, frontend_endpoint, target, "gate:10000")
    for whole in (False, True):
        out = links.document(data, whole=whole)
        # Each link may become longer by our origin and prefix.
        assert len(out) <= 8 * len(data) + 60 * (data.count(b"h") + 1) + 200, "an answer stays about as large"
        if out is not data:
            json.loads(out)
            assert b"NaN" not in out, "what is written anew is JSON"
            assert b"Infinity" not in out, "what is written anew is JSON"


@st.composite
def answer_headers(draw: st.DrawFn) -> tuple[tuple[bytes, bytes], ...]:
    names = [b"Location", b"Content-Location", b"WWW-Authenticate", b"Connection", b"Proxy-X", b"x\xff", b"Upgrade"]
    values = [
        b'Keystone uri="http://h/identity/v3"',
        b"http://127.0.0.1:10012/v3/x",
        b"//h/v3",
        b"/v3",
        b"?x",
        b"http://",
        b"close, X-Scope",
        b"http://gate:10000/v3\\1",
    ]
    pieces = [bytes([number]) for number in b'"/:?#\\ ,\xff\n%'] + [b"/v3", b"\\1", b'uri="']
    pair = st.tuples(st.sampled_from(names), st.sampled_from(values).flatmap(lambda value: mutated_bytes(value, pieces)))
    return tuple(draw(st.lists(pair, max_size=4)))


MAY_GO = {"content-location", "www-authenticate", "x-subject-token"}
"""Headers that a peer may not say of another place, or as Keystone."""


def check_headers(given: tuple[tuple[bytes, bytes], ...]) -> None:
    """Headers of an answer are handed on; their bytes are kept and their number stays, but for those of the hop."""
    headers = decoded(given)
    assert tuple((encoded(name), encoded(value)) for name, value in headers) == given
    kept = end_to_end(headers)
    frontend_endpoint = HERE.endpoint("image", "public")
    assert frontend_endpoint is not None
    for cloud in MESH.clouds.values():
        target = cloud.endpoint("image", "public")
        assert target is not None
        for host in (None, "gate:10000", "gate"):
            links = Links(MESH, frontend_endpoint, target, host)
            out = links.headers(kept)
            challenges = sum(name.lower() == "www-authenticate" for name, _ in kept)
            stays = [
                pair for pair in kept if links.headers((pair,)) and (pair[0].lower() != "www-authenticate" or challenges == 1)
            ]
            if cloud is HERE:
                stays = list(kept)
            elif any(pair not in stays and pair[0].lower() not in MAY_GO for pair in kept):
                raise AssertionError("a header goes that a peer may send")
            assert [name for name, _ in out] == [name for name, _ in stays], "no header comes or goes but what a peer may not say"
            for (_, before), (_, after) in zip(stays, out, strict=True):
                assert len(after) <= len(before) + 100, "a header stays about as large"
                assert ("\n" in after) <= ("\n" in before), "no line is added"


class Peer:
    """Stands for the way out: every question gets the same answer."""

    at = "CloudOne"

    def __init__(self) -> None:
        self.answer = b""
        self.asked = 0

    @asynccontextmanager
    async def send(self, target: object, request: object, timeouts: object, deadline: object) -> AsyncIterator[SimpleNamespace]:
        self.asked += 1

        async def pieces() -> AsyncIterator[bytes]:
            yield self.answer

        yield SimpleNamespace(status=200, content=SimpleNamespace(iter_any=pieces))

    def unusable(self, hop: object, why: str) -> UpstreamError:
        return UpstreamError(502, f"gateway of {self.at}: {why}")


@contextmanager
def reading() -> Iterator[Check]:
    """Yield a check of peers' answers: each is read or left out."""
    loop, peer = asyncio.new_event_loop(), Peer()
    mesh = Mesh(MESH.clouds, MESH.collaborations, MESH.shared)

    def read(data: bytes) -> None:
        peer.answer, peer.asked = data, 0
        first = record_of({**_RECORD, "gateway": "CloudOne"}, "CloudOne")
        assert first is not None
        trail = Trail([first])
        upstream = cast(Upstream, peer)
        loop.run_until_complete(ask_peers(upstream, mesh, f"/x/{TRACED}", "only=here", trail))
        assert peer.asked <= len(MESH.clouds), "each peer is asked once"
        assert len(trail.records) <= 1 + RECORDS_OF_ONE * len(MESH.clouds), "a peer's records are bounded"
        for record in trail.records:
            sound(record)
        assert len(json.dumps(trail.missing)) < 100_000, "what is missing is told shortly"

    try:
        yield read
    finally:
        loop.close()


@st.composite
def rows(draw: st.DrawFn) -> bytes:
    """The scope of a row of the store, with another value somewhere, or broken."""
    item = draw(st.sampled_from([GOOD[7], {}, [], "x", *_SCALARS]))
    if isinstance(item, dict) and draw(st.booleans()):
        item = {**item, draw(st.sampled_from(["image", "*", ""])): draw(st.sampled_from(_SCALARS))}
    text = json.dumps(item).encode()
    return draw(mutated_bytes(text, _PIECES, 3)) if draw(st.booleans()) else text


def remembered(data: bytes) -> None:
    """The scope of a row is read, or the row is left out."""
    scope = scope_of(data.decode("utf-8", "replace"))
    if scope is not None:
        assert scope, "a scope names something"
        assert all(isinstance(part, str) for entry in scope.items() for part in entry), "a scope is of texts"
        assert json.loads(scope.to_header()) == dict(scope), "a scope can be written"


def sound(record: Record) -> None:
    """Raise unless a record holds short words and finite numbers."""
    said = json.dumps(record.document(), allow_nan=False)
    assert len(said) < 2000, "a record is short"
    assert record_of(record.document(), record.gateway) == record, "what was read is read again"


BODIES = Target(
    "bodies", "bodies and tokens are read, links rewritten; only ValueError, no growth", bodies(), pure(check), short=200
)
PEERS = Target("peers", "pages of peers are read or left out", bodies(), reading, short=300)
HEADERS = Target(
    "answers",
    "headers of answers are rewritten, none comes or goes but a link elsewhere",
    answer_headers(),
    pure(check_headers),
    short=300,
)
ROWS = Target("rows", "the scope of a row of the store is read or left out", rows(), pure(remembered), short=200)
