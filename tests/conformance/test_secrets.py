# SPDX-License-Identifier: Apache-2.0
"""No token, password or key is in the output of a gateway, for any request and any failure.

The whole gateway runs: supervisor, HAProxy and Python service. Marked secrets stand in each place of a request where a client may
put one, to services that work, that are down, that answer nonsense; then all that was written is searched for them.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.clouds import description
from conformance.gateway import started
from conformance.recorder import free_ports
from conformance.wrecked import ANSWERS, Hostile, hostile
from marked import Found, Marked, family, fernet_like, files, limit_of_cores, mode_of, opaque, shown_of, token_like
from unit.gateway.running import Gateway, free_port

DESCRIPTION = """\
mesh: 1
clouds:
  CloudOne:
    gateway:
      readers: "{readers}"
      timeouts: {{connect: 0.5, server: 0.5, client: 1, check: 60}}
      limits: {{exempt: [127.0.0.1]}}
      unbound_tokens: true
    services:
      identity: {{frontend: "http://127.0.0.1:{port}/identity", backend: "http://127.0.0.1:{here}/identity"}}
      image: {{frontend: "http://127.0.0.1:{port}/image", backend: "http://127.0.0.1:{here}/image"}}
      compute: {{frontend: "http://127.0.0.1:{port}/compute", backend: "http://127.0.0.1:{here}/compute"}}
      network: {{frontend: "http://127.0.0.1:{port}/network", backend: "http://127.0.0.1:{down}/network"}}
      object-store: {{frontend: "http://127.0.0.1:{port}/swift", backend: "http://127.0.0.1:{here}/swift"}}
  CloudTwo:
    services:
      identity: {{frontend: "http://127.0.0.1:{there}/identity"}}
      image: {{frontend: "http://127.0.0.1:{there}/os/image"}}
      compute: {{frontend: "http://127.0.0.1:{there}/compute"}}
  CloudThree:
    services:
      identity: {{frontend: "http://127.0.0.1:{down}/identity"}}
      image: {{frontend: "http://127.0.0.1:{down}/image"}}
"""
TRACED = "req-7472ace0-0000-4000-8000-000000000042"
ABROAD = '!SCOPE!{"*":"CloudTwo"}'


@dataclass
class Sealed(Gateway):
    """The gateway with a caller's credentials in its environment, and with no limit of core files."""

    folder: Path
    marked: Marked
    here: Hostile
    there: Hostile
    answers: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.password = self.marked.new("the reader account's password")
        self.readers = self.folder / "readers.yaml"
        self.down = free_port()
        super().__init__(self.folder, free_port(), self.here.port)

    def describe(self, peer: str) -> None:
        self.give(self.password)
        names = {"port": self.port, "here": self.here.port, "there": self.there.port, "down": self.down}
        self.config.write_text(DESCRIPTION.format(readers=self.readers, **names))

    def give(self, password: str, text: str = "") -> None:
        """Write the file of reader accounts, correctly or with a broken ``text``."""
        auth = {"username": "reader", "user_domain_id": "default", "system_scope": "all", "password": password}
        self.readers.touch(0o600)
        self.readers.write_text(text or json.dumps({"clouds": {"CloudTwo": {"auth": auth}}}))

    def start(self) -> None:
        of_a_client = {
            "OS_PASSWORD": self.marked.new("OS_PASSWORD"),
            "OS_TOKEN": self.marked.new("OS_TOKEN"),
            "AWS_SECRET_ACCESS_KEY": self.marked.new("AWS_SECRET_ACCESS_KEY"),
            "MY_APP_TOKEN": self.marked.new("MY_APP_TOKEN"),
            "http_proxy": f"http://me:{self.marked.new('the password of http_proxy')}@127.0.0.1:9",
        }
        desk = self.folder / "desk"
        desk.mkdir(exist_ok=True)
        with unlimited_cores(), self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | of_a_client,
                cwd=desk,
            )
        self.wait_for("is ready on")

    def exchange(self, request: bytes) -> bytes:
        """Send bytes and return the answer; the gateway's own answers are kept."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection, contextlib.suppress(OSError):
            connection.sendall(request)
            while chunk := connection.recv(65536):
                answer += chunk
        if b'"message": "gateway' in answer or b"<html>" in answer or b"Failed to validate" in answer:
            self.answers.append(answer)
        return answer

    @property
    def records(self) -> str:
        """The address of the page of a trace."""
        return f"GET /.openstackoid/trace/{TRACED} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@contextlib.contextmanager
def unlimited_cores() -> Iterator[None]:
    """Let programs that start meanwhile write core files of any size, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def message(line: str, *headers: str, body: str = "") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([line, "Host: 127.0.0.1", *headers, *length, "Connection: close", "", body]).encode("latin-1")


def ordinary(marked: Marked, way: str) -> Iterator[bytes]:
    """Requests as clients and services make them, each with secrets of its own in every place."""

    def new(name: str) -> str:
        return marked.new(f"{way}: {name}")

    def headers(name: str, scope: str = "", plain: str = "") -> list[str]:
        basic = b64encode(f"me:{new(f'{name}, basic')}".encode()).decode()
        given = [
            f"X-Auth-Token: {new(f'{name}, X-Auth-Token')}{scope}",
            f"X-Service-Token: {new(f'{name}, X-Service-Token')}",
            f"Authorization: Basic {basic}",
            f"Cookie: session={new(f'{name}, a cookie')}",
            f"X-Storage-Token: {new(f'{name}, another header')}",
            f"X-OpenStack-Request-Id: {TRACED}",
        ]
        return [*given, f"X-Scope: {plain}"] if plain else given

    scopes = {"none": ("", ""), "two": ("", '{"image":"CloudTwo"}'), "three": ("", '{"image":"CloudThree"}')}
    scopes |= {"token": (ABROAD, ""), "odd": ('!SCOPE!{"image" :"Cloud\\u0054wo"}', ""), "bad": ('!SCOPE!{"image"', "")}
    for name, (scope, plain) in scopes.items():
        query = f"temp_url_sig={new(f'{name}, a query')}"
        yield message(f"GET /image/v2/images?{query} HTTP/1.1", *headers(f"{name} image", scope, plain))
        body = json.dumps({"server": {"adminPass": new(f"{name}, a body")}})
        kind = "Content-Type: application/json"
        yield message("POST /compute/v2.1/servers HTTP/1.1", *headers(f"{name} compute", scope, plain), kind, body=body)
    yield message(f"GET /network/v2.0/ports?token={new('down, a query')} HTTP/1.1", *headers("down"))
    yield message(f"GET /compute/os-console-auth-tokens/{new('a path')} HTTP/1.1", *headers("path"))
    console = marked.new(f"{way}: a console's token", value="".join(f"{byte:02x}" for byte in os.urandom(16)))
    yield message(f"GET /compute/os-console-auth-tokens/{console} HTTP/1.1", *headers("console"))
    yield message(f"GET /image/v2/{new('a path abroad')} HTTP/1.1", *headers("path abroad", ABROAD))
    guest = f'X-Auth-Token: {new("a guest")}!SCOPE!{{"*":"CloudOne","identity":"CloudTwo"}}'
    for path in ("/image/v2/images", "/compute/os-console-auth-tokens/abc"):
        yield message(f"GET {path} HTTP/1.1", guest, f"X-OpenStack-Request-Id: {new(f'a request id of a guest {path}')}")
    password = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": new("a log-in")}}}}}
    token = {"auth": {"identity": {"methods": ["token"], "token": {"id": new("a log-in by token") + ABROAD}}}}
    for plain in ("", '{"identity":"CloudTwo"}', '{"identity":"CloudThree"}', "{nonsense}"):
        for document in (password, token):
            yield message(
                "POST /identity/v3/auth/tokens HTTP/1.1", *headers(f"log-in {plain}", plain=plain), body=json.dumps(document)
            )
    for query in ("", "?allow_expired=1"):
        subject = f"X-Subject-Token: {new(f'a subject{query}')}{ABROAD}"
        own = f"X-Auth-Token: {new(f'a service that asks{query}')}"
        yield message(f"GET /identity/v3/auth/tokens{query} HTTP/1.1", own, subject)


def malformed(marked: Marked) -> Iterator[bytes]:
    """Requests that HAProxy, or the Python service, cannot read or will not send on."""

    def new(name: str) -> str:
        return marked.new(f"malformed: {name}")

    auth = f"X-Auth-Token: {new('a header')}"
    yield message(f"{new('a method').replace('-', '')} /image HTTP/1.1", auth)
    yield message(f"{new('a method that is long')} /image/x HTTP/1.1")
    yield message(f"GET http://me:{new('a user')}@127.0.0.1/image/x HTTP/1.1", auth)
    yield message(f"GET {new('a path without a slash')} HTTP/1.1", auth)
    yield message(f"GET /{new('a path of no service')} HTTP/1.1", auth)
    yield message(f"GET /image/x{new('a path')}\x80 HTTP/1.1", auth)
    yield message(f"GET /image/x#{new('a fragment')} HTTP/1.1", auth)
    yield message(f"GET /image/{new('a line of three words')} and more HTTP/1.1", auth)
    yield message("GET /image/x HTTP/1.1", f"X-Auth-Token {new('a header without a colon')}")
    yield message("GET /image/x HTTP/1.1", f"{new('the name of a header')}: x", auth)
    yield message("GET /image/x HTTP/1.1", f"{new('the name of a header that is not UTF-8')}: \xff!SCOPE!", auth)
    yield message("GET /image/x HTTP/1.1", auth, f"X-Auth-Token: {new('a second token')}")
    yield message("GET /image/x HTTP/1.1", f"X-Auth-Token: {new('a token with a control')}\x01!SCOPE!{{}}")
    yield message("GET /image/x HTTP/1.1", f"X-Auth-Token: {new('a token that is not UTF-8')}\xff{ABROAD}")
    yield message("GET /image/x HTTP/1.1", f"X-Scope: {new('a token in X-Scope')}")
    yield message("GET /image/x HTTP/1.1", f'X-Scope: {{"{new("a token as a service")}": "CloudTwo"}}')
    yield message("GET /image/x HTTP/1.1", f'X-Scope: {{"image": "{new("a token as a cloud")}"}}')
    yield message("GET /image/x HTTP/1.1", f"X-Auth-Token: {new('a token in full')}{ABROAD}{new('a token behind a scope')}")
    yield message("GET /image/x HTTP/1.1", f"X-Auth-Token: {new('too long') * 120}")
    yield message(
        "GET /image/x HTTP/1.1", f"X-OpenStack-Request-Id: {new('a request id')}", f"X-Scope-Force: {new('force')}", auth
    )
    yield message("GET /image/x HTTP/1.1", f"Expect: {new('an expectation')}", f"X-Scope: {new('a scope')}")
    yield message("POST /image/x HTTP/1.1", f"Content-Length: {new('a length')}", auth)
    yield message("POST /image/x HTTP/1.1", "Transfer-Encoding: chunked", auth, body="") + new("a chunk").encode() + b"\r\n"
    yield message("POST /identity/v3/auth/tokens HTTP/1.1", "X-Scope: {", body=new("a log-in that is no JSON"))
    yield message(f"GET /identity/scope/{new('a scope in the URL')}/v3 HTTP/1.1", auth)
    yield message(f"GET /identity/scope/image={new('a cloud in the URL')}/v3 HTTP/1.1", auth)
    yield message(f"GET /.openstackoid/trace/{new('the id of a trace')} HTTP/1.1", auth)
    yield message(f"GET /.openstackoid/workflow/{new('the id of a workflow')} HTTP/1.1", auth)
    yield message(f"GET /.openstackoid/{new('a page')}?{new('the query of a page')} HTTP/1.1", auth)
    yield b"\x16\x03\x01\x02\x00" + new("TLS where none is spoken").encode() + b"\r\n\r\n"
    yield f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{new('HTTP/2 where none is spoken')}".encode()
    yield f"GET /image/x HTTP/1.1\r\nX-Auth-Token: {new('a head that does not end')}".encode()


def reads_again(gateway: Sealed) -> None:
    """Have the gateway read an operator's broken files, with a secret at the fault."""
    good = gateway.config.read_text()
    for text in (
        good.replace("http://127.0.0.1:", f"http://me:{gateway.marked.new('a user in the mesh')}@127.0.0.1:", 1),
        good + f"\npassword: {gateway.marked.new('a password in the mesh')}\n",
        good.replace("mesh: 1", f"mesh: 1\n  token: {gateway.marked.new('a token in the mesh')}"),
    ):
        gateway.config.write_text(text)
        said = gateway.said().count("goes on with the description")
        gateway.hang_up()
        gateway.wait_for("goes on with the description", said + 1)
    gateway.config.write_text(good)
    for name, text in (
        ("an account that is no YAML", "clouds: {{CloudTwo: {{auth: '{}"),
        ("an account's key", "clouds: {{CloudTwo: {{auth: {{password:{}: 1}}}}}}"),
        ("an account's cloud", "clouds: {{{}: {{}}}}"),
        ("an account's type", "clouds: {{CloudTwo: {{auth_type: {}, auth: {{}}}}}}"),
    ):
        gateway.give("", text.format(gateway.marked.new(name)))
        said = gateway.said().count("goes on with the description")
        gateway.hang_up()
        gateway.wait_for("goes on with the description", said + 1)
    gateway.give(gateway.password)


@pytest.fixture(scope="module", params=[fernet_like, opaque])
def wrecked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """A gateway that has been through all of it, and runs: with tokens that look like some, and with such as no pattern knows."""
    folder = tmp_path_factory.mktemp("secrets")
    marked = Marked(request.param)
    with hostile(folder / "seen-here") as here, hostile(folder / "seen-there") as there:
        reader = marked.new("the reader account's token")
        times = '"issued_at":"2026-01-01T00:00:00.000000Z","expires_at":"2099-01-01T00:00:00.000000Z"'
        given = f'{{"token":{{{times},"methods":["password"],"user":{{"id":"u","name":"r","domain":{{"id":"d","name":"D"}}}}}}}}'
        head = f"HTTP/1.1 201 Created\r\nX-Subject-Token: {reader}\r\nContent-Type: application/json\r\nContent-Length: "
        log_in = f"{head}{len(given)}\r\nConnection: close\r\n\r\n{given}".encode()
        gateway = Sealed(folder, marked, here, there)
        gateway.start()
        try:
            for way in ANSWERS:
                here.answers = there.answers = way
                for sent in ordinary(marked, way):
                    there.special = {b"POST /identity/v3/auth/tokens": lambda _: log_in} if way == "unauthorized" else {}
                    gateway.exchange(sent)
            here.answers = there.answers = "good"
            for sent in malformed(marked):
                gateway.exchange(sent)
            reads_again(gateway)
            yield gateway
        finally:
            gateway.stop()


def test_the_search_finds_secrets_that_are_there(wrecked: Sealed, tmp_path: Path) -> None:
    """The services' requests hold tokens and passwords in plain, and an encoded one."""
    found = wrecked.marked.search([wrecked.folder / "seen-here", wrecked.folder / "seen-there"])
    names = {one.name for one in found}
    assert "the reader account's password" in names
    assert {"good: none image, X-Auth-Token", "good: none, a body", "good: none, a query", "good: a console's token"} <= names
    assert Found("good: none image, basic", "base64", str(wrecked.folder / "seen-here")) in found
    assert len(names) > 200


def test_the_log(wrecked: Sealed) -> None:
    text = wrecked.log.read_bytes()
    assert wrecked.marked.find(text, "the log") + token_like(text, "the log") == []
    # It is the log of all that: of HAProxy and of the Python service.
    assert text.count(b" haproxy ") > 100
    assert text.count(b" bridge ") > 100
    assert b"/os-console-auth-tokens/..." in text
    assert b"<BADREQ>" in text


def test_the_answers(wrecked: Sealed) -> None:
    assert len(wrecked.answers) > 100
    assert [found for answer in wrecked.answers for found in wrecked.marked.find(answer, repr(answer[:40]))] == []


def test_the_trace_holds_no_secret(wrecked: Sealed) -> None:
    page = wrecked.exchange(wrecked.records.encode())
    assert page.startswith(b"HTTP/1.1 200")
    assert page.count(b'"method"') > 50
    assert wrecked.marked.find(page, "the trace") == []


def test_the_files(wrecked: Sealed) -> None:
    """Journal, records of processes, generated configuration: all of them, and they are their owner's."""
    assert wrecked.marked.search([wrecked.state]) == []
    assert [str(path) for path in files([wrecked.state]) if mode_of(path) & 0o077] == []
    assert mode_of(wrecked.readers) == 0o600
    uses = [json.loads(line) for line in (wrecked.state / "audit.log").read_text().splitlines()]
    assert {"in", "out"} == {use["direction"] for use in uses}, "the audit log is one of them, and has lines of both kinds"


def test_the_processes(wrecked: Sealed) -> None:
    """No title holds a secret, and the environment of the supervisor's caller is not in its children's."""
    supervisor, *children = family(wrecked.running.pid)
    assert len(children) == 3, "HAProxy, the Python service, and the process of it that reads HAProxy's log"
    shown = [*shown_of(supervisor, environment=False), *(pair for child in children for pair in shown_of(child))]
    assert [found for where, text in shown for found in wrecked.marked.find(text, where)] == []
    assert b"PATH=" in b"".join(text for where, text in shown if where.endswith("environ"))


def test_haproxys_control_socket(wrecked: Sealed) -> None:
    """It does not show the requests that it could not read, with their headers."""
    for command in ("show errors", "show sess all", "show env", "show stat", "show info", "show events", "help"):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(wrecked.state / "haproxy.sock"))
            control.sendall(f"{command}\n".encode())
            answer = b"".join(iter(lambda: control.recv(65536), b""))
        assert wrecked.marked.find(answer, command) == []
        if command in ("show errors", "show env"):
            assert b"Permission denied" in answer, answer


def test_core_files(wrecked: Sealed) -> None:
    """None is written, where the system would write one."""
    supervisor, *children = family(wrecked.running.pid)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    limit = "0" if hard == 0 else "1"
    assert {process.pid: limit_of_cores(process.pid) for process in (supervisor, *children)} == {
        process.pid: (limit, limit) for process in (supervisor, *children)
    }
    said = wrecked.said().count("was killed by SIGABRT")
    for child in children:
        child.send_signal(signal.SIGABRT)
    # The supervisor tells of its own two children.
    wrecked.wait_for("was killed by SIGABRT", said + 2)
    wrecked.wait_for("runs again", 2)
    assert wrecked.marked.search([wrecked.folder / "desk"]) == []
    assert list((wrecked.folder / "desk").iterdir()) == []


def test_the_python_service_seals_itself() -> None:
    """Also without a supervisor; no other process of its user can attach to it, or read its memory."""
    with unlimited_cores(), started(description(free_ports()), "CloudOne", with_bridge=True) as (_, (bridge, _)):
        assert limit_of_cores(bridge) == (("0", "0") if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 else ("1", "1"))
        assert Path("/proc", str(bridge), "environ").stat().st_uid == 0, "of a process that is not dumpable, root owns them"
