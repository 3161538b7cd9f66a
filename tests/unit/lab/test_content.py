# SPDX-License-Identifier: Apache-2.0
"""The disks of the lab's servers and volumes: an image's bytes, or an error."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openstackoid.lab.guest.openstackoid_lab import content

BYTES = b"an image " * 1000
MD5 = hashlib.md5(BYTES, usedforsecurity=False).hexdigest()
SHA512 = hashlib.sha512(BYTES).hexdigest()


def _sending(*chunks: bytes) -> Callable[[Any], None]:
    def download(file: Any) -> None:
        for chunk in chunks:
            file.write(chunk)

    return download


def test_the_bytes_of_an_image_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "disks" / "one"
    # As Nova hands it on: the checksum beside the properties, the other hash among them.
    image = {"checksum": MD5, "properties": {"os_hash_algo": "sha512", "os_hash_value": SHA512}}
    said = content.fetch(path, image, _sending(BYTES[:10], BYTES[10:]))
    assert path.read_bytes() == BYTES
    assert said.startswith("9000 bytes")


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ({"checksum": "0" * 32}, f"its md5 is {MD5}, Glance states 0000"),
        ({"checksum": MD5, "os_hash_algo": "sha512", "os_hash_value": "0"}, "its sha512 is"),
        ({"checksum": None, "properties": {}}, "Glance states no hash"),
    ],
)
def test_an_image_with_a_wrong_checksum_leaves_no_file(image: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(content.ImageError, match=why):
        content.fetch(tmp_path / "disk", image, _sending(BYTES))
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_leaves_no_file(tmp_path: Path) -> None:
    def broken(file: Any) -> None:
        file.write(BYTES[:10])
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        content.fetch(tmp_path / "disk", {"checksum": MD5}, broken)
    assert list(tmp_path.iterdir()) == []
