# SPDX-License-Identifier: Apache-2.0
"""The waits of an existing HAProxy for a service, and its checks of the servers, in the words of a mesh description. Pure."""

import re
from collections.abc import Iterable, Sequence

from openstackoid.discovery.haproxy_configuration import CHECK_VALUES, Proxy, Server
from openstackoid.mesh.settings import LONGEST_WAIT, ServiceTimeouts, Timeouts, written_time

_TIME = re.compile(r"([0-9]{1,12})(us|ms|s|m|h|d)?\Z")
_UNITS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_HEALTH = ("option httpchk", "http-check")
_AS_GATEWAY = "the gateway asks for / every `gateway.timeouts.check` (2s), and takes a server out after two failures"


def waits(frontend: Proxy, backend: Proxy, notes: list[str]) -> ServiceTimeouts:
    """Return the waits for client and service, with a note for a time that a description cannot have."""
    return ServiceTimeouts(_wait("client", frontend, notes), _wait("server", backend, notes))


def _wait(side: str, proxy: Proxy, notes: list[str]) -> float | None:
    """Return the seconds of the last ``timeout`` line; None if there is none. HAProxy means milliseconds, and no end by 0."""
    texts = [words[2] for words in (line.words for line in proxy.settings) if words[:2] == ("timeout", side) and len(words) > 2]
    found = _TIME.match(texts[-1]) if texts else None
    if found is None:
        notes += [f"timeout {side} {text} of {proxy.name} is not a time that discover knows" for text in texts[-1:]]
        return None
    seconds = int(found[1]) * _UNITS[found[2] or "ms"]
    if 0 < seconds <= LONGEST_WAIT:
        return seconds
    notes.append(f"timeout {side} {texts[-1]} of {proxy.name}: the gateway waits for {written_time(LONGEST_WAIT)} at most")
    return LONGEST_WAIT


def check_note(backend: Proxy, servers: Sequence[Server]) -> list[str]:
    """Return the note about the checks of a backend's servers, if there are such."""
    checked = [server for server in servers if "check" in server.options]
    if not checked:
        return []
    ways = dict.fromkeys(
        " ".join(("check", *(f"{name} {server.options[name]}" for name in CHECK_VALUES if name in server.options)))
        for server in checked
    )
    lines = dict.fromkeys(text for text in (" ".join(line.words) for line in backend.settings) if text.startswith(_HEALTH))
    return [f"HAProxy's check was `{'`, `'.join((*ways, *lines))}`; {_AS_GATEWAY}"]


def longest(found: Iterable[ServiceTimeouts]) -> dict[str, str]:
    """Return the keys of ``timeouts`` of a service: the longest waits at any of its interfaces, but for the gateway's own."""
    usual, every = Timeouts(), tuple(found)
    keys = {}
    for side, gateway in (("client", usual.client), ("server", usual.server)):
        # An interface without its own has waited without an end; the gateway's time is for that, too.
        waited = max((seconds for each in every if (seconds := getattr(each, side)) is not None), default=gateway)
        if waited != gateway:
            keys[side] = written_time(waited)
    return keys
