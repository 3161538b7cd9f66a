# SPDX-License-Identifier: Apache-2.0
"""Marked secrets: values that are looked for afterwards, in every file and output, whole or in part, plain or encoded."""

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

PIECE = 16
"""The length of what is looked for: a part of a secret that is cut to as many characters and eight more is found."""

_STEP = 8
_RUN = re.compile(rb"[A-Za-z0-9_+/=%.~!$*-]{16,}")
_FERNET = re.compile(rb"gAAAAA[A-Za-z0-9_-]{60,}")


def fernet_like() -> str:
    """Return what looks like a token of Keystone's, of 180 characters, and is none."""
    return "gAAAAABp" + opaque()[8:]


def opaque() -> str:
    """Return a token of 180 characters that looks like nothing in particular."""
    return "q" + secrets.token_urlsafe(180)[:179]


@dataclass(frozen=True)
class Found:
    """A secret that was found: its name, the form in which it stood, and where; never the secret."""

    name: str
    form: str
    where: str


class Marked:
    """Secrets by name. :meth:`new` makes one, by ``draw``."""

    def __init__(self, draw: Callable[[], str] = fernet_like) -> None:
        self._draw = draw
        self.values: dict[str, str] = {}
        self._pieces: dict[bytes, tuple[str, str]] = {}

    def __repr__(self) -> str:
        return f"<Marked {len(self.values)}>"

    def new(self, name: str, value: str | None = None) -> str:
        """Return a secret of this name: a token unless ``value`` is given."""
        value = self._draw() if value is None else value
        assert len(value) >= PIECE, name
        self.values[name] = value
        for form, text in forms(value):
            for at in {*range(0, len(text) - PIECE, _STEP), len(text) - PIECE}:
                self._pieces.setdefault(text[at : at + PIECE], (name, form))
        return value

    def find(self, data: bytes, where: str) -> list[Found]:
        """Return each secret that stands in ``data`` in any form, once."""
        found: dict[Found, None] = {}
        for run in _RUN.finditer(data):
            text = run.group()
            for at in range(len(text) - PIECE + 1):
                hit = self._pieces.get(text[at : at + PIECE])
                if hit is not None:
                    found[Found(*hit, where)] = None
        return list(found)

    def search(self, paths: Iterable[Path]) -> list[Found]:
        """Return the content of these files, and of the files of these folders."""
        return [found for path in files(paths) for found in self.find(read(path), str(path))]


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield the ways in which a secret may be written, and their names."""
    plain = value.encode()
    yield "plain", plain
    yield "hex", plain.hex().encode()
    yield "upper hex", plain.hex().upper().encode()
    yield "percent", "".join(f"%{byte:02X}" for byte in plain).encode()
    yield "lower percent", "".join(f"%{byte:02x}" for byte in plain).encode()
    for form, text in (("url", quote(value, safe="")), ("json", json.dumps(value)[1:-1]), ("repr", repr(value)[1:-1])):
        if text != value:
            yield form, text.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # In a longer text it may begin at any of three places in a group; what its neighbours decide is left out.
        for shift in range(3):
            whole = encode(b"\0" * shift + plain)
            yield "base64", whole[4 if shift else 0 : len(whole) - 4]
    yield "backwards", plain[::-1]


def token_like(data: bytes, where: str) -> list[Found]:
    """Return whether anything in ``data`` looks like a token of Keystone's, whosever it is."""
    return [Found("a token", "plain", where)] if _FERNET.search(data) else []


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield these files, and those of these folders."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from (below for below in sorted(path.rglob("*")) if below.is_file() and not below.is_symlink())
        elif path.is_file():
            yield path


def read(path: Path) -> bytes:
    """Return the content of a file, or nothing if it is gone meanwhile."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def shown_of(process: psutil.Process, *, environment: bool = True) -> Iterator[tuple[str, bytes]]:
    """Yield the public parts of a process, and those for its owner: its title, its names, its environment."""
    folder = Path("/proc", str(process.pid))
    names = [folder / "cmdline", folder / "comm", *folder.glob("task/*/comm")]
    for path in [*names, folder / "environ"] if environment else names:
        yield str(path), read(path)


def limit_of_cores(pid: int) -> tuple[str, str]:
    """Return the soft and the hard limit of a process's core files."""
    text = Path("/proc", str(pid), "limits").read_text()
    _, _, rest = next(line for line in text.splitlines() if line.startswith("Max core file size")).partition("size")
    soft, hard, *_ = rest.split()
    return soft, hard


def mode_of(path: Path) -> int:
    """Return a file's permissions."""
    return path.stat().st_mode & 0o777
