# SPDX-License-Identifier: Apache-2.0
"""The errors of a description of a mesh."""

from collections.abc import Iterable
from typing import Any

from openstackoid.errors import OpenstackoidError


class MeshError(OpenstackoidError):
    """An unusable mesh description; the message has file, line, column and the accepted values."""


class DocumentError(MeshError):
    """An unreadable document. ``spot``: line and column, if known; ``plain``: a message without a quote."""

    def __init__(self, message: str, spot: str, plain: str) -> None:
        super().__init__(message)
        self.spot = spot
        self.plain = plain


_LISTED = 40


def some_of(names: Iterable[str]) -> str:
    """Return names for an error: of thousands, the first ones and the number of the others."""
    ordered = sorted(names)
    more = len(ordered) - _LISTED
    return ", ".join(ordered) if more <= 0 else f"{', '.join(ordered[:_LISTED])} and {more} more"


class Wrong(Exception):  # noqa: N818 - it becomes a MeshError once the text is known
    """An unusable part at ``path``; ``what``: the accepted values.

    ``source`` names the document, if it is one of several.
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
