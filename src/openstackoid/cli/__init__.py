# SPDX-License-Identifier: Apache-2.0
"""The ``openstackoid`` command: one module for each group of subcommands, without logic."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from openstackoid import __version__
from openstackoid.errors import OpenstackoidError
from openstackoid.redaction import redacted
from openstackoid.redaction.logs import redact_uncaught_errors

GROUPS = (
    "audit",
    "bridge",
    "certs",
    "console",
    "discover",
    "doctor",
    "explain",
    "gateway",
    "horizon",
    "keys",
    "lab",
    "peer",
    "policy",
    "status",
    "store",
)


class _Parser(argparse.ArgumentParser):
    """A parser, also of subcommands, that quotes input in errors only in redacted form."""

    def error(self, message: str) -> NoReturn:
        super().error(redacted(message))


def build_parser(groups: Sequence[str] = GROUPS) -> argparse.ArgumentParser:
    """Return the parser of the command; each of the ``groups`` adds its subcommands."""
    parser = _Parser(
        prog="openstackoid",
        description="Make your OpenStacks collaborative: gateways, the mesh between them, and a lab to try it.",
    )
    parser.add_argument("--version", action="version", version=f"openstackoid {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in groups:
        import_module(f"openstackoid.cli.{group}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed with a reason on stderr, 2 bad usage."""
    words = sys.argv[1:] if argv is None else argv
    if argv is None:
        redact_uncaught_errors()
    # A named command imports only its own group: the lab alone takes a third of a second.
    args = build_parser(words[:1] if words and words[0] in GROUPS else GROUPS).parse_args(words)
    try:
        return int(args.run(args))
    except OpenstackoidError as error:
        print(redacted(f"openstackoid: {error}"), file=sys.stderr)
        if error.hint:
            print(redacted(f"  try: {error.hint}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (``| head``) has left. Python would complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(redacted(f"openstackoid: the operating system refused: {error}"), file=sys.stderr)
        return 1
