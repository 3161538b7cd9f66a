# SPDX-License-Identifier: Apache-2.0
"""Hostile bytes for a whole gateway, between a client that breaks all rules and services that read by the letter."""

import base64
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote_to_bytes

from conformance.clouds import description, rarely_checked
from conformance.gateway import started
from conformance.recorder import free_ports
from fuzz.backends import Backends, Seen
from fuzz.corpus import Pieces, streams
from fuzz.heads import SECRET
from fuzz.target import Check, Target
from fuzz.wire import Message, UnclearError, answers_in, requests_in
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.routing.pages import HEALTH
from openstackoid.routing.wire_version import HEADER

AT = "CloudOne"
PATIENCE = 12.0
"""Seconds within which every connection has come to an end: the gateway's timeouts, twice, for a busy machine."""

_HTTP2 = b"PRI * HTTP/2.0"
"""Who begins so may be answered in frames, which are not looked into here."""
_SETTLING = 0.3
_ESCAPED = re.compile(rb"\\u00([0-9a-fA-F]{2})")
_CARRIED = re.compile(rb"~((?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?)")
"""Base64url behind the mark of a token, up to the last whole byte."""
_TOKENS = (b"x-auth-token", b"x-subject-token", b"x-service-token")
_WANTS_PYTHON = b'X-Auth-Token: tok\r\nX-Scope: {"\\u0069mage":"CloudTwo"}\r\n'


@dataclass
class Exchange:
    """The bytes of one connection. ``cut``: the gateway reset it, so that an answer may be lost."""

    sent: bytes
    got: bytes = b""
    cut: bool = False
    seen: list[Seen] = field(default_factory=list)


@dataclass
class Gateway:
    """The gateway of :data:`AT` and its surroundings."""

    mesh: Mesh
    backends: Backends
    address: tuple[str, int]
    keystones: frozenset[int]
    log: Path
    _read: int = 0
    _count: int = 0

    def exchange(self, pieces: Pieces) -> Exchange:
        """Write the pieces on a connection, then no more, and read until the end."""
        self.backends.seen.clear()
        done = Exchange(b"".join(data for data, _ in pieces))
        deadline = time.monotonic() + PATIENCE
        with socket.create_connection(self.address, timeout=PATIENCE) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for data, pause in pieces:
                    client.sendall(data)
                    time.sleep(pause / 1000)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                done.cut = True
            try:
                while chunk := client.recv(65536):
                    done.got += chunk
                    assert time.monotonic() < deadline, "the connection comes to an end"
            except TimeoutError:
                raise AssertionError("the connection comes to an end") from None
            except ConnectionError:
                done.cut = True
        until = time.monotonic() + 1
        while self.backends.busy and time.monotonic() < until:
            time.sleep(0.001)
        done.seen = list(self.backends.seen)
        return done

    def alive(self) -> None:
        """Raise unless an ordinary client is served, by HAProxy alone and, now and then, through Python."""
        self._count += 1
        for head in (b"", _WANTS_PYTHON) if self._count % 4 == 0 else (b"",):
            done = self.exchange(((b"GET /image/v2/images HTTP/1.1\r\nHost: gate\r\n" + head + b"\r\n", 0),))
            assert done.got.startswith(b"HTTP/1.1 200 "), "the gateway serves others"

    def said(self) -> str:
        """Return the new lines of the bridge's log."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        self._read += len(said)
        return said.decode("utf-8", "replace")

    def check(self, pieces: Pieces) -> None:
        """Send the bytes; a broken promise that breaks again on a quiet gateway is a finding."""
        try:
            self._attempt(pieces, 0.0)
        except AssertionError:
            time.sleep(_SETTLING)
            self._attempt(pieces, _SETTLING)

    def _attempt(self, pieces: Pieces, settling: float) -> None:
        self.said()
        self.backends.unclear.clear()
        done = self.exchange(pieces)
        if settling:
            time.sleep(settling)
            done.seen = list(self.backends.seen)
        said = self.said()
        judge(done, self)
        assert self.backends.unclear == [], f"what is sent on is clear HTTP: {self.backends.unclear[0][:80]}"
        assert "defect" not in said, f"the bridge has no defect: {said.partition('defect')[2][:60].strip()}"
        assert "Traceback" not in said, "the bridge has no defect"
        assert SECRET not in said, "the log shows no token"
        self.alive()


def judge(done: Exchange, gateway: Gateway) -> None:
    """Raise unless the answers are sound, and the services saw what the client has asked for and was answered for."""
    try:
        answers = [answer for answer in answers_in(done.got) if not answer.first[0].startswith(b"1")]
    except UnclearError as error:
        if _HTTP2 in done.sent:
            return
        raise AssertionError(f"an answer is HTTP: {str(error)[:60]}") from None
    for answer in answers:
        assert answer.first[0] != b"500", "no answer is a 500"
        assert SECRET.encode() not in answer.body, "an answer shows no token"
    # The bridge asks a second question of its own for a catalog, and peers for their health.
    own = b"?nocatalog", HEALTH.encode()
    seen = [each for each in once(done.seen) if not each.request.first[1].endswith(own)]
    assert len(seen) <= len(answers) + done.cut, "no service sees a request that is not answered for"
    for each in seen:
        told(each, done.sent, gateway)
    asked, clear = requests_in(done.sent)
    if clear:
        as_asked(seen, asked)


def once(seen: list[Seen]) -> list[Seen]:
    """Return the requests without repetitions: a read goes out once more where its connection ends before an answer."""
    found: list[Seen] = []
    for each in seen:
        of_read = each.request.first[0] in (b"GET", b"HEAD", b"OPTIONS")
        if not (of_read and found and (found[-1].port, found[-1].request) == (each.port, each.request)):
            found.append(each)
    return found


def told(each: Seen, sent: bytes, gateway: Gateway) -> None:
    """Raise unless a request is for the server that got it."""
    unquoted = unquote_to_bytes(sent)
    carried = [base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)) for text in _CARRIED.findall(unquoted)]
    plain = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), b" ".join([unquoted, *carried]))
    assert each.cloud == AT or each.cloud.encode() in plain, "no cloud is asked that no scope names"
    names = [name for name, _ in each.request.fields]
    own = {name for name in names if name.startswith(b"x-openstackoid-")}
    assert own <= (set() if each.cloud == AT else {HEADER.encode()}), (
        "gateways and their parts tell each other what no service sees"
    )
    for name, value in each.request.fields:
        if name.replace(b"_", b"-") in _TOKENS and b"_" in name:
            assert b"!SCOPE!" not in value and b"~ey" not in value, "no service takes another header for a token with a scope"
    if each.cloud == AT:
        assert b"x-scope" not in names, "a service sees no X-Scope"
    if each.port in gateway.keystones:
        tokens = [value for name, value in each.request.fields if name in _TOKENS]
        assert all(b"!SCOPE!" not in value and b"~" not in value for value in tokens), "Keystone sees no scope"


def as_asked(seen: list[Seen], asked: list[Message]) -> None:
    """Raise unless the services saw some of the client's requests, in order, with method and body."""
    left = iter(asked)
    for each in seen:
        request = each.request
        found = next((message for message in left if _same_method(message, request) and _same_body(message, request)), None)
        assert found is not None, "a service sees nothing that was not asked"


def _same_method(asked: Message, seen: Message) -> bool:
    # The bridge validates a token by GET, as it needs the answer's body.
    return asked.first[0] == seen.first[0] or (asked.first[0] == b"HEAD" and b"auth/tokens" in seen.first[1])


def _same_body(asked: Message, seen: Message) -> bool:
    # The bridge takes the scope out of the token in the body of a log-in, and writes that anew.
    return asked.body == seen.body or b"auth/tokens" in seen.first[1]


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Start the gateway and all around it; stop it at the end."""
    # Checks of health would be requests that no client has sent.
    text = rarely_checked(description(free_ports()))
    mesh = parse_mesh(text)
    backends = Backends()
    with ExitStack() as stack:
        stack.callback(backends.close)
        log = Path(stack.enter_context(TemporaryDirectory(prefix="oid-")), "bridge.log")
        ports: dict[int, str] = {}
        for name, cloud in mesh.clouds.items():
            for endpoint in cloud.endpoints:
                ports.setdefault(endpoint.backends[0].port if name == AT else endpoint.frontend.port, name)
        for port, name in ports.items():
            backends.serve(name, port)
        stack.enter_context(started(text, AT, with_bridge=True, bridge_log=stack.enter_context(log.open("wb"))))
        here = mesh.clouds[AT]
        image = here.endpoint("image", "public")
        assert image is not None
        keystones = frozenset(endpoint.backends[0].port for endpoint in here.endpoints if endpoint.service == "identity")
        yield Gateway(mesh, backends, (image.frontend.host, image.frontend.port), keystones, log)


@contextmanager
def opened() -> Iterator[Check]:
    """Yield the check of a running gateway."""
    with gateway() as running:
        yield running.check


TARGET = Target(
    "http",
    "hostile bytes on a whole gateway: it stays alive, and no service sees what was not asked",
    streams(),
    opened,
    short=350,
    share=4,
    guided=False,
)
