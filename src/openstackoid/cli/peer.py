# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid peer``."""

import argparse
import asyncio
import ssl
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from openstackoid.cli.options import add_gateway
from openstackoid.discovery.description import describe_peer, merge
from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import BLOCKED, Cloud, Mesh, blocked_clouds
from openstackoid.mesh.load import load_mesh
from openstackoid.mesh.settings import Tls
from openstackoid.private import replace_private
from openstackoid.tls import CERTIFICATE, checked_files, context_of, revocation_lists


class PeerError(OpenstackoidError):
    """A file that cannot be read or written, or a cloud that cannot be introduced."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
    group = subparsers.add_parser("peer", help="introduce clouds to each other, and try the way between their gateways")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    gateway = argparse.ArgumentParser(add_help=False)
    add_gateway(gateway)

    parser = commands.add_parser("export", parents=[gateway], help="write a signed file about this cloud for a peer's operator")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
    parser.set_defaults(run=_export)
    parser = commands.add_parser("add", parents=[gateway], help="add the cloud of a signed file to the mesh description")
    parser.add_argument("file", metavar="FILE", help="the file of the peer's operator; - is stdin")
    parser.set_defaults(run=_add)
    parser = commands.add_parser("check", parents=[gateway], help="try the way to the gateways of peers, and back")
    parser.add_argument("peers", nargs="*", metavar="PEER", help="a cloud of the mesh; without one, each of them")
    parser.set_defaults(run=_check)
    for name, about in (("block", "cut a peer off at this gateway, at once"), ("unblock", "let a blocked peer in again")):
        parser = commands.add_parser(name, parents=[gateway], help=about)
        parser.add_argument("peer", metavar="PEER", help="a cloud of the mesh")
        parser.add_argument("--state-dir", type=Path, metavar="DIR", help="the folder of the running gateway's files and sockets")
        parser.set_defaults(run=_block, blocked=name == "block")


def _peering() -> Any:
    # The libraries take a quarter of a second to import; only these commands need them.
    return import_module("openstackoid.peering")


def _export(args: argparse.Namespace) -> int:
    cloud, tls = _own(load_mesh(args.config), args.cloud)
    files = checked_files(tls.certificate, tls.authority, args.cloud, tls.revoked)
    text = _peering().signed(cloud, files[CERTIFICATE].encode("ascii"), time.time())
    if args.output is None:
        print(text)
    else:
        try:
            args.output.write_text(text + "\n", encoding="ascii")
        except OSError as error:
            raise PeerError(f"cannot write {args.output}: {error.strerror}") from None
        print(f"{args.output} introduces {args.cloud}; a peer's operator adds it: openstackoid peer add")
    return 0


def _add(args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    _, tls = _own(mesh, args.cloud)
    text = sys.stdin.read() if args.file == "-" else _read(Path(args.file)).decode("utf-8", "replace")
    revoked = [] if tls.revoked is None else revocation_lists(_read(Path(tls.revoked)), tls.revoked)
    peer = _verified(args.file, text, _read(Path(tls.authority)), revoked)
    if peer.cloud in mesh.clouds:
        raise PeerError(f"{args.config} describes {peer.cloud} already", hint="remove that entry first")
    origin = f"{peer.cloud}, as its operator signed on {peer.made:%Y-%m-%d %H:%M} UTC"
    described = describe_peer(peer.cloud, peer.rows, peer.region, origin)
    if args.config.is_dir():
        file, content = args.config / f"{peer.cloud}.yaml", described
        if file.exists():
            raise PeerError(f"{file} exists already and is not overwritten")
    else:
        file, content = args.config, merge(_read(args.config).decode(), str(args.config), peer.cloud, described)
    _write(file, content)
    print(f"{file} describes {peer.cloud}, as its operator signed on {peer.made:%Y-%m-%d %H:%M} UTC")
    print(f"certificate of its gateway, SHA-256: {peer.fingerprint}")
    print(
        f"its users come in by the policy of {args.cloud}: openstackoid policy show; then: openstackoid peer check {peer.cloud}"
    )
    return 0


def _verified(source: str, text: str, authority: bytes, revoked: Sequence[Any]) -> Any:
    peering = _peering()
    try:
        return peering.verified(text, authority, revoked, time.time())
    except peering.PeeringError as error:
        raise PeerError(f"{source}: {error}", hint=error.hint) from None


def _write(file: Path, content: str) -> None:
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
        replace_private(file, content.encode())
        file.chmod(mode)
    except OSError as error:
        raise PeerError(f"cannot write {file}: {error.strerror}") from None


def _check(args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    _, tls = _own(mesh, args.cloud)
    peers = args.peers or [name for name in mesh.clouds if name != args.cloud]
    _check_peers(args, mesh, peers)
    if not peers:
        raise PeerError(f"{args.config} describes no peer of {args.cloud}", hint="openstackoid peer add")
    context = context_of(ssl.PROTOCOL_TLS_CLIENT, tls.certificate, tls.authority, tls.revoked)
    bad = False
    for name in peers:
        tried = import_module("openstackoid.peering.way").try_way(
            args.cloud, name, mesh.clouds[name].endpoints, context, tls.authority
        )
        for result in asyncio.run(tried):
            print(f"{'OK' if result.good else 'FAILED'}: {result.text}")
            if result.todo and not result.good:
                print(f"  do: {result.todo}")
            bad |= not result.good
    return int(bad)


def _block(args: argparse.Namespace) -> int:
    mesh = load_mesh(args.config)
    if args.cloud not in mesh.clouds:
        raise PeerError(f"--cloud {args.cloud}: the mesh has no such cloud")
    gateway = import_module("openstackoid.gateway")
    folder = gateway.Folder(args.state_dir or gateway.default_folder(args.cloud))
    if args.blocked or args.peer not in blocked_clouds(folder.path / BLOCKED):
        _check_peers(args, mesh, [args.peer])
    print(import_module("openstackoid.gateway.blocking").block(folder, args.cloud, args.peer, blocked=args.blocked))
    return 0


def _check_peers(args: argparse.Namespace, mesh: Mesh, names: Sequence[str]) -> None:
    for name in names:
        if name not in mesh.clouds or name == args.cloud:
            known = ", ".join(other for other in mesh.clouds if other != args.cloud) or "none"
            raise PeerError(f"'{name}' is not a peer of {args.cloud} in {args.config}; its peers are: {known}")


def _own(mesh: Mesh, name: str) -> tuple[Cloud, Tls]:
    if name not in mesh.clouds:
        raise PeerError(f"--cloud {name}: the mesh has no such cloud")
    cloud = mesh.clouds[name]
    if cloud.tls is None:
        raise PeerError(
            f"clouds.{name}.gateway.tls: {name} needs a certificate; without one it cannot prove itself to a peer",
            hint="docs/operate/tls.md",
        )
    return cloud, cloud.tls


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PeerError(f"{path}: cannot be read: {error.strerror}") from None
