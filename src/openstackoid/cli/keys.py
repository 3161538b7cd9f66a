# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid keys``."""

import argparse
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

_SECONDS = 345_600


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("keys", help="the keys by which a cloud's gateways bind tokens to their peers")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("--directory", required=True, type=Path, metavar="DIR", help="the folder of the keys")

    parser = commands.add_parser("setup", parents=[folder], help="make a primary and a staged key, if there are none")
    parser.set_defaults(run=_setup)
    parser = commands.add_parser("rotate", parents=[folder], help="make the staged key primary, and stage a new one")
    parser.add_argument(
        "--seconds",
        type=int,
        default=_SECONDS,
        metavar="N",
        help=f"bound_tokens.seconds of the mesh; keys are kept for as long (default: {_SECONDS})",
    )
    parser.set_defaults(run=_rotate)
    parser = commands.add_parser("show", parents=[folder], help="list the keys, without their secrets")
    parser.set_defaults(run=_show)


def _binding(module: str) -> Any:
    # The library takes a tenth of a second to import; only these commands need it.
    return import_module(f"openstackoid.binding.{module}")


def _setup(args: argparse.Namespace) -> int:
    _binding("rotation").set_up(args.directory, time.time())
    return _show(args)


def _rotate(args: argparse.Namespace) -> int:
    removed = _binding("rotation").rotate(args.directory, time.time(), args.seconds)
    if removed:
        print(f"removed: {', '.join(map(str, removed))}")
    return _show(args)


def _show(args: argparse.Namespace) -> int:
    keys = _binding("keys").load_keys(args.directory)
    for key in keys.keys:
        since = datetime.fromtimestamp(key.since, UTC)
        print(f"{key.number:>4}  {keys.role(key):<9}  {key.name.hex()}  since {since:%Y-%m-%d %H:%M} UTC")
    return 0
