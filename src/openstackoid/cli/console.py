# SPDX-License-Identifier: Apache-2.0
"""``openstackoid console``."""

import argparse
import asyncio
import ipaddress
import re
from importlib.util import find_spec
from pathlib import Path

from openstackoid.cli.options import add_gateway
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway import default_folder
from openstackoid.mesh import FrontendUrl

DEFAULT = "127.0.0.1:9180"
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    text = "serve read-only pages about a gateway, for a browser: what is down, peers, uses, scopes and traces"
    parser = subparsers.add_parser("console", help=text, description=f"{text[0].upper()}{text[1:]}.")
    add_gateway(parser)
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="the folder of the running gateway's files and sockets")
    parser.add_argument("--listen", type=_address, default=_address(DEFAULT), metavar="ADDRESS:PORT", help=f"default: {DEFAULT}")
    parser.add_argument(
        "--name",
        action="append",
        type=_host,
        default=[],
        metavar="HOST",
        help="a value of Host, as of a proxy in front; may be repeated",
    )
    parser.add_argument(
        "--certificate", type=Path, metavar="FILE", help="certificate and key (PEM), for https; needed beyond loopback"
    )
    parser.add_argument(
        "--role",
        action="append",
        type=_role,
        metavar="ROLE",
        help="a role for pages that name people; may be repeated; default: admin",
    )
    parser.add_argument(
        "--keystone", type=_keystone, metavar="URL", help="the Keystone of log-ins; default: the description's backend"
    )
    parser.add_argument("--authority", metavar="FILE", help="the authority that signs for that Keystone, if it is private")
    parser.set_defaults(run=_run)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        if port.isascii() and port.isdigit() and 0 < int(port) < 65536:
            return str(ipaddress.ip_address(host.strip("[]"))), int(port)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r}: an address and a port are accepted, such as {DEFAULT}")


def _host(text: str) -> str:
    if _HOST.fullmatch(text) is None:
        accepted = "a host is accepted, with its port if it is not that of the scheme: console.example:8443"
        raise argparse.ArgumentTypeError(f"{text!r}: {accepted}")
    return text


def _role(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: the name of a role of Keystone is accepted, such as admin")
    return text


def _keystone(text: str) -> str:
    """Return the URL of a Keystone, without the version of its API."""
    accepted = "the http:// or https:// URL of a Keystone is accepted, such as https://cloud-one.example:5000"
    try:
        if FrontendUrl.parse(text).suffix in ("", "/v3"):
            return text.rstrip("/").removesuffix("/v3")
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r}: {accepted}")


def _run(args: argparse.Namespace) -> int:
    if find_spec("jinja2") is None:
        raise OpenstackoidError("the console needs Jinja2, which is not installed", "pip install Jinja2")
    from openstackoid.console import Options, serve  # noqa: PLC0415 - an extra

    options = Options(
        cloud=args.cloud,
        config=args.config,
        state=args.state_dir or default_folder(args.cloud),
        address=args.listen[0],
        port=args.listen[1],
        names=tuple(args.name),
        certificate=args.certificate,
        keystone=args.keystone,
        authority=args.authority,
        roles=frozenset(args.role or ["admin"]),
    )
    asyncio.run(serve(options))
    return 0
