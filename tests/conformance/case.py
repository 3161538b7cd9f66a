# SPDX-License-Identifier: Apache-2.0
"""A case: a request to a gateway, and its expected treatment. The words of the table of cases."""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from itertools import count

IMAGE_BYTES = "/image/v2/images/i/file"
TOKENS = "/v3/auth/tokens"
TO_TWO = '{"image":"CloudTwo"}'
TWO_DONE = '{"*":"CloudOne","image":"CloudTwo"}'
FRESH = "req-5c09ed00-0000-4000-8000-000000000000"
"""Stands in a case for the id that the gateway makes up."""

GIVEN = "req-a0d17000-0000-4000-8000-000000000000"
"""In place of the id that the gateway gives to a request that leaves without one."""

ORDINARY = "req-0a1b2c3d-0000-4000-8000-000000000000"
"""An id as clients and services make them up."""


def marked(number: int) -> str:
    """An id in a gateway's form. Each case has its own, because a gateway stores it for the next case, too."""
    return f"req-5c09ed01-0000-4000-8000-{number:012}"


def traced(number: int) -> str:
    return f"req-7472ace0-0000-4000-8000-{number:012}"


@dataclass(frozen=True)
class Sent:
    """The request goes on to ``cloud``, under ``path``, with exactly these of the headers that routing is about."""

    cloud: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    relayed: bool = False


@dataclass(frozen=True)
class Refused:
    """The gateway answers with ``status``, and its message holds each of the words."""

    status: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A request to the gateway of ``at``, on the socket of the endpoint ``to``. ``native``: HAProxy decides alone.

    Scopes in tokens are written in the older form here, ``<token>!SCOPE!<json>``; :attr:`sent` says in which form they are sent.
    ``remembered`` is the scope that the gateway has seen with the request's id before. ``rows`` are the rows of the table of
    meanings in docs/use/scope-meaning.md that the case shows to be true.
    """

    name: str
    expect: Sent | Refused
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    at: str = "CloudOne"
    to: str = "identity.public"
    native: bool = True
    body: str | None = None
    remembered: str | None = None
    rows: tuple[str, ...] = ()

    @property
    def sent(self) -> Sent:
        """The request for services, and for a peer without a wire version; with the id of requests that leave."""
        assert isinstance(self.expect, Sent)
        if self.expect.cloud == self.at:
            return replace(self.expect, headers=newer(self.expect.headers))
        return replace(self.expect, headers={"x-openstack-request-id": GIVEN} | self.expect.headers)

    @property
    def sent_newer(self) -> Sent:
        """The request for a peer with the newer wire version."""
        return replace(self.sent, headers=newer(self.sent.headers))

    @property
    def in_newer_form(self) -> "Case":
        """The same request by a client whose tokens carry their scopes in the newer form."""
        headers = tuple((name, newer_form(value)) for name, value in self.headers)
        body = self.body and _IN_BODY.sub(lambda found: newer_form(json.loads(f'"{found.group()}"')), self.body)
        return replace(self, name=f"{self.name}, in the newer form", headers=headers, body=body)


_IN_BODY = re.compile(r'[A-Za-z!]+!SCOPE!(?:[^\\"]|\\.)*')


def newer_form(value: str) -> str:
    """Return a header's value with a scope in the newer form; one without a scope in the older one stays."""
    token, mark, text = value.partition("!SCOPE!")
    return f"{token}~{urlsafe_b64encode(text.encode()).decode().rstrip('=')}" if mark else value


def newer(headers: dict[str, str]) -> dict[str, str]:
    return {name: newer_form(value) for name, value in headers.items()}


def auth(value: str) -> tuple[str, str]:
    return ("X-Auth-Token", value)


def plain(value: str) -> tuple[str, str]:
    return ("X-Scope", value)


_SPELLINGS = count()


def unseen(scope: str) -> str:
    """Return a scope in a spelling that no request had before, so that the Python service decides: white space is a number."""
    return scope.replace("{", "{" + f"{next(_SPELLINGS):016b}".translate({ord("0"): " ", ord("1"): "\t"}), 1)


def subject(value: str) -> tuple[str, str]:
    return ("X-Subject-Token", value)


def service(value: str) -> tuple[str, str]:
    return ("X-Service-Token", value)


def request_id(value: str) -> tuple[str, str]:
    return ("X-OpenStack-Request-Id", value)


def force(value: str) -> tuple[str, str]:
    return ("X-Scope-Force", value)


def sent(cloud: str, path: str, *headers: tuple[str, str]) -> Sent:
    return Sent(cloud, path, {name.lower(): value for name, value in headers})


def relayed(cloud: str, path: str, *headers: tuple[str, str]) -> Sent:
    return Sent(cloud, path, {name.lower(): value for name, value in headers}, relayed=True)


def refused(status: int, *words: str) -> Refused:
    return Refused(status, words)


# The key is RFC 6455's: HAProxy refuses a handshake without one.
WEBSOCKET = (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))
