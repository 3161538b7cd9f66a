# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid audit``: the audit logs of gateways, for people and programs."""

import argparse
import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from openstackoid.bridge.audit.audit_log import LOST, timestamp
from openstackoid.bridge.audit.chain import Link
from openstackoid.bridge.audit.reading import Line, Wanted, read_logs
from openstackoid.bridge.audit.verifying import verify

_WIDTH = 2000
"""The most columns without a terminal: a line of the log stays one line of the table."""

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_LINK = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COLUMNS = ("time", "gateway", "", "user", "project", "source", "service", "request", "rule", "outcome", "request id")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("audit", help="requests of users of other clouds, from the audit logs of gateways")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    text = "show the lines of audit logs, those of one request side by side"
    parser = commands.add_parser("show", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="audit.log of a gateway, or a rotated one, .gz too")
    parser.add_argument("--request-id", metavar="ID", help="only the lines of this request")
    parser.add_argument("--user", metavar="NAME", help="only those of this user: a name or an id")
    parser.add_argument("--home", metavar="CLOUD", help="only those of users of this cloud")
    parser.add_argument(
        "--since", type=_since, metavar="WHEN", help="only later ones: 2026-01-31, 2026-01-31T08:00:00Z, or 30m, 2h, 7d ago"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line, as in the files")
    parser.set_defaults(run=_show)
    text = "verify that no line of a gateway's audit log is missing, added or changed"
    parser = commands.add_parser("verify", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="audit.log of one gateway, with its rotated ones, .gz too"
    )
    parser.add_argument(
        "--known", type=_link, metavar="NUMBER:DIGEST", help="a line that was noted elsewhere, as an earlier run has shown it"
    )
    parser.set_defaults(run=_verify)


def _show(args: argparse.Namespace) -> int:
    found = read_logs(args.files, Wanted(args.request_id, args.user, args.home, args.since))
    if args.format == "json":
        for line in found.lines:
            print(json.dumps(line))
    else:
        Console(width=None if sys.stdout.isatty() else _WIDTH).print(_table(found.lines))
    if found.remark:
        print(found.remark, file=sys.stderr)
    return 0


def _verify(args: argparse.Namespace) -> int:
    found = verify(args.files, args.known)
    if found.first > 1:
        print(f"lines 1 to {found.first - 1} are not in these files; line {found.first} is taken as it is")
    if found.before:
        print(f"lines of an earlier release, which no chain holds: {found.before}")
    print(f"the chain is whole: {found.lines} lines; its last is {found.last.number}:{found.last.digest}")
    return 0


def _link(text: str) -> Link:
    found = _LINK.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r}: the number of a line, ':' and its digest are accepted, as `audit verify` shows them"
        )
    return Link(int(found[1]), found[2])


def _since(text: str) -> str:
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return timestamp(max(time.time() - int(ago[1]) * _SECONDS[ago[2]], 0))
        when = datetime.fromisoformat(text)
        return timestamp((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time; a date or time in ISO 8601 (UTC), or an age (30m, 2h, 7d), is accepted"
        ) from None


def _table(lines: list[Line]) -> Table:
    table = Table()
    for title in _COLUMNS:
        # A truncated request id is useless.
        table.add_column(title, overflow="fold")
    for number, line in enumerate(lines, start=1):
        after = lines[number] if number < len(lines) else {}
        of_one = line.get("request_id") is not None and line["request_id"] == after.get("request_id")
        table.add_row(*map(_shown, _row(line)), end_section=not of_one)
    return table


def _row(line: Line) -> tuple[object, ...]:
    cloud = line.get("cloud") or line["gateway"]
    return (
        line["time"],
        line["gateway"],
        f"from {line['home']}" if line["direction"] == "in" else f"to {cloud}",
        _party(line.get("user")) or f"of {line['home']}",
        _party(line.get("project")),
        line.get("source"),
        line["service"],
        f"{line['method']} {line['path']}",
        line.get("rule"),
        _outcome(line),
        line.get("request_id"),
    )


def _outcome(line: Line) -> str:
    said = f"{line.get('count', 1)} lost" if line["outcome"] == LOST else f"{line['outcome']} {line['status'] or '-'}"
    return f"{said}: {line['reason']}" if line.get("reason") else said


def _party(party: Line | None) -> str:
    """Return a user or project as ``name (domain)``, or by its id."""
    if party is None:
        return ""
    name = party.get("name") or party.get("id") or ""
    return f"{name} ({party['domain']})" if party.get("domain") else str(name)


def _shown(value: object) -> Text:
    """Return a cell without control and bidirectional characters: names come from other clouds."""
    text = "-" if value is None or value == "" else str(value)
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))
