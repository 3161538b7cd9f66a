# SPDX-License-Identifier: Apache-2.0
"""Is OpenStack unmodified? Each file of the environment against the hash that its wheel's RECORD holds."""

import base64
import csv
import hashlib
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Integrity:
    """How many packages and files were compared, and the files that are missing or differ from their wheel."""

    packages: int = 0
    files: int = 0
    differing: list[str] = field(default_factory=list)


def compare_with_wheels(venv: Path) -> Integrity:
    """Compare every file of every package in ``venv`` for which its RECORD holds a hash.

    The format is that of "Recording installed projects" in the Python packaging specifications. Byte code has no hash there.
    """
    result = Integrity()
    for record in sorted(venv.glob("lib/python3*/site-packages/*.dist-info/RECORD")):
        result.packages += 1
        root = record.parent.parent
        with record.open(newline="", encoding="utf-8") as rows:
            for name, recorded, _ in csv.reader(rows):
                if not recorded:
                    continue
                result.files += 1
                algorithm, _, expected = recorded.partition("=")
                if _digest(root / name, algorithm) != expected:
                    result.differing.append(f"{record.parent.name.removesuffix('.dist-info')}: {name}")
    return result


def _digest(path: Path, algorithm: str) -> str | None:
    try:
        digest = hashlib.new(algorithm, path.read_bytes()).digest()
    except FileNotFoundError:
        return None
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
