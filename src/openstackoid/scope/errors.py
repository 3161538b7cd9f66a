# SPDX-License-Identifier: Apache-2.0
"""A scope that cannot be understood, and the spot that is wrong."""

from openstackoid.errors import OpenstackoidError

_WINDOW = 72
_MARGIN = 24


class ScopeError(OpenstackoidError):
    """A scope is malformed, or names what does not exist.

    ``reason`` is what is wrong and what is accepted; ``text`` is the scope as it was written; ``start`` and ``end`` are the
    offsets in characters of the wrong part (``end`` excluded, and never less than ``start`` + 1).
    """

    def __init__(self, reason: str, text: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(f"scope, column {start + 1}: {reason}")
        self.reason = reason
        self.text = text
        self.start = start
        self.end = max(start + 1, end if end is not None else start + 1)

    def pointer(self) -> str:
        """Return two lines: the scope, and carets under the spot.

        A long scope is cut around the spot, and a character that a terminal cannot show is replaced by ``?``, so that the
        carets stand where they should and a hostile scope cannot write to the terminal.
        """
        first = max(0, self.start - _MARGIN) if len(self.text) > _WINDOW else 0
        head = "..." if first else ""
        window = "".join(character if character.isprintable() else "?" for character in self.text[first : first + _WINDOW])
        tail = "..." if first + _WINDOW < len(self.text) else ""
        width = max(1, min(self.end, first + _WINDOW) - self.start)
        return f"{head}{window}{tail}\n{' ' * (len(head) + self.start - first)}{'^' * width}"
