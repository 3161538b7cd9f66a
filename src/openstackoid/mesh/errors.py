# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a description of a mesh."""

from typing import Any

from openstackoid.errors import OpenstackoidError


class MeshError(OpenstackoidError):
    """A mesh description that cannot be used; the message names file, line, column and what is accepted."""


class Wrong(Exception):  # noqa: N818 - it becomes a MeshError where the text is known
    """What stands at ``path`` in a document cannot be used; ``what`` says what is accepted there.

    ``source`` names the document, where it is one of several.
    """

    def __init__(self, path: tuple[Any, ...], what: str, source: str | None = None) -> None:
        super().__init__(what)
        self.path = path
        self.what = what
        self.source = source

    @property
    def place(self) -> str:
        """The path, as an operator reads it."""
        return ".".join(map(str, self.path)) or "the document"
