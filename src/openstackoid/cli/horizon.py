# SPDX-License-Identifier: Apache-2.0
"""The subcommand ``openstackoid horizon``."""

import argparse

from openstackoid.cli.options import add_mesh
from openstackoid.horizon import chosen_regions, default_regions, homes_of, settings_text
from openstackoid.mesh import load_mesh


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the command."""
    text = "print the settings by which Horizon offers scopes as regions of its log-in form"
    parser = subparsers.add_parser("horizon", help=text, description=f"{text[0].upper()}{text[1:]}.")
    add_mesh(parser)
    parser.add_argument(
        "--cloud",
        action="append",
        metavar="NAME",
        help="a cloud whose users log in at the dashboard; may be repeated; default: each cloud",
    )
    parser.add_argument(
        "--scope",
        action="append",
        metavar="EXPR=LABEL",
        help='offer this scope under this label, as in "image=CloudTwo=CloudTwo\'s images"; may be repeated;'
        " default: the images of each other cloud",
    )
    parser.set_defaults(run=_horizon)


def _horizon(args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    homes = homes_of(mesh, args.cloud)
    regions = default_regions(mesh, homes) if args.scope is None else chosen_regions(mesh, homes, args.scope)
    print(settings_text(regions), end="")
    return 0
