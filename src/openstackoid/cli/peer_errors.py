# SPDX-License-Identifier: Apache-2.0
"""The refusals of the subcommands of ``openstackoid peer``."""

from collections.abc import Sequence
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import Mesh


class PeerError(OpenstackoidError):
    """A file that cannot be read or written, or a cloud that cannot be introduced."""


def check_peers(cloud: str, config: Path, mesh: Mesh, names: Sequence[str]) -> None:
    """Raise :class:`PeerError` for a name that is no peer of ``cloud`` in the mesh of the file ``config``."""
    for name in names:
        if name not in mesh.clouds or name == cloud:
            known = ", ".join(other for other in mesh.clouds if other != cloud) or "none"
            raise PeerError(f"'{name}' is not a peer of {cloud} in {config}; its peers are: {known}")
