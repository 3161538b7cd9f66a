# SPDX-License-Identifier: Apache-2.0
"""The lines of an existing HAProxy that a gateway in its place does not carry over, as comments and as warnings. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from openstackoid.discovery.directives import BIND, SERVER, Effect, effect, options
from openstackoid.discovery.haproxy_configuration import Directive, Place, Proxy, Server, Socket
from openstackoid.redaction.text import redacted

_MAY_BE_SECRET = re.compile(r"(?:req\.|res\.)?(?:f?hdr|cook|urlp|payload|body|url_param|http_auth)(?!\w*\(host)")
"""Samples whose values may be secrets; those of the header ``Host`` are not."""
_FIRST = 3  # The words of a line that are shown if its effect is not on access.
_ELSEWHERE = {
    "maxconn": "gateway.limits.connections is the gateway's",
    "timeout tunnel": "gateway.timeouts.tunnel is the gateway's",
    "crt-list": "name the certificates in gateway.tls.users",
    **dict.fromkeys(
        (f"http-request {do}" for do in ("set-path", "set-pathq", "set-uri", "replace-path", "replace-pathq", "replace-uri")),
        "it changes paths: compare the backend's path with it",
    ),
    "send-proxy": "the service waits for the PROXY protocol, which the gateway does not speak to it: turn it off in the service",
    "crt": "the service asks for a certificate, and the gateway shows none to services",
    "proto": "the gateway speaks HTTP/1.1 to services",
    "accept-netscaler-cip": "the proxy in front must speak the PROXY protocol, or send X-Forwarded-For",
}
"""The place of a setting in a description, or the operator's task, by the first words of a line or option."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A line, or a part of it, that is not carried over. ``task``: for the operator.

    ``is_inherited``: from ``defaults``, and without a warning.
    """

    text: str
    place: Place
    effect: Effect
    task: str = ""
    is_inherited: bool = False

    @property
    def comment(self) -> str:
        """The comment at the service."""
        said = f"{self.text} ({self.place}){f'; {self.task}' if self.task else ''}"
        if self.effect is Effect.ACCESS:
            return f"WARNING: others may reach the service, for the gateway does not do this: {said}"
        return f"WARNING: this breaks: {said}" if self.effect is Effect.BROKEN else f"not carried over: {said}"


def losses(frontend: Proxy, socket: Socket, backend: Proxy, used: Sequence[Server]) -> list[Loss]:
    """Return the lines of a frontend, for one of its sockets, and of its backend that the gateway does not carry over."""
    found: dict[Place, list[Loss]] = {}
    names = {server.name for server in used}
    for proxy in (frontend, backend):
        inherited = {line.place for line in (proxy.defaults.settings if proxy.defaults else ())}
        for line in proxy.settings:
            lost = _of_line(line, socket, names, proxy.acls, line.place in inherited)
            found.setdefault(line.place, list(lost))
    return [loss for each in found.values() for loss in each]


def access_loss(words: Sequence[str], place: Place, acls: Mapping[str, Sequence[Sequence[str]]]) -> Loss:
    """Return the loss of a line that decides who reaches a service, with the ACLs that it names."""
    named = dict.fromkeys(name for word in words if (name := word.lstrip("!")) in acls)
    defined = (shown(("acl", name, *acl)) for name in named for acl in acls[name])
    return Loss("; ".join((shown(words), *defined)), place, Effect.ACCESS)


def _of_line(
    line: Directive, socket: Socket, servers: set[str], acls: Mapping[str, Sequence[Sequence[str]]], is_inherited: bool
) -> Iterator[Loss]:
    words, place = line.words, line.place
    if words[0] in ("bind", "server", "default-server"):
        count = {"bind": 2, "server": 3, "default-server": 1}[words[0]]
        if (words[0] == "bind" and line is not socket.bind) or (words[0] == "server" and words[1:2] and words[1] not in servers):
            return
        for option, lost in options(words[count:], BIND if words[0] == "bind" else SERVER):
            text = shown((*words[: min(count, 2)], *option.split(" ")))
            task = _task(option.replace("send-proxy-v2", "send-proxy").split("-ssl")[0])
            yield Loss(text, place, lost, task, is_inherited and lost is Effect.NAMED)
        return
    match effect(words):
        case Effect.NONE:
            return
        case Effect.ACCESS:
            yield access_loss(words, place, acls)
        case lost:
            first = 2 if words[0] == "stats" else _FIRST
            text = shown(words[:first]) + (" ..." if len(words) > first else "")
            yield Loss(text, place, lost, _task(" ".join(words)), is_inherited)


def _task(text: str) -> str:
    return next((task for words, task in _ELSEWHERE.items() if f"{text} ".startswith(f"{words} ")), "")


def shown(words: Iterable[str]) -> str:
    """Return the words of a line for a comment or a terminal, without values that may be secrets."""
    found: list[str] = []
    is_secret = False
    for before, word in pairwise(("", *words)):
        is_secret &= word != "}"
        if not is_secret:
            found.append(word)
        elif found[-1] != "...":
            found.append("...")
        is_sample = before == "{" or (len(found) == 3 and found[0] == "acl")
        is_secret |= is_sample and _MAY_BE_SECRET.match(word) is not None
    return redacted("".join(character if character.isprintable() else "?" for character in " ".join(found)))


def warnings(lost: Mapping[str, Iterable[Loss]]) -> list[str]:
    """Return a line for each loss that an operator must not miss, and the count of all. ``lost``: by service type."""
    services: dict[tuple[str, Effect, str], set[str]] = {}
    places: dict[tuple[str, Effect, str], dict[Place, None]] = {}
    every: set[tuple[str, Place]] = set()
    for kind, each in lost.items():
        for loss in each:
            every.add((loss.text, loss.place))
            if loss.effect is not Effect.NAMED:
                key = (loss.text, loss.effect, loss.task)
                services.setdefault(key, set()).add(kind)
                places.setdefault(key, {})[loss.place] = None
    lines = []
    for (text, kind_of_loss, task), kinds in services.items():
        first, *more = places[text, kind_of_loss, task]
        said = f"{text} ({first}{f', and {len(more)} more' if more else ''}){f'; {task}' if task else ''}"
        names = ", ".join(sorted(kinds))
        if kind_of_loss is Effect.ACCESS:
            lines.append(f"warning: others may reach {names}, for the gateway does not do this: {said}")
        else:
            lines.append(f"warning: {names} would break: {said}")
    if every:
        lines.append(f"not carried over from HAProxy: {len(every)}; comments in the description name each, with file and line")
    return lines
