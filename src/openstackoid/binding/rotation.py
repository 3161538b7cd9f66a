# SPDX-License-Identifier: Apache-2.0
"""Make and rotate the keys in a folder: the staged key becomes primary, and old ones go when no token under them is left."""

import os
from itertools import pairwise
from pathlib import Path

from openstackoid.binding.keys import KeysError, file_content, load_keys, new_secret
from openstackoid.binding.token import WINDOW
from openstackoid.private import replace_private

STAGED = "0"
SECONDS = 345_600
"""Seconds for which a bound token is good at least: a token of one day, Keystone's ``allow_expired_window``, and a day more."""
DISTRIBUTION = 86_400
"""Seconds for which a gateway may go on to seal with the key that another one has already replaced."""


def set_up(folder: Path, now: float) -> None:
    """Make a folder with a primary and a staged key; one that has keys stays as it is. Raises :class:`KeysError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            _write(folder / "1", now)
            _write(folder / STAGED, now)
    except OSError as error:
        raise KeysError(f"the keys in {folder} cannot be written: {error.strerror}") from None
    load_keys(folder)


def rotate(folder: Path, now: float, seconds: float = SECONDS) -> list[int]:
    """Make the staged key primary and stage a new one; return the numbers of the keys that were removed.

    A key is removed when the tokens that were sealed with it are over, each good for ``seconds`` and the rest of its window,
    after the time in which the next key reaches all gateways. Raises :class:`KeysError`.
    """
    keys = load_keys(folder).keys
    if keys[0].number != 0:
        raise KeysError(f"{folder} has no staged key, the file {STAGED}, which is to become primary")
    try:
        staged = folder / STAGED
        secret_line = staged.read_bytes().split(b"\n")[0]
        # The new primary key is there before the staged one is replaced: at no time is a key missing.
        replace_private(folder / str(keys[-1].number + 1), secret_line + f"\n{int(now)}\n".encode())
        _write(staged, now)
        over = [key.number for key, following in pairwise(keys[1:]) if following.since + seconds + WINDOW + DISTRIBUTION < now]
        for number in over:
            (folder / str(number)).unlink()
        _flush(folder)
    except OSError as error:
        raise KeysError(f"the keys in {folder} cannot be written: {error.strerror}") from None
    return over


def _write(file: Path, now: float) -> None:
    replace_private(file, file_content(new_secret(), int(now)))


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
