# SPDX-License-Identifier: Apache-2.0
"""A whole gateway with marked secrets, and requests that hold one in each place where a client may put one."""

import contextlib
import json
import os
import resource
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conformance.wrecked import Hostile
from marked import Marked
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
