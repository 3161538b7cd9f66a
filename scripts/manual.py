# SPDX-License-Identifier: Apache-2.0
"""Write the manual page and the completion of bash and zsh into a folder, from the parser of the command: `make package`."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

from openstackoid import __version__
from openstackoid.cli import build_parser


def main(argv: list[str]) -> int:
    """Write the files into the folder of the command line."""
    folder = Path(argv[0])
    parser = build_parser()
    for action in _actions(parser):
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    (folder / "openstackoid.1").write_text(manual_page(parser), encoding="utf-8")
    for shell in ("bash", "zsh"):
        (folder / f"openstackoid.{shell}").write_text(shtab.complete(parser, shell), encoding="utf-8")
    return 0


def manual_page(parser: argparse.ArgumentParser) -> str:
    """Return the manual page in roff; its date is that of SOURCE_DATE_EPOCH."""
    # The width of the terminal is no part of the page.
    os.environ["COLUMNS"] = "100"
    page = Manpage(parser)
    page.description = "gateways that make independent OpenStack clouds collaborative"
    page.source, page.manual = f"openstackoid {__version__}", "OpenStackoid"
    return str(page)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
