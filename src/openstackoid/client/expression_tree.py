# SPDX-License-Identifier: Apache-2.0
"""The tree of a scope's expression, with the health of each cloud, and the clouds that a list is asked of now. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openstackoid.client.hops import branches
from openstackoid.scope import All, Cloud, Expression, Otherwise

_OUT = ("down", "missing")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression. ``health``: of one cloud, else None. ``is_asked``: a list is asked of it now."""

    text: str
    health: str | None
    is_asked: bool
    members: "tuple[Node, ...]" = ()

    def document(self) -> dict[str, Any]:
        """Return the part for JSON."""
        own: dict[str, Any] = {"expression": self.text, "asked": self.is_asked}
        if self.health is not None:
            own["health"] = self.health
        return {**own, "members": [member.document() for member in self.members]} if self.members else own


def tree_of(expression: Expression, health: Callable[[str], str], *, is_asked: bool = True) -> Node:
    """Return the tree of an expression; ``health`` returns that of a cloud.

    Of ``A | B``, the first that is not down is asked; if all are, the first. Of ``A & B``, all are.
    """
    match expression:
        case Cloud(name):
            return Node(name, health(name), is_asked)
        case Otherwise(members):
            first = next((member for member in members if _is_there(member, health)), members[0])
            inner = tuple(tree_of(member, health, is_asked=is_asked and member is first) for member in members)
            return Node(expression.to_text(), None, is_asked, inner)
        case All(members):
            inner = tuple(tree_of(member, health, is_asked=is_asked) for member in members)
            return Node(expression.to_text(), None, is_asked, inner)
    return Node(expression.to_text(), None, is_asked)


def drawn(node: Node) -> list[str]:
    """Return the tree as lines, the whole expression first."""
    return [_line(node), *branches([(line, below) for line, *below in map(drawn, node.members)])]


def _line(node: Node) -> str:
    asked = ", asked now" if node.is_asked and not node.members else ""
    return node.text if node.health is None else f"{node.text}  {node.health}{asked}"


def _is_there(expression: Expression, health: Callable[[str], str]) -> bool:
    match expression:
        case Cloud(name):
            return health(name) not in _OUT
        case Otherwise(members) | All(members):
            return any(_is_there(member, health) for member in members)
    return True
