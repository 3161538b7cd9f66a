# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid bridge``."""

import argparse
import os
from pathlib import Path

from openstackoid.bridge.http.server import load_cloud, serve_with_log
from openstackoid.bridge.http.sockets import Sockets, UnixSocket
from openstackoid.bridge.log import set_up
from openstackoid.cli.options import add_gateway
from openstackoid.gateway import Folder, default_folder
from openstackoid.mesh import BLOCKED, check_binding
from openstackoid.redaction.process import seal
from openstackoid.service_manager import ServiceManager


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("bridge", help="the Python service of a gateway, without HAProxy")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    parser = commands.add_parser("run", help="run the Python service until it is stopped; you run HAProxy")
    add_gateway(parser)
    parser.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="the folder of its files and sockets, as given to `gateway render`",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    seal()
    set_up()
    check_binding(load_cloud(args.config, args.cloud), args.cloud)
    manager = ServiceManager(os.environ)
    folder = Folder(args.state_dir or default_folder(args.cloud))
    folder.share(args.cloud)
    paths = folder.bridge_socket, folder.records_socket, folder.log_socket, folder.metrics_socket
    requests, records, log, metrics = map(UnixSocket, paths)
    sockets = Sockets(requests, folder.stats_socket, records, log, metrics)
    try:
        serve_with_log(
            args.cloud,
            args.config,
            sockets,
            audit_log=folder.audit,
            store_file=folder.store,
            keys=folder.keys,
            blocked=folder.path / BLOCKED,
            manager=manager,
        )
    finally:
        folder.release()
    return 0
