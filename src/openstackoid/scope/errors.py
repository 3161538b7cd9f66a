# SPDX-License-Identifier: Apache-2.0
"""Errors of a scope, with their position in the text."""

from openstackoid.errors import OpenstackoidError

_WINDOW = 72
_MARGIN = 24


class ScopeError(OpenstackoidError):
    """A malformed scope, or one that names an unknown service or cloud.

    ``reason``: the fault and the accepted values. ``text``: the scope as written. ``start`` and ``end``: character offsets of
    the wrong part (``end`` excluded, at least ``start`` + 1).
    """

    def __init__(self, reason: str, text: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(f"column {start + 1}: {reason}")
        self.reason = reason
        self.text = text
        self.start = start
        self.end = max(start + 1, end if end is not None else start + 1)

    def pointer(self) -> str:
        """Return two lines: the scope, and carets under the wrong part.

        Cut a long scope around it, and replace characters that a terminal cannot show by ``?``.
        """
        first = max(0, self.start - _MARGIN) if len(self.text) > _WINDOW else 0
        head = "..." if first else ""
        window = "".join(character if character.isprintable() else "?" for character in self.text[first : first + _WINDOW])
        tail = "..." if first + _WINDOW < len(self.text) else ""
        width = max(1, min(self.end, first + _WINDOW) - self.start)
        return f"{head}{window}{tail}\n{' ' * (len(head) + self.start - first)}{'^' * width}"
