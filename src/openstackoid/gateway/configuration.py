# SPDX-License-Identifier: Apache-2.0
"""What a gateway runs on: the text of the mesh description, the mesh in it, and the files that HAProxy reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.mesh import Account, Cloud, Mesh, MeshError, load_readers, parse_mesh


@dataclass(frozen=True, slots=True)
class Configuration:
    """One state of the mesh description, as far as the gateway of ``cloud`` is concerned.

    ``files`` are HAProxy's, by name. ``text`` is kept so that both parts go on with the very same description, whatever
    happens to the operator's file meanwhile. ``accounts`` are the reader accounts at peers; they are not kept in a file.
    """

    text: str
    mesh: Mesh
    cloud: Cloud
    files: Mapping[str, str]
    accounts: Mapping[str, Account] = field(default_factory=dict)


def load_configuration(path: Path, cloud: str, runtime: Runtime, *, secrets: bool = True) -> Configuration:
    """Return what ``path`` says for the gateway of ``cloud``; without ``secrets``, the file of reader accounts is not opened.

    Raises :class:`openstackoid.errors.OpenstackoidError`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise MeshError(f"{path}: cannot read the mesh description: {reason}") from None
    mesh = parse_mesh(text, str(path))
    files = compile_gateway(mesh, cloud, runtime)
    accounts = load_readers(mesh, cloud) if secrets else {}
    return Configuration(text, mesh, mesh.clouds[cloud], files, accounts)


def render(files: Mapping[str, str]) -> str:
    """Return all files as one text for a reader, each below a line that names it."""
    return "\n".join(f"# ===== {name} =====\n{content}" for name, content in files.items())
