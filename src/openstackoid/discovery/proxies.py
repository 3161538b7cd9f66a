# SPDX-License-Identifier: Apache-2.0
"""The proxies in front of an existing HAProxy: those whose ``X-Forwarded-For`` it passes on, and the PROXY protocol. Pure."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from openstackoid.discovery.conditions import sources
from openstackoid.discovery.directives import Effect
from openstackoid.discovery.haproxy_configuration import Directive, Proxy, Socket
from openstackoid.discovery.losses import Loss, shown

_FORWARDED = "x-forwarded-for"
_NAME_THEM = "if a proxy in front sends this header, name the proxy in gateway.trusted_proxies"


@dataclass(slots=True)
class Proxies:
    """The proxies in front of a socket. ``networks``: theirs, each with the line that names it.

    ``protocol``: the line by which they begin connections with the PROXY protocol, if they do and are known. ``losses``: lines
    that do not tell the proxies, or trust other headers.
    """

    networks: dict[str, Directive] = field(default_factory=dict)
    protocol: Directive | None = None
    losses: list[Loss] = field(default_factory=list)


def proxies_before(frontend: Proxy, socket: Socket, backend: Proxy, listener: str) -> Proxies:
    """Return the proxies before a socket. ``listener``: the name of the socket in the description."""
    found = Proxies()
    rejecting: list[str] = []
    lines = {line.place: (line, proxy) for proxy in (frontend, backend) for line in proxy.settings}
    for line, proxy in lines.values():
        words = line.words
        condition = _condition(words)
        if words[:2] == ("option", "forwardfor"):
            _forwarded(line, found)
        elif "set-src" in words[1:3]:
            known = sources(condition, proxy.acls) if _FORWARDED in " ".join(words).lower() else None
            _trust(found, line, known, _NAME_THEM, Effect.NAMED)
        elif words[:3] == ("tcp-request", "connection", "expect-proxy"):
            known = sources(condition, proxy.acls)
            _trust(found, line, known, _speak(listener), Effect.BROKEN)
            found.protocol = line if known else found.protocol
        elif words[:3] == ("tcp-request", "connection", "reject"):
            rejecting += sources(condition, proxy.acls, wanted=False) or ()
    if "accept-proxy" in socket.bind.words[2:]:
        # Rules for connections see the address of the proxy, before the PROXY protocol names the client's.
        _trust(found, socket.bind, tuple(rejecting), _speak(listener), Effect.BROKEN)
        found.protocol = socket.bind if rejecting else found.protocol
    return found


def _speak(listener: str) -> str:
    return (
        f"every connection begins with the PROXY protocol: name the proxies in gateway.trusted_proxies,"
        f' and "{listener}" in gateway.proxy_protocol'
    )


def _trust(found: Proxies, line: Directive, networks: tuple[str, ...] | None, task: str, lost: Effect) -> None:
    if networks:
        found.networks.update(dict.fromkeys(networks, line))
    else:
        words = (*line.words[:2], "accept-proxy") if line.words[0] == "bind" else line.words
        found.losses.append(Loss(shown(words), line.place, lost, task))


def _condition(words: tuple[str, ...]) -> tuple[str, ...]:
    return next((words[index:] for index, word in enumerate(words) if word in ("if", "unless")), ())


def _forwarded(line: Directive, found: Proxies) -> None:
    """Read ``option forwardfor``: it passes the header of the networks of ``except`` on, as they have sent it."""
    for option, value in _options(line.words[2:]):
        if option == "except":
            try:
                network = ipaddress.ip_network(value, strict=False)
            except ValueError:
                _trust(found, line, None, _NAME_THEM, Effect.NAMED)
                continue
            # A loopback address is HAProxy itself, as in OpenStack-Ansible.
            if not network.is_loopback:
                found.networks[str(network)] = line
        elif option == "if-none":
            found.losses.append(Loss(shown(line.words), line.place, Effect.NAMED, _NAME_THEM))
        elif option == "header" and value.lower() != _FORWARDED:
            task = "the gateway tells services the client's address in X-Forwarded-For"
            found.losses.append(Loss(shown(line.words), line.place, Effect.NAMED, task))


def _options(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        yield word, next(rest, "") if word in ("except", "header") else ""
