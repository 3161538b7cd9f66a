# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks' commands accept for their options."""

from argparse import ArgumentTypeError


def positive(text: str) -> int:
    """Return a number of 1 or more. Raises :class:`argparse.ArgumentTypeError`, which argparse shows in one line."""
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)
