# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid lab``: real OpenStack clouds on this machine."""

import argparse

from openstackoid.lab import state


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("lab", help="real OpenStack clouds on this machine, to try it")
    commands = group.add_subparsers(metavar="ACTION", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--lab",
        metavar="NAME",
        help=f"which lab of this user (default: ${state.VARIABLE}, or 'default')",
    )

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    up = command("up", "start the clouds that are described, or those named, and whatever of them is missing")
    up.add_argument("clouds", nargs="*", metavar="CLOUD")
    up.add_argument("--only", choices=("services", "gateways"), help="do only this part")
    up.set_defaults(run=_up)

    down = command("down", "stop the clouds, or those named")
    down.add_argument("clouds", nargs="*", metavar="CLOUD")
    down.add_argument("--purge", action="store_true", help="remove their files too")
    down.set_defaults(run=_down)


def _up(args: argparse.Namespace) -> int:
    from openstackoid.lab.progress import Progress  # noqa: PLC0415
    from openstackoid.lab.up import up  # noqa: PLC0415

    with Progress() as progress:
        lab = up(args.lab, args.clouds, args.only, progress)
        progress.say(f"the lab {lab.name} is up")
    return 0


def _down(args: argparse.Namespace) -> int:
    from openstackoid.lab.down import down  # noqa: PLC0415
    from openstackoid.lab.progress import Progress  # noqa: PLC0415

    with Progress() as progress:
        down(args.lab, args.clouds, args.purge, progress)
    return 0
