# SPDX-License-Identifier: Apache-2.0
"""The clouds that the operator of a gateway has blocked: in a file of their own, so that no description must be edited."""

import json
from dataclasses import replace
from pathlib import Path

from openstackoid.mesh.errors import MeshError
from openstackoid.mesh.model import Mesh
from openstackoid.private import replace_private

FILE = "blocked.json"
"""The name of the file in the folder of a gateway."""


def blocked_clouds(path: Path) -> frozenset[str]:
    """Return the clouds in the file at ``path``; none without a file. Raises :class:`MeshError`."""
    try:
        clouds = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError) as error:
        raise MeshError(f"{path}: the blocked clouds cannot be read: {error}") from None
    if not isinstance(clouds, list) or not all(isinstance(name, str) for name in clouds):
        raise MeshError(f"{path}: a list of clouds is accepted; `openstackoid peer block` writes it")
    return frozenset(clouds)


def write_blocked(path: Path, clouds: frozenset[str]) -> None:
    """Write the file. Raises :class:`MeshError`."""
    try:
        replace_private(path, json.dumps(sorted(clouds)).encode("ascii"))
    except OSError as error:
        raise MeshError(f"{path}: the blocked clouds cannot be written: {error.strerror}") from None


def with_blocked(mesh: Mesh, path: Path | None) -> Mesh:
    """Return the mesh with the clouds in the file at ``path`` blocked. Raises :class:`MeshError`."""
    return mesh if path is None else replace(mesh, blocked=blocked_clouds(path))
