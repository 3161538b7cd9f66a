# SPDX-License-Identifier: Apache-2.0
"""The subcommand ``openstackoid explain``: the treatment of a request, without sending it."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from openstackoid.bridge.identity.token_documents import body_token, document
from openstackoid.cli.in_force import described
from openstackoid.cli.options import add_mesh
from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import DEFAULT_PORTS, Cloud, Listener, Mesh, load_mesh, some_of
from openstackoid.redaction import redacted
from openstackoid.routing import REQUEST_ID, Explanation, Request, asks_for_token, explain, marked_id, read_times, waits_in_words
from openstackoid.routing.hosts import MisdirectedError, listener_of
from openstackoid.routing.pages import PAGES, ROUND_TRIPS
from openstackoid.scope import EVERY_OTHER, IDENTITY, Scope, ScopeError, Times, parse

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HEADER = re.compile(r"(?P<name>[A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)")
_URL = re.compile(
    r"(?:(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?)?"
    r"(?P<path>/[!-~]*?)?(?P<query>\?[!-~]*)?"
)
_AN_ID = marked_id(UUID(int=0))


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the command."""
    text = "explain the route of a request, without sending it"
    parser = subparsers.add_parser("explain", help=text, description=f"{text[0].upper()}{text[1:]}.")
    add_mesh(parser)
    parser.add_argument("--at", required=True, metavar="CLOUD", help="the cloud of the gateway that gets the request")
    parser.add_argument("--scope", metavar="SCOPE", help='the scope, as in {"image": "CloudTwo"}, for X-Scope')
    parser.add_argument(
        "--header",
        type=_header,
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header of the request, such as X-Auth-Token or X-Subject-Token; may be repeated; any word will do for a token",
    )
    parser.add_argument("--body", metavar="FILE", help="the body of the request, - is stdin; without it, none")
    parser.add_argument(
        "--remembered",
        metavar="SCOPE",
        help="the request is a hop with the request id of a workflow that has this scope, and with a service's own token",
    )
    parser.add_argument(
        "--times",
        action="append",
        default=[],
        metavar="FILE",
        help="the page /.openstackoid/round-trips of the gateway, for around and nearest; without it, the mesh has the times; "
        "may be repeated",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("method", type=_method, metavar="METHOD", help=f"one of {', '.join(METHODS)}")
    parser.add_argument(
        "url", metavar="URL", help="a URL of one of the cloud's frontends, or its path if they share one host and port"
    )
    parser.set_defaults(run=partial(_explain, parser))


def _explain(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    if args.at not in mesh.clouds:
        raise OpenstackoidError(f"the mesh has no cloud '{args.at}'; known: {some_of(mesh.clouds)}")
    try:
        listener, path, query = _target(mesh.clouds[args.at], args.url)
        recalled = None if args.remembered is None else _remembered(mesh, args.at, args.remembered)
    except ValueError as error:
        parser.exit(2, redacted(f"{parser.prog}: {error}\n"))
    headers = list(args.header)
    if args.scope is not None:
        headers.append(("X-Scope", args.scope))
    if recalled is not None:
        given = {name.lower() for name, _ in headers}
        stand_ins = (("X-Auth-Token", "token"), (REQUEST_ID, _AN_ID))
        headers += [(name, value) for name, value in stand_ins if name.lower() not in given]
    body = None if args.body is None else _body(args.body)
    login = body is not None and asks_for_token(mesh.clouds[args.at].locate(listener, path), args.method, path)
    request = Request(
        args.method,
        listener,
        path,
        tuple(headers),
        body_token=body_token(body) if body is not None and login else None,
        body={} if body is None else document(body),
        recalled=recalled,
        fresh_id=_AN_ID,
    )
    told = _explained(mesh, args.at, request, query, dict(map(_round_trips, args.times)))
    if args.format == "json":
        print(json.dumps(told.document(), indent=2))
    else:
        for title, lines in _rows(mesh, told):
            for number, line in enumerate(lines):
                print(f"{'' if number else title:<8}{line}")
    return 0


def _explained(mesh: Mesh, at: str, request: Request, query: str, measured: Times) -> Explanation:
    """Return the explanation; ``Host`` among the headers names the listener in the place of the URL, at a shared socket."""
    listeners = next(own for own in mesh.clouds[at].sockets.values() if request.listener in own)
    for host in request.values("host"):
        try:
            request = replace(request, listener=listener_of(listeners, host))
        except MisdirectedError as error:
            reason = redacted(f"gateway of {at}: {error.message}")
            return Explanation(None, None, at, None, "refuse", status=error.status, reason=reason)
    told = explain(mesh, at, request, query, measured)
    return told if told.status is not None else replace(told, gateway=tuple(described(mesh.clouds[at])))


def _round_trips(file: str) -> tuple[str, dict[str, float]]:
    """Return the cloud of a gateway's page, and the times around it."""
    page = document(_body(file))
    if not isinstance(page, dict) or not isinstance(page.get("from"), str):
        raise OpenstackoidError(
            f"{file}: the page {ROUND_TRIPS} of a gateway is accepted, a JSON object with 'from' and 'clouds'"
        )
    return page["from"], read_times(page.get("clouds"))


def _method(text: str) -> str:
    if text.upper() not in METHODS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a method; {', '.join(METHODS)} are accepted")
    return text.upper()


def _header(text: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(text)
    if match is None:
        # It may hold a token, so it is not repeated.
        raise argparse.ArgumentTypeError("a header is written 'Name: value', on one line")
    return match["name"], match["value"].rstrip(" \t")


def _target(cloud: Cloud, url: str) -> tuple[Listener, str, str]:
    """Return socket, raw path and query (with its ``?``) of a URL. Raises ``ValueError`` with the accepted form."""
    match = _URL.fullmatch(url)
    if match is None or "#" in url or not (match["host"] or match["path"]):
        raise ValueError(
            f"{url!r} is not a URL; http(s)://HOST[:PORT]/PATH, or /PATH, is accepted, as it is sent: percent-encoded"
        )
    origins = {endpoint.listener: endpoint.frontend.origin() for endpoint in cloud.endpoints}
    frontends = ", ".join(origins[listener] for listener in cloud.listeners)
    path, query = match["path"] or "/", match["query"] or ""
    if match["host"] is None:
        if len(cloud.listeners) != 1:
            raise ValueError(f"{url!r} is a path alone, and the gateway of {cloud.name} has several frontends: {frontends}")
        listener = cloud.listeners[0]
    else:
        listener = Listener(match["host"].lower(), int(match["port"] or DEFAULT_PORTS[match["scheme"]]))
        asked = f"{match['scheme']}://{listener}"
        if origins.get(listener) != asked:
            raise ValueError(f"the gateway of {cloud.name} has no frontend {asked}; it has: {frontends}")
    if path.startswith(PAGES):
        raise ValueError(f"paths below {PAGES} are the gateway's own pages")
    return listener, path, query


def _remembered(mesh: Mesh, at: str, text: str) -> Scope:
    """Return the stored scope of a workflow with this scope. Raises ``ValueError``."""
    try:
        scope = parse(text, services=mesh.known_services, clouds=mesh.known_clouds, offers=mesh.offers)
    except ScopeError as error:
        raise ValueError(f"--remembered, {error}\n{error.pointer()}") from None
    return scope.completed(at).workflow()


def _body(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise OpenstackoidError(f"cannot read {source}: {error.strerror}") from None


def _rows(mesh: Mesh, told: Explanation) -> Iterator[tuple[str, list[str]]]:
    yield "service", [f"{told.service} ({told.interface})" if told.service else "none has this URL"]
    yield "scope", list(_scope(mesh, told.home, told.scope)) if told.scope else ["not known: the request is refused before"]
    if told.near:
        yield "near", [line for each in told.near for line in each.lines()]
    if told.status is not None:
        yield "route", [f"refuse: {told.status} {HTTPStatus(told.status).phrase}"]
        yield "reason", [told.reason or "", *told.pointer.splitlines()]
        return
    there = ", ".join(told.clouds)
    if told.turns:
        yield "route", [f"{told.route}: the gateway's Python service asks {told.service} {_several(told)}"]
        yield "to", [_turn(turn) for turn in _of_one_cloud(told)]
        yield from _conditions(told)
        return
    if told.guest is not None:
        yield "policy", [f"asked about this user of {told.guest} first; `openstackoid policy check` says what they may do"]
    match told.route:
        case "local":
            yield "route", [f"local: forwarded to {told.service} of {there}, the gateway's own cloud"]
        case "remote":
            yield "route", [f"remote: forwarded to the gateway of {there}"]
        case "bridge":
            yield "route", [f"bridge: the gateway's Python service asks {told.service} of {there} and adapts the answer"]
    yield "to", list(told.urls) or [f"a backend that this mesh description does not name: {there}'s own copy does"]
    yield from _conditions(told)


def _conditions(told: Explanation) -> Iterator[tuple[str, list[str]]]:
    if told.verified:
        yield "verify", list(told.verified)
    if told.waits is not None:
        yield "waits", [waits_in_words(told.waits)]
    if told.gateway:
        yield "gateway", list(told.gateway)


def _scope(mesh: Mesh, home: str, scope: Scope) -> Iterator[str]:
    """Yield a line for each service of the mesh: its cloud, and the deciding entry."""
    width = max(map(len, mesh.services))
    for service in sorted(mesh.services):
        clouds, entry = scope.clouds_for(service, home), scope.entry_for(service)
        if service == IDENTITY and clouds == (home,):
            why = "home"
        elif entry == service and (scope.written is None or service in scope.written):
            why = "named"
        elif entry not in (None, service, EVERY_OTHER):
            why = f"follows {entry}"
        else:
            why = "home" if clouds == (home,) else EVERY_OTHER
        without = [cloud for cloud in clouds if service not in mesh.offers[cloud]]
        lacks = f", {'which' if len(clouds) == 1 else ' and '.join(without)} has none" if without else ""
        yield f"{service:<{width}}  {scope.text_for(service, home)}{lacks} ({why})"


def _several(told: Explanation) -> str:
    """Return the clouds of a request in words: in turn, at once, or both."""
    parts = [f"({_several(turn)})" if turn.turns else f"of {turn.clouds[0]}" for turn in told.turns]
    return ", then ".join(parts) if told.route == "otherwise" else " and ".join(parts) + " at once"


def _of_one_cloud(told: Explanation) -> Iterator[Explanation]:
    """Return the turns of single clouds, also those in other turns."""
    for turn in told.turns:
        yield from _of_one_cloud(turn) if turn.turns else (turn,)


def _turn(turn: Explanation) -> str:
    """Return the line of one of several clouds."""
    (cloud,) = turn.clouds
    if turn.status is not None:
        return f"{cloud}: refused: {turn.status} {HTTPStatus(turn.status).phrase}: {turn.reason}"
    policy = "" if turn.guest is None else f", after the policy is asked about this user of {turn.guest}"
    return f"{cloud}: {' or '.join(turn.urls) or 'a backend that this mesh description does not name'}{policy}"
