# SPDX-License-Identifier: Apache-2.0
"""The error for a part of a loaded description that turns out to be wrong on this machine: its file, line and column."""

from pathlib import Path

from openstackoid.mesh.errors import MeshError, Wrong
from openstackoid.mesh.files import listed
from openstackoid.mesh.spots import mark_of, shown, spot


def error_of_cloud(description: Path, cloud: str, below: tuple[str, ...], what: str, hint: str | None) -> MeshError:
    """Return the error for the part ``below`` a cloud in the description; it shows the line, if a file still has the cloud."""
    place = ("clouds", cloud, *below)
    said = f"{Wrong(place, what).place}: {what}"
    for file in listed(description).values():
        text = file.content().decode("utf-8", errors="replace")
        # The mark of a cloud that is not in the file is that of its clouds.
        if spot(mark_of(text, place[:2])) != spot(mark_of(text, place[:1])):
            return MeshError(shown(text, file.path, mark_of(text, place), said), hint)
    return MeshError(f"{description}: {said}", hint)
