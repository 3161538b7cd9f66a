# SPDX-License-Identifier: Apache-2.0
"""Read a gateway's pages below ``/.openstackoid/``: the mesh, traces, and the user's identity.

Only the page of a user gets a token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from openstackoid.client.hops import printable
from openstackoid.errors import OpenstackoidError

MESH = "/.openstackoid/mesh"
TRACE = "/.openstackoid/trace/"
ROUND_TRIPS = "/.openstackoid/round-trips"
USER = "/.openstackoid/user"
TIMEOUT = 10.0
"""Seconds for a gateway's answer; for traces and users, it asks its peers."""

Get = Callable[[str], requests.Response]
"""Sends a GET to a URL, follows no redirect and raises ``requests.RequestException``."""


class PageError(OpenstackoidError):
    """A gateway's page is not available: no gateway answers, or the answer is invalid."""


class NoSuchPageError(PageError):
    """The answer was 404."""


@dataclass(frozen=True, slots=True)
class CloudPage:
    """A cloud of the mesh page; ``services``: each service's health by its type."""

    name: str
    home: bool
    health: str
    services: Mapping[str, str]


class Party(NamedTuple):
    """A user or a project, as a cloud knows it."""

    id: str
    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class UserRow:
    """The user's identity in a cloud, and the rule of its policy; ``reason``: of a refusal."""

    cloud: str
    user: Party | None
    project: Party | None
    roles: tuple[str, ...]
    rule: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class MeshPage:
    """The mesh of the gateway of the cloud ``gateway``."""

    gateway: str
    clouds: tuple[CloudPage, ...]

    def offers(self) -> dict[str, frozenset[str]]:
        """Return the service types of each cloud."""
        return {cloud.name: frozenset(cloud.services) for cloud in self.clouds}

    def services(self) -> list[str]:
        """Return the service types of all clouds, sorted."""
        return sorted({service for cloud in self.clouds for service in cloud.services})

    def health(self, cloud: str, service: str) -> str:
        """Return the health of a cloud's service, or ``missing`` without one."""
        return next((known.services.get(service, "missing") for known in self.clouds if known.name == cloud), "missing")


def base_of(url: str) -> str:
    """Return scheme, host and port of ``url``. The gateway's pages are below it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def mesh_page(base: str, get: Get) -> MeshPage:
    """Return the mesh page of the gateway at ``base``. Raises :class:`PageError`, in one line."""
    document = _document(base, MESH, get)
    try:
        clouds = tuple(_cloud(cloud) for cloud in document["clouds"])
        return MeshPage(_text(document["gateway"]), clouds)
    except (KeyError, TypeError, ValueError) as error:
        raise PageError(f"{base}{MESH} does not answer as a gateway of OpenStackoid does") from error


def round_trips_page(base: str, center: str, get: Get) -> dict[str, float]:
    """Return the times around a cloud in milliseconds, as the gateway at ``base`` knows them. Raises :class:`PageError`."""
    document = _document(base, f"{ROUND_TRIPS}?from={center}", get)
    try:
        return {_text(row["name"]): _milliseconds(row["milliseconds"]) for row in document["clouds"]}
    except (KeyError, TypeError, ValueError) as error:
        raise PageError(f"{base}{ROUND_TRIPS} does not answer as a gateway of OpenStackoid does") from error


def trace_page(base: str, request_id: str, get: Get) -> dict[str, Any]:
    """Return the records of a request, of the gateway at ``base`` and its peers. Raises :class:`PageError`, in one line."""
    return _document(base, f"{TRACE}{request_id}", get)


def user_page(base: str, get: Get) -> list[UserRow]:
    """Return the user's identity in each cloud; ``get`` sends the token. Raises :class:`PageError`."""
    document = _document(base, USER, get)
    try:
        return [_user_row(row) for row in document["clouds"]]
    except (KeyError, TypeError, ValueError) as error:
        raise PageError(f"{base}{USER} does not answer as a gateway of OpenStackoid does") from error


def _document(base: str, path: str, get: Get) -> dict[str, Any]:
    try:
        response = get(f"{base}{path}")
    except (requests.RequestException, OSError) as error:
        raise PageError(f"no gateway can be asked at {base}: {_reason(error)}") from error
    if response.status_code == 404:
        raise NoSuchPageError(f"no gateway of OpenStackoid answers at {base}: {path} is not found there")
    if response.status_code != 200:
        words = gateways_words(response)
        raise PageError(f"{base}{path} answers {response.status_code}" + (f": {words}" if words else ""))
    try:
        document = response.json()
    except ValueError as error:
        raise PageError(f"{base}{path} does not answer in JSON, so it is not a gateway of OpenStackoid") from error
    if not isinstance(document, dict):
        raise PageError(f"{base}{path} does not answer as a gateway of OpenStackoid does")
    return document


def gateways_words(response: requests.Response) -> str | None:
    """Return the message of OpenStack's error body, in one line for a terminal."""
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return printable(message) if isinstance(message, str) else None


def _reason(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "it cannot be reached"


def _cloud(document: Any) -> CloudPage:
    services = {_text(service["type"]): _text(service["health"]) for service in document["services"]}
    return CloudPage(_text(document["name"]), document["home"] is True, _text(document["health"]), services)


def _user_row(row: Any) -> UserRow:
    rule, reason = (None if row[key] is None else _text(row[key]) for key in ("rule", "reason"))
    roles = tuple(_text(role) for role in row["roles"])
    return UserRow(_text(row["cloud"]), _party(row["user"]), _party(row["project"]), roles, rule, reason)


def _party(value: Any) -> Party | None:
    return None if value is None else Party(_text(value["id"]), _text(value["name"]), _text(value["domain"]))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("text is expected")
    return value


def _milliseconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise ValueError("a time is expected")
    return float(value)
