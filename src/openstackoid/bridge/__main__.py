# SPDX-License-Identifier: Apache-2.0
"""``python -m openstackoid.bridge``: started by ``openstackoid gateway run``."""

import argparse
import sys
from pathlib import Path

from openstackoid.bridge.http.server import serve_with_log
from openstackoid.bridge.http.sockets import Sockets, UnixSocket
from openstackoid.bridge.log import set_up
from openstackoid.errors import OpenstackoidError
from openstackoid.redaction import redacted
from openstackoid.redaction.logs import redact_uncaught_errors
from openstackoid.redaction.process import seal


def main(argv: list[str] | None = None) -> int:
    """Run the bridge and return its exit code: 0 when it was stopped, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m openstackoid.bridge", description=__doc__, allow_abbrev=False)
    parser.add_argument("--cloud", required=True, metavar="NAME", help="the cloud of this gateway")
    parser.add_argument(
        "--config", required=True, type=Path, metavar="MESH", help="the mesh description: a file, or a folder of files"
    )
    parser.add_argument(
        "--socket",
        required=True,
        type=Path,
        metavar="PATH",
        help="the unix socket to serve; HAProxy's, for requests to send on, is beside it",
    )
    parser.add_argument(
        "--socket-fd", type=int, metavar="N", help="the descriptor of that socket, if the parent process has opened it"
    )
    parser.add_argument("--haproxy-socket", type=Path, metavar="PATH", help="HAProxy's control socket, to ask for health")
    parser.add_argument("--log-socket", type=Path, metavar="PATH", help="the unix socket that receives HAProxy's log")
    parser.add_argument("--log-fd", type=int, metavar="N", help="the descriptor of a pipe that brings HAProxy's log instead")
    parser.add_argument(
        "--records-socket", type=Path, metavar="PATH", help="the unix socket for HAProxy's lines about traced requests"
    )
    parser.add_argument(
        "--store-file",
        type=Path,
        metavar="FILE",
        help="the file of the store, if the mesh names no database (default: in memory)",
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="DIR",
        help="the folder of the keys of bound tokens, where the mesh names none; made if it is not there",
    )
    parser.add_argument("--metrics-socket", type=Path, metavar="PATH", help="the unix socket to serve metrics at")
    parser.add_argument("--supervised", type=Path, metavar="FILE", help="the supervisor's file about the parts, for the metrics")
    parser.add_argument("--blocked", type=Path, metavar="FILE", help="the file of blocked clouds")
    parser.add_argument("--journal", help=argparse.SUPPRESS)
    parser.add_argument("--token-journal", help=argparse.SUPPRESS)
    parser.add_argument("--audit-log", type=Path, metavar="FILE", help="the file to which each use of another cloud is written")
    parser.add_argument("--wait", action="store_true", help="wait until the mesh description is there")
    parser.add_argument("--stop-on-eof", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args(argv)
    for option, kept in (("journal", "workflows"), ("token_journal", "the claims of tokens")):
        if getattr(arguments, option) is not None:
            name = option.replace("_", "-")
            parser.error(f"--{name} was removed: --store-file names the file of the store, which keeps {kept} over a restart")
    set_up()
    try:
        sockets = Sockets(
            UnixSocket(arguments.socket, arguments.socket_fd),
            arguments.haproxy_socket,
            arguments.records_socket and UnixSocket(arguments.records_socket),
            arguments.log_socket and UnixSocket(arguments.log_socket),
            arguments.metrics_socket and UnixSocket(arguments.metrics_socket),
        )
        files = {name: getattr(arguments, name) for name in ("store_file", "keys", "supervised", "blocked")}
        ways = {"stop_on_eof": arguments.stop_on_eof, "wait": arguments.wait}
        log = {"audit_log": arguments.audit_log, "log_pipe": arguments.log_fd}
        serve_with_log(arguments.cloud, arguments.config, sockets, **files, **log, **ways)
    except OpenstackoidError as error:
        print(redacted(f"openstackoid bridge: {error}"), file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    seal()
    redact_uncaught_errors()
    sys.exit(main())
