# SPDX-License-Identifier: Apache-2.0
"""``openstackoid doctor``."""

import argparse
import asyncio
import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

from openstackoid.cli.options import add_gateway
from openstackoid.discovery.catalog import LISTING, rows_of_listing
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.certificates import check_certificate, in_the_clear
from openstackoid.gateway.configuration import configuration_of
from openstackoid.haproxy import Runtime
from openstackoid.mesh import Cloud, Mesh, load_mesh, mesh_digest, some_of
from openstackoid.peering.checks import in_catalog, named
from openstackoid.peering.way import Result, of_clocks, try_way
from openstackoid.redaction import redacted
from openstackoid.telemetry import remedies
from openstackoid.tls import TlsError, context_of

_NAME_CLOUD = "name a cloud of the description with --cloud, or another description with --config"
_NAME_FILE = "name the description with --config: a file that this user can read, or a folder with files that end in .yaml"
_CORRECT = "correct the file or key that is named here; openstackoid gateway check tries it"
_RENEW = "renew the certificate (docs/operate/tls.md)"
_PLAIN = "give it https (docs/operate/tls.md), or leave it, on an internal network that you trust"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    text = "check configuration, certificates, names, peers both ways, clocks, descriptions and catalog; say what to do"
    codes = "Exit code 0: nothing has failed, though something may be a warning, or not checked; 1: a line begins with FAILED."
    parser = subparsers.add_parser("doctor", help=text, description=f"{text[0].upper()}{text[1:]}. {codes}")
    add_gateway(parser)
    parser.add_argument("--catalog", metavar="FILE", help=f"the catalog of the cloud, of: {LISTING}; - is stdin")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    bad = False
    for result in _results(args):
        if isinstance(result, str):
            print(f"NOT CHECKED: {result}")
            continue
        bad |= not result.good
        print(redacted(f"{'FAILED' if not result.good else 'WARNING' if result.todo else 'OK'}: {result.text}"))
        if result.todo:
            print(redacted(f"  do: {result.todo}"))
    return int(bad)


def _results(args: argparse.Namespace) -> Iterator[Result | str]:
    """Yield what was checked, and as text what was not."""
    try:
        mesh = load_mesh(args.config)
        if args.cloud not in mesh.clouds:
            yield Result(False, f"--cloud {args.cloud}: the mesh has no such cloud; known: {some_of(mesh.clouds)}", _NAME_CLOUD)
            return
    except OpenstackoidError as error:
        yield Result(False, str(error), error.hint or (remedies.DESCRIPTION_BROKEN if _readable(args.config) else _NAME_FILE))
        return
    try:
        cloud = configuration_of(mesh, args.cloud, Runtime.of("")).cloud
    except OpenstackoidError as error:
        yield Result(False, str(error), error.hint or _CORRECT)
        return
    yield Result(True, f"{args.config} describes {len(mesh.clouds)} clouds")
    yield from asyncio.run(named(mesh))
    try:
        ends, said = check_certificate(cloud)
        yield from (Result(False, line, _RENEW) for line in said)
        yield from (Result(True, line, _PLAIN) for line in in_the_clear(cloud))
        if ends is not None:
            yield Result(True, f"the certificate of {args.cloud} is valid until {ends:%Y-%m-%d %H:%M} UTC")
        yield from asyncio.run(_peers(mesh, cloud))
    except TlsError as error:
        yield Result(False, str(error), f"{error.hint or _RENEW}; no peer was tried")
    yield from _catalog(args, cloud)


def _readable(config: Path) -> bool:
    return os.access(config, os.R_OK) and (config.is_file() or any(config.glob("*.yaml")))


async def _peers(mesh: Mesh, cloud: Cloud) -> list[Result]:
    tls, found = cloud.tls, list[Result]()
    context = None if tls is None else context_of(ssl.PROTOCOL_TLS_CLIENT, tls.certificate, tls.authority, tls.revoked)
    for name in mesh.clouds:
        if name != cloud.name:
            authority, endpoints = "" if tls is None else tls.authority, mesh.clouds[name].endpoints
            found += await try_way(cloud.name, name, endpoints, context, authority, digest=mesh_digest(mesh))
    return of_clocks(found)


def _catalog(args: argparse.Namespace, cloud: Cloud) -> Iterator[Result | str]:
    if args.catalog is None:
        yield f"the catalog against the description; --catalog FILE names the output of: {LISTING}"
        return
    try:
        text = sys.stdin.read() if args.catalog == "-" else Path(args.catalog).read_text(encoding="utf-8")
        yield from in_catalog(cloud, rows_of_listing(text, args.catalog))
    except OSError as error:
        yield Result(False, f"{args.catalog} cannot be read: {error.strerror}", LISTING)
    except OpenstackoidError as error:
        yield Result(False, str(error), error.hint or LISTING)
