# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid peer``."""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from openstackoid.cli.options import add_gateway
from openstackoid.cli.peer_errors import PeerError, check_peers
from openstackoid.mesh import BLOCKED, blocked_clouds
from openstackoid.mesh.load import load_mesh


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("peer", help="introduce clouds to each other, and try the way between their gateways")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    gateway = argparse.ArgumentParser(add_help=False)
    add_gateway(gateway)

    parser = commands.add_parser("export", parents=[gateway], help="write a signed file about this cloud for a peer's operator")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
    parser.set_defaults(run=_introduce("export"))
    parser = commands.add_parser("add", parents=[gateway], help="add the cloud of a signed file to the mesh description")
    parser.add_argument("file", metavar="FILE", help="the file of the peer's operator; - is stdin")
    parser.set_defaults(run=_introduce("add"))
    parser = commands.add_parser("check", parents=[gateway], help="try the way to the gateways of peers, and back")
    parser.add_argument("peers", nargs="*", metavar="PEER", help="a cloud of the mesh; without one, each of them")
    parser.set_defaults(run=_introduce("check"))
    for name, about in (("block", "cut a peer off at this gateway, at once"), ("unblock", "let a blocked peer in again")):
        parser = commands.add_parser(name, parents=[gateway], help=about)
        parser.add_argument("peer", metavar="PEER", help="a cloud of the mesh")
        parser.add_argument("--state-dir", type=Path, metavar="DIR", help="the folder of the running gateway's files and sockets")
        parser.set_defaults(run=_block, blocked=name == "block")


def _introduce(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the command of this name."""

    def run(args: argparse.Namespace) -> int:
        return int(getattr(import_module("openstackoid.cli.introduction"), name)(args))

    return run


def _block(args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    if args.cloud not in mesh.clouds:
        raise PeerError(f"--cloud {args.cloud}: the mesh has no such cloud")
    gateway = import_module("openstackoid.gateway")
    folder = gateway.Folder(args.state_dir or gateway.default_folder(args.cloud))
    if args.blocked or args.peer not in blocked_clouds(folder.path / BLOCKED):
        check_peers(args.cloud, args.config, mesh, [args.peer])
    print(import_module("openstackoid.gateway.blocking").block(folder, args.cloud, args.peer, blocked=args.blocked))
    return 0
