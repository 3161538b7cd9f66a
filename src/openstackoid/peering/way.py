# SPDX-License-Identifier: Apache-2.0
"""Try the way between two gateways: from here as a gateway does, and back by the health of this cloud on the peer's page."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from openstackoid.mesh import Endpoint
from openstackoid.routing.pages import HEALTH, MESH
from openstackoid.routing.wire_version import HEADER, SPOKEN
from openstackoid.tls.words import what_was_wrong

PATIENCE = 10.0
"""Seconds for one answer."""
_LOOKS, _BETWEEN = 4, 1.5
"""A gateway asks its peers when its page is read, and shows the answer on the next look."""
_LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was tried. ``good``: whether it works; ``text``: one line, with the clouds' names."""

    good: bool
    text: str


async def try_way(here: str, peer: str, endpoints: tuple[Endpoint, ...], context: ssl.SSLContext, authority: str) -> list[Result]:
    """Return the results of tries between the gateways of ``here`` and of ``peer``, which has the frontends of ``endpoints``.

    ``context``: the gateway's own certificate, and ``authority``, the file that errors name.
    """
    origins = list(dict.fromkeys(endpoint.frontend.origin() for endpoint in endpoints if endpoint.frontend.scheme == "https"))
    if not origins:
        return [Result(False, f"{peer} has no https frontend in the description")]
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    results = []
    async with aiohttp.ClientSession(timeout=timeout, headers={HEADER: str(SPOKEN)}) as session:
        tries = _Tries(session, peer, context, authority)
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
    context: ssl.SSLContext
    authority: str

    async def health(self, origin: str) -> Result:
        try:
            status, _, _ = await self._get(origin + HEALTH)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Result(False, f"the gateway of {self.peer} at {origin}: {self._words(error)}")
        except ValueError:
            status = 0
        if status != 200:
            return Result(False, f"at {origin} is not the gateway of {self.peer}: a health page is expected, and 200")
        return Result(True, f"the gateway of {self.peer} answers at {origin}")

    async def back(self, origin: str, here: str) -> AsyncIterator[Result]:
        """Yield the results from the page of the peer's gateway: its wire version, and the health of ``here``."""
        state: str | None = None
        for look in range(_LOOKS):
            try:
                status, headers, page = await self._get(origin + MESH)
                clouds = {str(cloud["name"]): str(cloud["health"]) for cloud in page["clouds"]} if status == 200 else None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                yield Result(False, f"the gateway of {self.peer} at {origin}: {self._words(error)}")
                return
            except (ValueError, KeyError, TypeError):
                clouds = None
            if clouds is None:
                yield Result(False, f"the gateway of {self.peer} shows no clouds at {origin}{MESH}")
                return
            if look == 0:
                yield self._wire(headers)
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

    def _seen(self, here: str, state: str | None) -> Result:
        if state is None:
            return Result(False, f"{self.peer} does not know {here}; send its operator the output of: openstackoid peer export")
        if state == "unknown":
            return Result(False, f"{self.peer} has not tried to reach {here} yet; try again")
        if state == "down":
            return Result(False, f"{self.peer} cannot reach the gateway of {here}")
        return Result(True, f"{self.peer} reaches the gateway of {here}")

    async def _get(self, url: str) -> tuple[int, Mapping[str, str], Any]:
        async with self.session.get(url, ssl=self.context, server_hostname=self.peer, allow_redirects=False) as answer:
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
        return f"no answer within {PATIENCE:g} seconds" if isinstance(error, TimeoutError) else str(error)
