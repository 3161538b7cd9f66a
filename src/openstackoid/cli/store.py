# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid store``."""

import argparse
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from openstackoid.cli.options import add_gateway
from openstackoid.gateway import Folder, default_folder
from openstackoid.mesh import MeshError, load_mesh, some_of
from openstackoid.store import StoreError, database_of, reason, revision

_PATIENCE = 600


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("store", help="the database of a gateway: workflows, and the claims of tokens")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    parser = commands.add_parser("upgrade", help="bring the schema of the store to that of this release")
    add_gateway(parser)
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="the folder of the gateway's files")
    parser.set_defaults(run=_upgrade)


def _upgrade(args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    if args.cloud not in mesh.clouds:
        raise MeshError(f"{args.config}: no cloud '{args.cloud}' is described; described are: {some_of(mesh.clouds)}")
    server = mesh.clouds[args.cloud].store
    file = Folder(args.state_dir or default_folder(args.cloud)).store
    database = database_of(server.url if server else None, server.password if server else None, file)
    try:
        with database.connect(database.engine(_PATIENCE)) as connection:
            print(f"the store ({database}) has the schema {revision(connection)}")
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"the store ({database}) cannot be used: {reason(error)}") from None
    return 0
