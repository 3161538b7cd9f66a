# SPDX-License-Identifier: Apache-2.0
"""Options of several groups of commands."""

import argparse
from pathlib import Path


def add_mesh(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``, the mesh description."""
    parser.add_argument(
        "--config", required=True, type=Path, metavar="MESH", help="the mesh description: a file, or a folder of files"
    )


def add_gateway(parser: argparse.ArgumentParser) -> None:
    """Add ``--cloud``, the cloud of the gateway, and ``--config``."""
    parser.add_argument("--cloud", required=True, metavar="NAME", help="the cloud of the gateway")
    add_mesh(parser)
