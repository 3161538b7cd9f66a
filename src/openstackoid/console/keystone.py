# SPDX-License-Identifier: Apache-2.0
"""Ask the cloud's Keystone who a person is: log in with a password, which is not kept, or by a token."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from openstackoid.console.errors import ConsoleError, NoAnswerError
from openstackoid.mesh import ANY_NAME, Cloud, Mesh
from openstackoid.scope import IDENTITY

PATIENCE = 10.0
"""Seconds for an answer of Keystone."""

_TOKENS = "/v3/auth/tokens"
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Person:
    """A user of Keystone with the roles of the token, which ends at ``ends`` (seconds since 1970)."""

    name: str
    domain: str
    project: str
    roles: frozenset[str]
    ends: float


@dataclass(frozen=True, slots=True)
class LogIn:
    """The fields of the log-in form."""

    user: str
    password: str = field(repr=False)
    user_domain: str
    project: str
    project_domain: str

    def document(self) -> dict[str, Any]:
        """Return Keystone's request for a token of the project."""
        user = {"name": self.user, "domain": {"name": self.user_domain}, "password": self.password}
        scope = {"project": {"name": self.project, "domain": {"name": self.project_domain}}}
        return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}


@dataclass(frozen=True, slots=True)
class Keystone:
    """The Keystone at ``url``. ``secure``: its TLS; True for the authorities of the system. ``name``: in its certificate."""

    url: str
    secure: ssl.SSLContext | bool = True
    name: str | None = None

    async def log_in(self, form: LogIn) -> tuple[str, Person]:
        """Return a new token and its user. Raises :class:`ConsoleError`."""
        status, headers, told = await self._ask("POST", {}, form.document())
        if status != 201 or "X-Subject-Token" not in headers:
            raise _refusal(status, "user, password and project")
        return headers["X-Subject-Token"], person_of(told)

    async def person(self, token: str) -> Person:
        """Return the user of a token. Raises :class:`ConsoleError`."""
        status, _, told = await self._ask("GET", {"X-Auth-Token": token, "X-Subject-Token": token}, None)
        if status != 200:
            raise _refusal(status, "the token")
        return person_of(told)

    async def revoke(self, token: str) -> None:
        """End a token. Raises :class:`ConsoleError` if Keystone does not answer."""
        await self._ask("DELETE", {"X-Auth-Token": token, "X-Subject-Token": token}, None)

    async def _ask(self, method: str, headers: Mapping[str, str], body: Any) -> tuple[int, Mapping[str, str], Any]:
        try:
            async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
                url = self.url.rstrip("/") + _TOKENS
                name, data = self.name, None if body is None else json.dumps(body)
                more = {"Content-Type": "application/json", "Accept": "application/json"}
                request = session.request(
                    method,
                    url,
                    headers={**headers, **more},
                    data=data,
                    ssl=self.secure,
                    server_hostname=name,
                    allow_redirects=False,
                )
                async with request as answer:
                    content = await answer.content.read(_LONGEST)
                    return answer.status, answer.headers, json.loads(content) if content.startswith(b"{") else None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            hint = "see Now and Clouds for the state of identity; the views that name no people need no log-in"
            raise NoAnswerError(f"the Keystone at {self.url} does not answer", hint) from None


def _refusal(status: int, what: str) -> ConsoleError:
    if status in (400, 401, 403, 404):
        return ConsoleError(f"Keystone does not accept {what}")
    return NoAnswerError(f"Keystone answers {status}", "try again")


def person_of(told: Any) -> Person:
    """Return the user in Keystone's document about a token. Raises :class:`ConsoleError` for another document."""
    try:
        token = told["token"]
        user, roles = token["user"], frozenset(str(role["name"]) for role in token.get("roles", ()))
        project = token.get("project") or {"name": ""}
        ends = datetime.fromisoformat(token["expires_at"]).timestamp()
        return Person(str(user["name"]), str(user["domain"]["name"]), str(project["name"]), roles, ends)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConsoleError("the answer about the token is not Keystone's") from None


def keystone_of(mesh: Mesh, at: str, url: str | None = None, authority: str | None = None) -> Keystone:
    """Return the Keystone of the cloud ``at``: at ``url``, else its backend in the description, else its frontend.

    The backend answers also while the gateway is down. ``authority``: a file, for https in place of those of the system and of
    the description. Raises :class:`ConsoleError` for a cloud without one, or for an unusable file.
    """
    cloud = mesh.clouds[at]
    if url is not None:
        return Keystone(url, _context(authority or _own(cloud)))
    endpoint = cloud.endpoint(IDENTITY, "public")
    if endpoint is None:
        raise ConsoleError(f"{at} has no Keystone in the description, so no one can log in", "name one with --keystone")
    if not endpoint.backends:
        return Keystone(endpoint.frontend.origin() + endpoint.frontend.prefix, _context(authority or _own(cloud)))
    backend = endpoint.backends[0]
    context = _context(authority or backend.authority)
    if backend.name == ANY_NAME and isinstance(context, ssl.SSLContext):
        context.check_hostname = False
    return Keystone(backend.url(), context, None if backend.name in ("", ANY_NAME) else backend.name)


def check_authority(file: str | None) -> None:
    """Raise :class:`ConsoleError`, which names the option, for an unusable ``--authority``."""
    if file == "":
        raise ConsoleError("--authority '': a PEM file with the certificate of an authority is accepted")
    try:
        _context(file or "")
    except ConsoleError as error:
        raise ConsoleError(f"--authority {error}") from None


def _own(cloud: Cloud) -> str:
    return cloud.tls.authority if cloud.tls is not None else ""


def _context(authority: str) -> ssl.SSLContext | bool:
    if not authority:
        return True
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(authority)
    except (OSError, ValueError):
        raise ConsoleError(f"{authority}: there is no PEM certificate of an authority in it, or it cannot be read") from None
    return context
