# SPDX-License-Identifier: Apache-2.0
"""The lines of a frontend that lead to no service of the catalog: a gateway in its place serves URLs of the catalog. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from openstackoid.discovery.backends import Found, Missing, is_in_map, map_rows
from openstackoid.discovery.catalog import Row
from openstackoid.discovery.directives import Effect
from openstackoid.discovery.haproxy_configuration import Choice, Place, Proxy
from openstackoid.discovery.losses import Loss, shown
from openstackoid.mesh.urls import FrontendUrl

_NO_ADDRESS = "no URL of the catalog is at this address: the gateway does not listen there"
_NO_URL = "no URL of the catalog leads there: what reached this backend gets the gateway's answers"


def with_passed_over(found: Mapping[Row, Found | Missing], maps: Mapping[str, str]) -> dict[Row, Found | Missing]:
    """Add, to each service of a frontend, the losses of its sockets and backends that no URL of the catalog has."""
    behind: dict[Place, list[tuple[Row, Found | Missing]]] = {}
    for row, each in found.items():
        if each.frontend is not None:
            behind.setdefault(each.frontend.place, []).append((row, each))
    frontends = {each.frontend.place: each.frontend for each in found.values() if each.frontend is not None}
    lost = {place: tuple(_of_frontend(frontends[place], members, maps)) for place, members in behind.items()}
    return {
        row: replace(each, losses=(*each.losses, *lost[each.frontend.place])) if isinstance(each, Found) else each
        for row, each in found.items()
    }


def _of_frontend(frontend: Proxy, members: Sequence[tuple[Row, Found | Missing]], maps: Mapping[str, str]) -> Iterator[Loss]:
    used = {choice.place if choice else None for _, each in members for choice in each.choices}
    yield from _binds(frontend, [each for _, each in members])
    for choice in frontend.choices:
        if choice.place not in used:
            yield Loss(shown(("use_backend", choice.backend, *choice.condition)), choice.place, Effect.NAMED, _NO_URL)
        else:
            hosts = {FrontendUrl.parse(row.url).host for row, each in members if choice in each.choices}
            yield from _hosts(choice, hosts, maps)
    if None not in used:
        defaults = [line for line in frontend.settings if line.words[:1] == ("default_backend",)]
        yield from (Loss(shown(line.words), line.place, Effect.NAMED, _NO_URL) for line in defaults[-1:])


def _binds(frontend: Proxy, members: Iterable[Found | Missing]) -> Iterator[Loss]:
    """Yield the addresses of ``bind`` lines, several of which may stand in one, that are none of the used sockets."""
    used = {(each.socket.host, each.socket.port) for each in members if each.socket is not None}
    served = {socket.text for socket in frontend.sockets if (socket.host, socket.port) in used}
    for line in frontend.lines:
        if line.words[0] == "bind":
            texts = (text for text in "".join(line.words[1:2]).split(",") if text not in served)
            yield from (Loss(shown(("bind", text)), line.place, Effect.NAMED, _NO_ADDRESS) for text in texts)


def _hosts(choice: Choice, hosts: set[str], maps: Mapping[str, str]) -> Iterator[Loss]:
    """Yield the hosts of a map, by which several services have one frontend, that no URL of the catalog has."""
    for key, backend in map_rows(choice, maps) or []:
        if not any(is_in_map(choice, host, key) for host in hosts):
            words = ("use_backend", choice.backend)
            yield Loss(f"{shown(words)}, host {shown([key])}: {shown([backend])}", choice.place, Effect.NAMED, _NO_URL)
