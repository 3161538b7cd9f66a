# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid policy``: show a cloud's policy, or try one request against it."""

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from openstackoid.bridge.audit.reading import Wanted, read_logs
from openstackoid.bridge.audit.suggestion import suggested, told
from openstackoid.cli.options import add_mesh
from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import Cloud, Mesh, load_mesh, some_of
from openstackoid.policy import Grant, Trial, Use, derived_id, tried
from openstackoid.policy.principal import identifier, name
from openstackoid.policy.shown import shown
from openstackoid.routing.normal_path import called_path
from openstackoid.scope import IDENTITY, official_service_type

UNKNOWN, NAMELESS = "unknown", "?"
"""Id and name of users and projects without one in the options. Their mapped forms are not shown."""

_WHY = "the first entry of 'people' that matches this user, project and roles"
_ABOUT = ("user", "user_id", "user_domain", "project", "project_id", "project_domain", "role")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("policy", help="the users that a cloud lets in, their requests and their roles")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    add_mesh(common)
    common.add_argument("--cloud", required=True, metavar="NAME", help="the cloud of the policy")

    parser = commands.add_parser("show", parents=[common], help="show the policy of a cloud as a table")
    parser.set_defaults(run=_show)

    text = "print the smallest entry that would admit the requests that the policy has refused; nothing is applied"
    parser = commands.add_parser("suggest", parents=[common], help=text)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="audit.log of the cloud's gateway, .gz too")
    parser.set_defaults(run=_suggest)

    text = "try a request against a cloud's policy and show outcome, rule and roles; exit code 0 is allowed, 1 is refused"
    parser = commands.add_parser("check", parents=[common], help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--issuer", required=True, metavar="CLOUD", help="the cloud of the user")
    parser.add_argument("--sender", metavar="CLOUD", help="the cloud of the sending gateway; default: the issuer's")
    parser.add_argument(
        "--service", metavar="TYPE", help="the service that is asked; without it, whether a service here finds the token valid"
    )
    parser.add_argument("--method", metavar="METHOD", default="GET", type=str.upper, help="the request's method; default: GET")
    parser.add_argument("--path", type=_path, metavar="PATH", help="the request's path below the service's root: /v2/images")
    parser.add_argument(
        "--token", metavar="FILE", help="the user: the JSON answer of GET /v3/auth/tokens at the issuer; - is stdin"
    )
    who = parser.add_argument_group("the user, without --token")
    who.add_argument("--user", type=_name, metavar="NAME", help="an omitted value is in no list of the policy")
    who.add_argument("--user-id", type=_id, metavar="ID")
    who.add_argument("--user-domain", type=_name, metavar="DOMAIN", help="by name or id; default: Default")
    who.add_argument("--project", type=_name, metavar="NAME")
    who.add_argument("--project-id", type=_id, metavar="ID")
    who.add_argument("--project-domain", type=_name, metavar="DOMAIN", help="by name or id; default: Default")
    who.add_argument("--role", type=_name, nargs="+", action="extend", metavar="ROLE", help="a role there")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.set_defaults(run=partial(_check, parser))


def _show(args: argparse.Namespace) -> int:
    cloud = _cloud(load_mesh(args.config), args.cloud)
    for line in shown(cloud.policy, cloud.name):
        print(line)
    return 0


def _suggest(args: argparse.Namespace) -> int:
    cloud = _cloud(load_mesh(args.config), args.cloud)
    found = read_logs(args.files, Wanted())
    if found.remark:
        print(found.remark, file=sys.stderr)
    if found.skipped and not found.lines:
        raise OpenstackoidError(
            "no line of these files is one of an audit log", "audit.log in the state folder of the gateway has them"
        )
    for line in told(suggested(cloud, found.lines)):
        print(line)
    return 0


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    options = [f"--{key.replace('_', '-')}" for key in _ABOUT if getattr(args, key) is not None]
    if args.token is not None and options:
        parser.error(f"{options[0]} and --token both describe the user; one of them is accepted")
    if args.token is None and args.role is None:
        parser.error("the user is missing; --token is accepted, or --role with options for user and project")
    if (args.service is None) != (args.path is None):
        parser.error("--service and --path go together")
    mesh = load_mesh(args.config)
    cloud = _cloud(mesh, args.cloud)
    _peer(mesh, cloud, args.issuer, "--issuer")
    if args.sender is not None:
        _peer(mesh, cloud, args.sender, "--sender")
    document = _stand_in(args) if args.token is None else _document(args.token)
    use = None if args.service is None else _use(cloud, args.service, args.method, args.path)
    trial = tried(cloud.policy, args.issuer, args.sender, use, document)
    result = _told(trial, _unknown(args))
    if args.format == "json":
        print(json.dumps(result, indent=2))
    else:
        for title, text in _rows(result):
            print(f"{title:<9}{text}".rstrip())
    return 0 if isinstance(trial.judged, Grant) else 1


def _path(text: str) -> str:
    if not text.startswith("/") or "?" in text or "#" in text:
        raise argparse.ArgumentTypeError(f"{text!r}: a path that begins with '/' is accepted, without a query")
    return text


def _name(text: str) -> str:
    try:
        return name(text, repr(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _id(text: str) -> str:
    try:
        return identifier(text, repr(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _cloud(mesh: Mesh, named: str) -> Cloud:
    if named not in mesh.clouds:
        raise OpenstackoidError(f"the mesh has no cloud '{named}'; known: {some_of(mesh.clouds)}")
    return mesh.clouds[named]


def _peer(mesh: Mesh, cloud: Cloud, named: str, option: str) -> None:
    others = some_of(other for other in mesh.clouds if other != cloud.name) or "none"
    if named == cloud.name:
        raise OpenstackoidError(f"{option}: {named} is the cloud itself, whose Keystone judges its users; its peers: {others}")
    if named not in mesh.clouds:
        raise OpenstackoidError(f"{option}: the mesh has no cloud '{named}'; peers of {cloud.name}: {others}")


def _use(cloud: Cloud, service: str, method: str, path: str) -> Use:
    official = official_service_type(service) or service
    endpoint = None if official == IDENTITY else cloud.endpoint(official, "public")
    if endpoint is None:
        having = ", ".join(sorted(cloud.services - {IDENTITY}))
        why = "Keystone judges its own requests" if official == IDENTITY else f"{cloud.name} has no service '{service}'"
        raise OpenstackoidError(f"--service: {why}; accepted: {having}")
    return Use(official, method, called_path(endpoint, endpoint.frontend.prefix + path))


def _document(source: str) -> Any:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise OpenstackoidError(f"cannot read {source}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise OpenstackoidError(f"{source}: not JSON; the body of Keystone's answer to GET /v3/auth/tokens is accepted") from None


def _stand_in(args: argparse.Namespace) -> dict[str, Any]:
    """Return a token of the user in the options."""
    user, project = (
        {"id": identity or UNKNOWN, "name": named or NAMELESS, "domain": _domain(domain)}
        for identity, named, domain in (
            (args.user_id, args.user, args.user_domain),
            (args.project_id, args.project, args.project_domain),
        )
    )
    return {"token": {"user": user, "project": project, "roles": [{"name": role} for role in args.role]}}


def _domain(text: str | None) -> dict[str, str]:
    """Return a domain with ``text`` for its name and, if valid, for its id: a user may give either."""
    if text is None or text.lower() == "default":
        return {"id": "default", "name": "Default"}
    try:
        return {"id": identifier(text, "domain"), "name": text}
    except ValueError:
        return {"id": UNKNOWN, "name": text}


def _unknown(args: argparse.Namespace) -> set[str]:
    """Return the ids of unnamed values."""
    if args.token is not None:
        return set()
    domains = {_domain(args.user_domain)["id"], _domain(args.project_domain)["id"]}
    there = {("user", UNKNOWN), ("project", UNKNOWN), *(("domain", identity) for identity in domains)}
    return {UNKNOWN, NAMELESS, *(derived_id(args.issuer, kind, identity) for kind, identity in there)}


def _told(trial: Trial, unknown: set[str]) -> dict[str, Any]:
    judged = trial.judged
    token = trial.token or {}
    return {
        "outcome": "allowed" if isinstance(judged, Grant) else "refused",
        "rule": judged.rule,
        "reason": _WHY if isinstance(judged, Grant) else judged.reason,
        "user": _known(token.get("user"), unknown),
        "project": _known(token.get("project"), unknown),
        "roles": [role["name"] for role in token.get("roles", [])],
        "passed_over": [{"entry": entry, "reason": why} for entry, why in trial.passed_over],
    }


def _known(told: Any, unknown: set[str]) -> Any:
    """Return a user or project with null for unnamed values."""
    if isinstance(told, dict):
        return {key: _known(value, unknown) for key, value in told.items()}
    return None if told in unknown else told


def _rows(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "outcome", told["outcome"]
    yield "rule", told["rule"] or "none"
    yield "why", told["reason"]
    for key in ("user", "project"):
        if told[key] is not None:
            yield key, f"{_worded(told[key])}, of the domain {_worded(told[key]['domain'])}"
    if told["roles"]:
        yield "roles", ", ".join(told["roles"])
    for number, passed in enumerate(told["passed_over"]):
        yield "" if number else "skipped", f"{passed['entry']}: {passed['reason']}"


def _worded(owned: dict[str, Any]) -> str:
    return (owned["name"] or "not named") + ("" if owned["id"] is None else f" ({owned['id']})")
