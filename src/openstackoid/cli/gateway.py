# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``openstackoid gateway``."""

import argparse


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group to the command."""
