# SPDX-License-Identifier: Apache-2.0
"""``openstackoid status``."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from openstackoid.cli.options import add_gateway
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway import Folder, default_folder
from openstackoid.gateway.status import PATIENCE, TITLES, Status, status_of
from openstackoid.mesh import Mesh, MeshError, load_mesh
from openstackoid.redaction import redacted

SOON = 1.0
"""Seconds after which a person is told that answers are waited for."""

UNKNOWN = 2
"""The exit code if the state cannot be known."""

_UNWRAPPED = 100_000
"""The width of the output outside of a terminal: each item is one line, for ``grep``."""

_COLOURS = {"up": "green", "down": "bold red", "warning": "yellow", "unknown": "dim", "blocked": "yellow"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    text = "what is down: this gateway, a service, or a peer"
    codes = "Exit code 0: nothing is down, though there may be warnings; 1: something is down; 2: it cannot tell."
    parser = subparsers.add_parser(
        "status",
        help=f"{text} (exit code 0: nothing, 1: something, 2: not known)",
        description=f"Say {text}, with what to do. {codes}",
    )
    add_gateway(parser)
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="the folder of the running gateway's files and sockets")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    folder = Folder(args.state_dir or default_folder(args.cloud))
    try:
        mesh, broken = _mesh(args.config, folder)
        if mesh is not None and args.cloud not in mesh.clouds:
            raise MeshError(f"--cloud {args.cloud}: the mesh has no such cloud")
        status = asyncio.run(_asked(folder, mesh, args.cloud, broken))
    except OpenstackoidError as error:
        print(redacted(f"openstackoid: {error}"), file=sys.stderr)
        if args.json:
            print(json.dumps({"gateway": args.cloud, "code": UNKNOWN, "error": redacted(str(error))}))
        return UNKNOWN
    if args.json:
        print(json.dumps(status.document()))
    else:
        _show(status)
    return status.code


async def _asked(folder: Folder, mesh: Mesh | None, cloud: str, broken: str) -> Status:
    """Return the state of the gateway; after a second, tell a person at a terminal that it takes a moment."""
    asking = asyncio.create_task(status_of(folder, mesh, cloud, broken))
    await asyncio.wait([asking], timeout=SOON)
    if not asking.done() and sys.stderr.isatty():
        print(f"not all have answered yet: waiting, {PATIENCE:g} s at most", file=sys.stderr)
    return await asking


def _mesh(file: Path, folder: Folder) -> tuple[Mesh | None, str]:
    """Return the mesh; where a gateway runs with an earlier one, None for a broken file, and the reason."""
    try:
        return load_mesh(file), ""
    except MeshError as error:
        if not file.exists() or folder.holder() is None:
            raise
        return None, str(error)


def _show(status: Status) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = _UNWRAPPED
    word = f"[{_COLOURS.get(status.word, 'dim')}]{status.word}[/]"
    console.print(f"{status.cloud}: {word}{': ' if status.culprits else ''}{', '.join(status.culprits)}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for column in ("", "part", "state", ""):
        table.add_column(column)
    for item in status.items:
        table.add_row(TITLES[item.of], item.name, f"[{_COLOURS[item.state]}]{item.state}[/]", item.detail)
    with console.capture() as captured:
        console.print(table)
    # The table's last column is padded, too.
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    for item in status.at_fault:
        if item.todo:
            console.print(f"do, for {TITLES[item.of]} ({item.name}): {item.todo}", markup=False, highlight=False, soft_wrap=True)
