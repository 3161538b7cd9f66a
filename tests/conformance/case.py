# SPDX-License-Identifier: Apache-2.0
"""A case: a request to a gateway, and what the gateway does with it. The words that the table of cases is written in."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sent:
    """The request goes on to ``cloud``, under ``path``, with exactly these of the four headers that routing is about."""

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
    """A request to the gateway of ``at``, on the socket of the endpoint ``to``. ``native``: HAProxy decides alone."""

    name: str
    expect: Sent | Refused
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    at: str = "CloudOne"
    to: str = "identity.public"
    native: bool = True
    body: str | None = None


def auth(value: str) -> tuple[str, str]:
    return ("X-Auth-Token", value)


def plain(value: str) -> tuple[str, str]:
    return ("X-Scope", value)


def subject(value: str) -> tuple[str, str]:
    return ("X-Subject-Token", value)


def service(value: str) -> tuple[str, str]:
    return ("X-Service-Token", value)


def sent(cloud: str, path: str, *headers: tuple[str, str]) -> Sent:
    return Sent(cloud, path, {name.lower(): value for name, value in headers})


def relayed(cloud: str, path: str, *headers: tuple[str, str]) -> Sent:
    return Sent(cloud, path, {name.lower(): value for name, value in headers}, relayed=True)


def refused(status: int, *words: str) -> Refused:
    return Refused(status, words)
