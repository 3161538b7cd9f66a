# SPDX-License-Identifier: Apache-2.0
"""The subcommand ``openstackoid discover``."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

from openstackoid.discovery.catalog import LISTING, DiscoverError, Row, rows_of_listing
from openstackoid.discovery.description import describe, merge, taken_over, what_is_lost
from openstackoid.discovery.existing import read_haproxy, servers_behind


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser("discover", help="describe a cloud for the mesh from its catalog")
    parser.add_argument("--name", required=True, metavar="CLOUD", help="the name that the cloud gets in the mesh")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--os-cloud", metavar="ENTRY", help="read the catalog of a token of this entry in clouds.yaml")
    source.add_argument("--endpoints", metavar="FILE", help=f"read the output of this command, - is stdin: {LISTING}")
    parser.add_argument("--region", metavar="REGION", help="the region of the cloud, if its catalog has several")
    parser.add_argument(
        "--catalog-is",
        choices=("frontend", "backend"),
        default="frontend",
        help="the owner of the catalog's URLs: the gateway (the default), or the services",
    )
    parser.add_argument("--frontend", metavar="URL", help="with --catalog-is backend: the URL of the gateway")
    parser.add_argument(
        "--haproxy", type=Path, metavar="PATH", help="find the backends in this HAProxy configuration: a file, or a folder"
    )
    parser.add_argument("--merge", type=Path, metavar="FILE", help="add the cloud to this description")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
    parser.set_defaults(run=partial(_discover, parser))


def _discover(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if (args.catalog_is == "backend") != (args.frontend is not None):
        parser.error("--catalog-is backend and --frontend URL go together")
    if args.haproxy is not None and args.frontend is not None:
        parser.error("--haproxy is for a catalog whose URLs the gateway takes over: without --catalog-is backend")
    rows = _rows(args)
    chosen = [row for row in rows if args.region in (None, row.region)]
    behind = None if args.haproxy is None else servers_behind(chosen, *read_haproxy(args.haproxy))
    text = describe(args.name, rows, region=args.region, frontend=args.frontend, behind=behind)
    if args.merge is not None:
        text = merge(_read(args.merge), str(args.merge), args.name, text)
    lost = what_is_lost(behind or {})
    if args.output is None:
        print(text, end="")
        _tell(lost)
        return 0
    if args.output.exists() and args.output != args.merge:
        raise DiscoverError(
            f"{args.output} exists already and is not overwritten", hint=f"--merge {args.output}, or another --output"
        )
    try:
        args.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DiscoverError(f"cannot write {args.output}: {error.strerror}") from None
    print(f"{args.name} is described in {args.output}")
    for line in taken_over(behind or {}):
        print(f"the gateway takes the place of {line}")
    _tell(lost)
    return 0


def _tell(lines: Sequence[str]) -> None:
    """Print what the operator must do on stderr: stdout may be the description."""
    for line in lines:
        print(line, file=sys.stderr)


def _rows(args: argparse.Namespace) -> list[Row]:
    if args.os_cloud is not None:
        # openstacksdk takes most of a second to import; only this needs it.
        rows: list[Row] = import_module("openstackoid.discovery.os_cloud").read_catalog(args.os_cloud)
        return rows
    if args.endpoints == "-":
        return rows_of_listing(sys.stdin.read(), "stdin")
    return rows_of_listing(_read(Path(args.endpoints)), args.endpoints)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DiscoverError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
