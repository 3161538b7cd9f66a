# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid certs``."""

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("certs", help="a private authority, and the certificates of gateways")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("--directory", required=True, type=Path, metavar="DIR", help="the folder of the authority's files")

    parser = commands.add_parser("authority", parents=[folder], help="make a private authority")
    parser.add_argument("--days", type=int, default=3650, metavar="N", help="days of validity (default: 3650)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a cloud, domain or network that it may sign for; repeatable"
    )
    parser.add_argument("--renew", action="store_true", help="make a new certificate for the existing key")
    parser.set_defaults(run=_authority)
    parser = commands.add_parser("issue", parents=[folder], help="make the certificate of a cloud's gateway")
    parser.add_argument("--cloud", required=True, metavar="NAME", help="the cloud's name in the mesh")
    parser.add_argument(
        "--host", action="append", default=[], metavar="HOST", help="a host name or address of its frontends; repeatable"
    )
    parser.add_argument("--days", type=int, default=365, metavar="N", help="days of validity (default: 365)")
    parser.add_argument("--renew", action="store_true", help="replace the existing certificate and key")
    parser.set_defaults(run=_issue)
    parser = commands.add_parser("revoke", parents=[folder], help="revoke the certificates of a cloud's gateway")
    parser.add_argument("--cloud", metavar="NAME", help="the cloud; without one, the list is made anew and revokes no more")
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="revoke this certificate of the cloud, not all that were issued for it; repeatable",
    )
    parser.add_argument("--days", type=int, default=365, metavar="N", help="days of validity of the list (default: 365)")
    parser.set_defaults(run=_revoke)
    parser = commands.add_parser("show", help="show the content of a certificate, or of a list of revoked ones")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.set_defaults(run=_show)


def _certs() -> Any:
    # The library takes a tenth of a second to import; only these commands need it.
    return import_module("openstackoid.certs")


def _authority(args: argparse.Namespace) -> int:
    path = _certs().make_authority(args.directory, args.days, only=args.only, renew=args.renew)
    print(f"{path} is for every gateway of the mesh; {path.with_suffix('.key').name} stays with the issuer")
    return 0


def _issue(args: argparse.Namespace) -> int:
    path = _certs().issue(args.directory, args.cloud, args.host, args.days, renew=args.renew)
    print(f"{path} holds certificate and key of the gateway of {args.cloud}; keep it secret")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    path, added = _certs().revoke(args.directory, args.cloud, args.file, args.days)
    certificates = f"{added} certificate{'' if added == 1 else 's'}"
    print(f"{path}: {certificates} added; copy it to every gateway of the mesh (gateway.tls.revoked)")
    return 0


def _show_list(path: Path) -> int:
    found = _certs().read_list(path)
    print(f"issuer   {found.issuer}")
    print(f"made     {found.made:%Y-%m-%d %H:%M} UTC")
    print(f"ends     {found.ends:%Y-%m-%d %H:%M} UTC" if found.ends else "ends     -")
    print("use      a list of revoked certificates")
    for serial, when in found.revoked:
        print(f"revoked  {serial:x} at {when:%Y-%m-%d %H:%M} UTC")
    return 0


def _show(args: argparse.Namespace) -> int:
    if _certs().is_list(args.file):
        return _show_list(args.file)
    for number, facts in enumerate(_certs().read_facts(args.file)):
        if number:
            print()
        print(f"subject  {facts.subject}")
        print(f"names    {', '.join(facts.names) or '-'}")
        print(f"begins   {facts.begins:%Y-%m-%d %H:%M} UTC")
        print(f"ends     {facts.ends:%Y-%m-%d %H:%M} UTC")
        print(f"issuer   {facts.issuer}")
        print(f"serial   {facts.serial:x}")
        print(f"use      {'an authority: it signs certificates' if facts.signs else 'of a gateway'}")
    return 0
