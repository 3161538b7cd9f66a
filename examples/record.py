# SPDX-License-Identifier: Apache-2.0
"""``make record``: play the tutorial on the lab that is up, write the outputs into it, and draw the picture of the README.

The tutorial is the script: each block ``console`` holds commands behind ``$ `` and what they print. The picture shows the blocks
below the comment :data:`DRAWN`. A lab test plays the page again.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from examples.session import BIN, NoLabError, clouds_yaml, lab_with

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "docs" / "start" / "tutorial.md"
PICTURE = ROOT / "docs" / "images" / "session.svg"
DRAWN = "<!-- in the README's picture -->"
WIDTH = 108

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_DRAWN_BLOCK = re.compile(rf"^{DRAWN}\n```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Rich's own form names fonts on a host of the Internet.
_ELSEWHERE = re.compile(r"@font-face \{\{.*?\}\}\s*|<!--.*?-->\s*", re.DOTALL)

Run = Callable[[str], str]
"""Runs a line of shell and returns what it printed."""


def commands(block: str) -> list[str]:
    """Return the commands of a block; one that ends in a backslash goes on in the next line."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)


def play(page: str, run: Run) -> str:
    """Return the page with what its commands print now."""

    def played(block: re.Match[str]) -> str:
        return "".join(f"$ {command}\n{run(command)}" for command in commands(block[0]))

    return _BLOCK.sub(played, page)


def steady(page: str) -> str:
    """Return the page without the differences of runs and labs: ids, times, ports, prefixes of paths, widths of columns."""
    page = re.sub(r"/(?:image|compute)(?=/v\d)", "", page)
    page = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", page)
    page = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", re.sub(r"\b\d+ ms\b", "TIME ms", page))
    return re.sub(r" +", " ", re.sub(r"[-─│├└ ]{2,}", " ", page))


def draw(page: str) -> str:
    """Return the picture of the blocks that are to be drawn, as SVG that loads nothing."""
    console = Console(record=True, width=WIDTH, file=StringIO(), highlight=False, force_terminal=True)
    for block in _DRAWN_BLOCK.findall(page):
        in_command = False
        for line in block.splitlines():
            in_command = in_command or line.startswith("$ ")
            console.print(Text(line, style="bold cyan" if in_command else "", overflow="fold"))
            in_command = in_command and line.endswith("\\")
        console.print()
    text = console.export_svg(title="CloudOne", code_format=_ELSEWHERE.sub("", CONSOLE_SVG_FORMAT), unique_id="session")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def shell(folder: Path, environment: Mapping[str, str]) -> Run:
    """Return what runs a line of bash in a folder, with the ``openstack`` command of this environment."""

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, text=True, check=False, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        text = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
        return re.sub(r"127\.0\.0\.1:\d80(\d)", r"127.0.0.1:880\1", text)  # the first lab's ports

    return run


def user_environment() -> dict[str, str]:
    """Return the environment of an ordinary member of CloudOne, as ``lab env`` makes it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "OPENSTACKOID_SCOPE"))}
    path = f"{BIN}:{kept['PATH']}"
    return kept | {"PATH": path, "OS_CLOUD": "CloudOne", "OS_CLIENT_CONFIG_FILE": str(clouds_yaml())}


def main(argv: Sequence[str] | None = None) -> int:
    """Record and draw; return 0 when the lab was there."""
    parser = argparse.ArgumentParser(prog="python -m examples.record", description="Record the tutorial on the lab that is up.")
    parser.add_argument("--draw", action="store_true", help="only draw the picture anew, from the tutorial as it is")
    arguments = parser.parse_args(argv)
    page = TUTORIAL.read_text(encoding="utf-8")
    if not arguments.draw:
        try:
            lab_with("CloudOne", "CloudTwo")
        except NoLabError as error:
            print(f"record: {error}", file=sys.stderr)
            return 1
        with TemporaryDirectory(prefix="openstackoid-") as folder:
            page = play(page, shell(Path(folder), user_environment()))
        TUTORIAL.write_text(page, encoding="utf-8")
    PICTURE.write_text(draw(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
