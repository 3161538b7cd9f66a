# SPDX-License-Identifier: Apache-2.0
"""The bytes of a server's or a volume's disk, checked against Glance's hash of the image."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

BLANK = bytes(1024 * 1024)
"""The upload of an empty disk; its full size would take longer."""


class ImageError(Exception):
    """An image does not match its hash in Glance, or has none."""


class _Tee:
    """A file that also keeps hashes and the length of its content."""

    def __init__(self, file: BinaryIO, algorithms: Mapping[str, str]) -> None:
        self._file = file
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self.length = 0

    def write(self, chunk: bytes) -> int:
        self.length += len(chunk)
        for one in self._hashes.values():
            one.update(chunk)
        return self._file.write(chunk)

    def digest(self, algorithm: str) -> str:
        return self._hashes[algorithm].hexdigest()


def stated(image: Mapping[str, Any]) -> dict[str, str]:
    """Return Glance's hashes of an image, by algorithm. Nova and Cinder keep some of them as properties."""
    facts = {**image.get("properties", {}), **image}
    hashes = {"md5": facts["checksum"]} if facts.get("checksum") else {}
    if facts.get("os_hash_algo") and facts.get("os_hash_value"):
        hashes[facts["os_hash_algo"]] = facts["os_hash_value"]
    return hashes


def fetch(path: Path, image: Mapping[str, Any], download: Callable[[Any], object]) -> str:
    """Have ``download`` write an image to the file ``path``; return a text for the log.

    Raises :class:`ImageError` for a wrong or missing hash, and leaves no file.
    """
    expected = stated(image)
    if not expected:
        raise ImageError("Glance states no hash of it")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            received = _Tee(file, expected)
            download(received)
        for algorithm, value in expected.items():
            if received.digest(algorithm) != value:
                raise ImageError(f"its {algorithm} is {received.digest(algorithm)}, Glance states {value}")
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return f"{received.length} bytes, {expected}"
