# SPDX-License-Identifier: Apache-2.0
"""``openstackoid peer export``, ``add`` and ``check``, whose libraries take a quarter of a second to import."""

import argparse
import asyncio
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openstackoid import peering
from openstackoid.cli.peer_errors import PeerError, check_peers
from openstackoid.discovery.description import describe_peer, merge
from openstackoid.mesh import Cloud, Mesh
from openstackoid.mesh.load import load_mesh
from openstackoid.mesh.settings import Tls
from openstackoid.peering.way import try_way
from openstackoid.private import replace_private
from openstackoid.tls import CERTIFICATE, checked_files, context_of, revocation_lists


def export(args: argparse.Namespace) -> int:
    """Write the signed file about this cloud."""
    cloud, tls = _own(load_mesh(args.config), args.cloud)
    files = checked_files(tls.certificate, tls.authority, args.cloud, tls.revoked)
    text = peering.signed(cloud, files[CERTIFICATE].encode("ascii"), time.time())
    if args.output is None:
        print(text)
    else:
        try:
            args.output.write_text(text + "\n", encoding="ascii")
        except OSError as error:
            raise PeerError(f"cannot write {args.output}: {error.strerror}") from None
        print(f"{args.output} introduces {args.cloud}; a peer's operator adds it: openstackoid peer add")
    return 0


def add(args: argparse.Namespace) -> int:
    """Add the cloud of a signed file to the description."""
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


def check(args: argparse.Namespace) -> int:
    """Try the way to the gateways of peers, and back."""
    mesh = load_mesh(args.config)
    _, tls = _own(mesh, args.cloud)
    peers = args.peers or [name for name in mesh.clouds if name != args.cloud]
    check_peers(args.cloud, args.config, mesh, peers)
    if not peers:
        raise PeerError(f"{args.config} describes no peer of {args.cloud}", hint="openstackoid peer add")
    context = context_of(ssl.PROTOCOL_TLS_CLIENT, tls.certificate, tls.authority, tls.revoked)
    bad = False
    for name in peers:
        for result in asyncio.run(try_way(args.cloud, name, mesh.clouds[name].endpoints, context, tls.authority)):
            print(f"{'OK' if result.good else 'FAILED'}: {result.text}")
            if result.todo and not result.good:
                print(f"  do: {result.todo}")
            bad |= not result.good
    return int(bad)


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
