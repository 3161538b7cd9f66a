# SPDX-License-Identifier: Apache-2.0
"""A gateway whose users' images a peer reads in their name, and requests of that peer."""

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conformance.bound_tokens import COMPUTE_THERE, TOKEN
from conformance.gateway import forgetful, started
from conformance.guests import ends
from conformance.recorder import Recorder, Seen, free_ports
from conformance.secure import Certificates
from openstackoid.base64url import decoded, encoded
from openstackoid.binding import BoundToken, KeyRepository, Kind, audience_digest, scope_digest, seal_token
from openstackoid.bridge.binding.binder import Binder
from openstackoid.routing.admission import SEALED
from openstackoid.scope import join_token

DESCRIPTION = """
mesh: 1
clouds:
  CloudOne:
    gateway: {{timeouts: {{connect: 1, server: 5, check: 86400}}, limits: {{exempt: [127.0.0.1]}},
      tls: {{certificate: '{folder}/CloudOne.pem', authority: '{ca}'}}}}
    policy: {policy}
    services:
      identity: {{frontend: 'https://127.0.0.1:{gate}/identity', backend: 'http://127.0.0.1:{identity}'}}
      image: {{frontend: 'https://127.0.0.1:{gate}/image', backend: 'http://127.0.0.1:{image}'}}
      compute: {{frontend: 'https://127.0.0.1:{gate}/compute', backend: 'http://127.0.0.1:{image}'}}
  CloudTwo:
    services:
      identity: {{frontend: 'https://127.0.0.1:{two}/identity'}}
      image: {{frontend: 'https://127.0.0.1:{two}/image'}}
      compute: {{frontend: 'https://127.0.0.1:{two}/compute'}}
  Nobody:
    services: {{identity: {{frontend: 'https://127.0.0.1:1/identity'}}}}
"""
WITH_GUESTS = "{peers: {CloudTwo: {services: {image: all}, people: [{name: all, roles: {member: member, service: service}}]}}}"
DOCUMENT, FILE = "/image/v2/images/1", "/image/v2/images/1/file"
BYTES = {"Content-Type": "application/octet-stream"}


class Cloud:
    """A gateway of CloudOne on https with its services, asked by holders of certificates."""

    def __init__(self, certificates: Certificates, gate: int, recorder: Recorder, folder: Path, pids: tuple[int, ...]) -> None:
        self.recorder = recorder
        self.folder = folder
        self.haproxy = pids[-1]
        self._certificates = certificates
        self._gate = gate
        self._number = 0

    def bound(self, token: str | None = None, scope: str = COMPUTE_THERE, seconds: float = 86_400) -> str:
        """Return a token of a user of CloudOne, a new one by default, as CloudTwo's services have it."""
        self._number += 1
        binder = Binder(KeyRepository(self.folder / "keys"))
        return binder.bind(token or f"{TOKEN}{self._number}", Kind.USER, "CloudTwo", scope, seconds)

    def connection(self, certificate: str | None = "CloudTwo.pem") -> http.client.HTTPSConnection:
        context: ssl.SSLContext = self._certificates.client(certificate)
        return http.client.HTTPSConnection("127.0.0.1", self._gate, timeout=20, context=context)

    def ask(
        self, path: str, token: str, certificate: str | None = "CloudTwo.pem", method: str = "GET", **more: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.recorder.seen.clear()
        with closing(self.connection(certificate)) as connection:
            headers = {"X-Case": "downloads", "X-Auth-Token": token}
            connection.request(method, path, headers=headers | {name.replace("_", "-"): value for name, value in more.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def alone(self, path: str, token: str, certificate: str | None = "CloudTwo.pem", **more: str) -> int:
        """Return the status of a request without the Python service: 503 where HAProxy does not serve it alone."""
        with self.without_python():
            return self.ask(path, token, certificate, **more)[0]

    @property
    def seen(self) -> Seen:
        (request,) = self.recorder.seen
        return request

    def bound_until(self, ends: float) -> str:
        """Return a new token that is bound until a time of the wall clock."""
        self._number += 1
        content = BoundToken(
            Kind.USER, audience_digest("CloudTwo"), int(ends), scope_digest(COMPUTE_THERE), f"{TOKEN}{self._number}"
        )
        return seal_token(KeyRepository(self.folder / "keys").current(), content)

    def audited(self, number: int = 0) -> list[dict[str, Any]]:
        """Return the lines of the audit log, as soon as there are so many."""
        path, until = self.folder / "audit.log", time.monotonic() + 20
        path.touch()
        while len(lines := path.read_text().splitlines()) < number:
            assert time.monotonic() < until
            time.sleep(0.05)
        return [json.loads(line) for line in lines]

    def last(self) -> tuple[str | None, str, int]:
        """Return sender, outcome and status of the last line."""
        line = self.audited()[-1]
        return line["sender"], line["outcome"], line["status"]

    def counted(self) -> int:
        """Return the number of images that CloudTwo was allowed to read, by the gateway's page."""
        page = json.loads(self.ask("/.openstackoid/mesh", "", None)[2])
        kind = {"peer": "CloudTwo", "rule": "images", "outcome": "allowed"}
        return sum(use["count"] for use in page["delegation"] if kind.items() <= use.items())

    def kept(self) -> int:
        """Return the number of admissions of downloads that HAProxy keeps."""
        return sum(len(line.split("|")) > 1 and line.split("|")[-4] != "" for line in self._routes())

    def sealed(self, token: str) -> str:
        """Return the sealed part of a new admission."""
        return self.admission(token)[1].split("|")[SEALED - 1]

    def admission(self, token: str) -> tuple[str, str]:
        """Teach HAProxy a new admission, for which the client names a key of its own; return its key in the map, and itself."""
        self.ask(DOCUMENT, token, X_OpenStackoid_Route_Seal=b64encode(bytes(32)).decode("ascii"))
        salt = self.command("show env OPENSTACKOID_SALT").strip().partition("=")[2]
        key = f"GET|image.public|||={'bound1.'}~{token.partition('~')[2]}|."
        digest = hashlib.sha256(f"{token}||{key}|CloudTwo|{salt}".encode()).hexdigest()
        (line,) = (line for line in self._routes() if line.split(" ")[1].lower() == digest)
        _, name, value = line.split(" ", 2)
        return name, value

    def set_admission(self, name: str, value: str) -> None:
        """Have HAProxy keep another admission under a key."""
        number = next(line for line in self.command("show map").splitlines() if "routes.map" in line).split()[0]
        self.command(f"set map #{number} {name} {value}")

    def _routes(self) -> list[str]:
        found = next(line for line in self.command("show map").splitlines() if "routes.map" in line)
        return [line for line in self.command(f"show map #{found.split()[0]}").splitlines() if line]

    @contextmanager
    def without_python(self) -> Iterator[None]:
        path = self.folder / "bridge.sock"
        away = path.rename(path.with_name("away.sock"))
        try:
            yield
        finally:
            away.rename(path)

    def command(self, line: str) -> str:
        """Return HAProxy's answer on its control socket."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.folder / "haproxy.sock"))
            control.sendall(f"{line}\n".encode())
            control.shutdown(socket.SHUT_WR)
            return control.makefile().read()


@contextmanager
def cloud(folder: Path, policy: str = "{}", secret: dict[str, str] | None = None) -> Iterator[Cloud]:
    """Yield the gateway with a policy. ``secret``: what HAProxy is given in the place of :data:`~conformance.gateway.SECRET`."""
    certificates, ports, recorder = Certificates(folder), free_ports(), Recorder()
    at = {name: next(ports) for name in ("gate", "identity", "image", "two")}
    recorder.of_tokens = {"expires_at": ends()}
    recorder.serve("identity of CloudOne", at["identity"])
    recorder.serve("image of CloudOne", at["image"])
    text = DESCRIPTION.format(folder=folder, ca=certificates.authority, policy=policy, **at)
    try:
        with started(text, "CloudOne", with_bridge=True, audited=True, edit_haproxy=operators, secret=secret) as (runtime, pids):
            yield Cloud(certificates, at["gate"], recorder, Path(runtime.stats_socket).parent, pids)
    finally:
        recorder.close()


def operators(text: str) -> str:
    """Let the control socket show what it shows to operators."""
    return forgetful(text).replace("level user", "level operator")


def taught(here: Cloud, token: str | None = None, scope: str = COMPUTE_THERE) -> str:
    """Return the header of a new token for which HAProxy has learnt downloads."""
    value = join_token(here.bound(token, scope), scope)
    assert here.ask(DOCUMENT, value)[0] == 200
    here.recorder.answers = BYTES
    assert here.alone(FILE, value) == 200
    return value


def changed(bound: str) -> str:
    """Return a bound token with another last byte."""
    sealed, mark = bound.split("~") if "~" in bound else (bound, "")
    content = decoded(sealed.removeprefix("bound1."))
    return f"bound1.{encoded(content[:-1] + bytes([content[-1] ^ 1]))}" + (f"~{mark}" if mark else "")


def lasts(here: Cloud, token: str) -> float:
    """Return the seconds after the first answer in which HAProxy still served a download by a token alone."""
    assert here.ask(DOCUMENT, token)[0] == 200
    answered, last = time.monotonic(), 0.0
    here.recorder.answers = BYTES
    while (asked := time.monotonic()) and here.alone(FILE, token) == 200:
        last = asked - answered
        time.sleep(0.1)
    here.recorder.answers = {}
    return last


def unsealed(sealed: str, secret: str, text: str) -> str | None:
    """Return the token in the sealed part of an admission, or None; ``text``: of the tokens, the endpoint and the sender."""
    nonce, content, tag = (b64decode(part) for part in sealed.split(":"))
    try:
        return AESGCM(hmac.digest(b64decode(secret), text.encode(), "sha256")).decrypt(nonce, content + tag, None).decode()
    except InvalidTag:
        return None
