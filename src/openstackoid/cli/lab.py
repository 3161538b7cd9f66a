# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid lab``: real OpenStack clouds on this machine."""

import argparse
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from openstackoid.lab import down, logs, shell, state, status, up
from openstackoid.lab.lab import Lab
from openstackoid.lab.progress import Progress


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("lab", help="real OpenStack clouds on this machine, to try it all")
    commands = group.add_subparsers(metavar="ACTION", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--lab", metavar="NAME", help=f"which of your labs (default: ${state.VARIABLE}, or else 'default')")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[common])

    raised = command("up", "start missing and changed parts of the described clouds, or of the named ones")
    raised.add_argument("clouds", nargs="*", metavar="CLOUD")
    raised.add_argument("--only", choices=("services", "gateways"), help="do only this part")
    raised.set_defaults(run=_up)

    stopped = command("down", "stop the lab, or the named clouds of it")
    stopped.add_argument("clouds", nargs="*", metavar="CLOUD")
    stopped.add_argument("--purge", action="store_true", help="remove the files too")
    stopped.set_defaults(run=_down)

    shown = command("status", "show each cloud's frontend and services")
    shown.add_argument("--format", choices=("table", "json"), default="table")
    shown.set_defaults(run=_status)

    lines = command("env", 'print shell lines that make `openstack` a client of a cloud: eval "$(... env CLOUD)"')
    lines.add_argument("cloud", metavar="CLOUD")
    lines.add_argument("--admin", action="store_true", help="as the cloud's administrator, not as its member demo")
    lines.set_defaults(run=_env)

    opened = command("shell", "open a shell as a cloud's member, with a prompt that names the cloud")
    opened.add_argument("cloud", metavar="CLOUD")
    opened.add_argument("--admin", action="store_true", help="as the cloud's administrator, not as its member demo")
    opened.set_defaults(run=_shell)

    logged = command("logs", "show the end of a cloud's logs")
    logged.add_argument("cloud", metavar="CLOUD", help="a cloud, or `shared` for MariaDB and RabbitMQ")
    logged.add_argument("service", metavar="SERVICE", nargs="?", help="a service, such as nova-compute")
    logged.add_argument("--follow", "-f", action="store_true", help="follow new lines")
    logged.add_argument("--lines", "-n", type=int, default=20, help="lines of each log (default: 20)")
    logged.set_defaults(run=_logs)

    command("tmux", "open a shell for each cloud, one above the other").set_defaults(run=_tmux)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a closed terminal, or a kill, end the work as Ctrl-C does, with its cleanup."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _up(args: argparse.Namespace) -> int:
    with _interruptible(), Progress() as progress:
        lab = up.up(args.lab, args.clouds, args.only, progress)
        progress.say(f"up: {', '.join(args.clouds or [cloud.name for cloud in lab.clouds])}")
    return 0


def _down(args: argparse.Namespace) -> int:
    with _interruptible(), Progress() as progress:
        down.down(args.lab, args.clouds, args.purge, progress)
    return 0


def _status(args: argparse.Namespace) -> int:
    report = status.status(Lab.load(args.lab))
    if args.format == "json":
        print(json.dumps(report, indent=2))
    else:
        status.show(report, Console(highlight=False))
    return 0


def _env(args: argparse.Namespace) -> int:
    print(shell.env_lines(Lab.load(args.lab), args.cloud, os.environ, args.admin), end="")
    return 0


def _shell(args: argparse.Namespace) -> int:
    shell.enter(Lab.load(args.lab), args.cloud, args.admin)
    return 0


def _logs(args: argparse.Namespace) -> int:
    logs.show(logs.files(Lab.load(args.lab), args.cloud, args.service), args.lines, args.follow)
    return 0


def _tmux(args: argparse.Namespace) -> int:
    shell.tmux(Lab.load(args.lab))
    return 0
