# SPDX-License-Identifier: Apache-2.0
"""Try the way between two gateways: from here as a gateway does, and back by the health of this cloud on the peer's page."""

import asyncio
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from openstackoid.mesh import Endpoint
from openstackoid.routing.pages import HEALTH, MESH
from openstackoid.routing.wire_version import HEADER, SPOKEN
from openstackoid.telemetry import CLOCKS, clocks_off, remedies
from openstackoid.tls.words import what_was_wrong

PATIENCE = 10.0
"""Seconds for one answer."""
_LOOKS, _BETWEEN = 4, 1.5
"""A gateway asks its peers when its page is read, and shows the answer on the next look."""
_LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was tried. ``good``: whether it works; ``text``: one line, with the clouds' names; ``todo``: the remedy,
    with which a good one is a warning.

    ``same``: of the descriptions of two clouds, whether they are the same; ``ahead``: the seconds by which the peer's clock is
    ahead of this one. Both are None for another thing, and where it is not known.
    """

    good: bool
    text: str
    todo: str = ""
    same: bool | None = None
    ahead: float | None = None


def of_clocks(results: list[Result]) -> list[Result]:
    """Return the results with this machine's clock in place of its peers' where it is the one that is off."""
    found = {str(number): result.ahead for number, result in enumerate(results) if result.ahead is not None}
    if not clocks_off(found)[0]:
        return results
    own = Result(False, "the clock of this machine differs from those of most peers", remedies.CLOCK_OFF)
    return [result for result in results if result.good or result.ahead is None] + [own]


async def try_way(
    here: str,
    peer: str,
    endpoints: tuple[Endpoint, ...],
    context: ssl.SSLContext | None,
    authority: str,
    *,
    digest: str | None = None,
) -> list[Result]:
    """Return the results of tries between the gateways of ``here`` and of ``peer``, which has the frontends of ``endpoints``.

    ``context``: the gateway's own certificate, None for http, and ``authority``, the file that errors name. ``digest``: of the
    description here; with it, the descriptions and the clocks of both are compared.
    """
    scheme = "http" if context is None else "https"
    origins = list(dict.fromkeys(endpoint.frontend.origin() for endpoint in endpoints if endpoint.frontend.scheme == scheme))
    if not origins:
        return [
            Result(False, f"{peer} has no {scheme} frontend in the description", f"describe one of its frontends with {scheme}")
        ]
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    results = []
    async with aiohttp.ClientSession(timeout=timeout, headers={HEADER: str(SPOKEN)}) as session:
        tries = _Tries(session, peer, context, authority, digest)
        for origin in origins:
            results.append(await tries.health(origin))
        reached = next((origin for origin, result in zip(origins, results, strict=True) if result.good), None)
        if reached is not None:
            results += [result async for result in tries.back(reached, here)]
    return results


@dataclass(frozen=True, slots=True)
class _Tries:
    session: aiohttp.ClientSession
    peer: str
    context: ssl.SSLContext | None
    authority: str
    digest: str | None

    async def health(self, origin: str) -> Result:
        try:
            status, _, _ = await self._get(origin + HEALTH)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            todo = "does it run, is its port open from here, and has this mesh's authority signed its certificate?"
            if isinstance(error, aiohttp.ClientConnectorDNSError):
                todo = remedies.HOST_UNKNOWN
            return Result(False, f"the gateway of {self.peer} at {origin}: {self._words(error)}", todo)
        except ValueError:
            status = 0
        if status != 200:
            return Result(
                False,
                f"what answers at {origin} is not the gateway of {self.peer}: a health page is expected, and 200",
                "correct its frontend",
            )
        return Result(True, f"the gateway of {self.peer} answers at {origin}")

    async def back(self, origin: str, here: str) -> AsyncIterator[Result]:
        """Yield the results from the page of the peer's gateway: its wire version, and the health of ``here``."""
        state: str | None = None
        for look in range(_LOOKS):
            try:
                status, headers, page = await self._get(origin + MESH)
                clouds = {str(cloud["name"]): str(cloud["health"]) for cloud in page["clouds"]} if status == 200 else None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                yield Result(
                    False, f"the gateway of {self.peer} at {origin}: {self._words(error)}", "try again; then ask its operator"
                )
                return
            except (ValueError, KeyError, TypeError):
                clouds = None
            if clouds is None:
                text = f"the gateway of {self.peer} shows no clouds at {origin}{MESH}"
                yield Result(False, text, "ask its operator whether another program answers there")
                return
            if look == 0:
                yield self._wire(headers)
                if self.digest is not None:
                    yield self._description(page.get("description"))
                    yield self._clock(headers.get("Date", ""))
            state = clouds.get(here)
            if state != "unknown":
                break
            await asyncio.sleep(_BETWEEN)
        yield self._seen(here, state)

    def _wire(self, headers: Mapping[str, str]) -> Result:
        spoken = headers.get(HEADER, "1")
        if spoken.isdigit() and int(spoken) >= SPOKEN:
            return Result(True, f"the gateway of {self.peer} speaks wire version {spoken}")
        return Result(True, f"the gateway of {self.peer} speaks an older wire version than {SPOKEN}: all but newer features work")

    def _description(self, told: object) -> Result:
        if told is None:
            return Result(True, f"the gateway of {self.peer} is of an earlier release, and does not tell its description")
        if told == self.digest:
            return Result(True, f"{self.peer} has the same description of the clouds", same=True)
        text = f"{self.peer} has another description of the clouds"
        return Result(False, text, remedies.PEER_DESCRIPTION_DIFFERS, same=False)

    def _clock(self, date: str) -> Result:
        try:
            ahead = parsedate_to_datetime(date).timestamp() - time.time()
        except ValueError:
            return Result(True, f"the gateway of {self.peer} does not tell its time")
        if abs(ahead) <= CLOCKS:
            return Result(True, f"the clock of {self.peer} differs by at most {CLOCKS:g} s", ahead=ahead)
        side = "ahead of" if ahead > 0 else "behind"
        text = f"the clock of {self.peer} is {abs(ahead):.0f} s {side} this machine's"
        return Result(False, text, remedies.PEER_CLOCK_OFF, ahead=ahead)

    def _seen(self, here: str, state: str | None) -> Result:
        if state is None:
            return Result(False, f"{self.peer} does not know {here}", "send its operator the output of: openstackoid peer export")
        if state == "unknown":
            return Result(False, f"{self.peer} has not tried to reach {here} yet", "type the command again")
        if state == "down":
            return Result(
                False, f"{self.peer} cannot reach the gateway of {here}", f"its operator types: openstackoid peer check {here}"
            )
        return Result(True, f"{self.peer} reaches the gateway of {here}")

    async def _get(self, url: str) -> tuple[int, Mapping[str, str], Any]:
        secure = True if self.context is None else self.context
        async with self.session.get(url, ssl=secure, server_hostname=self.peer, allow_redirects=False) as answer:
            text = b""
            async for chunk in answer.content.iter_any():
                text += chunk
                if len(text) > _LARGEST:
                    raise ValueError
            return answer.status, answer.headers, json.loads(text) if text[:1] == b"{" else None

    def _words(self, error: Exception) -> str:
        # The error of aiohttp is one of TLS as well, but lacks OpenSSL's code.
        for cause in (*(getattr(error, name, None) for name in ("certificate_error", "os_error", "__cause__")), error):
            if isinstance(cause, ssl.SSLError):
                return what_was_wrong(cause, self.peer, self.authority)
        if isinstance(error, TimeoutError):
            return f"no answer within {PATIENCE:g} seconds"
        # The text of aiohttp's own error has the representation of an object.
        cause = getattr(error, "os_error", None)
        if isinstance(cause, OSError):
            why = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror or "no connection"
            return f"it cannot be reached: {why.lower()}"
        return str(error)
