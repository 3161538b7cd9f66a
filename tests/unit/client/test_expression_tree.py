# SPDX-License-Identifier: Apache-2.0
"""The tree of an expression, and the clouds that a list is asked of now."""

import pytest

from openstackoid.client.expression_tree import drawn, tree_of
from openstackoid.scope import parse

HEALTH = {"A": "up", "B": "down", "C": "unknown", "D": "missing"}


def tree(text: str) -> list[str]:
    expression = parse(f"image={text}").expression_for("image")
    assert expression is not None
    return drawn(tree_of(expression, HEALTH.__getitem__))


def test_a_tree_has_a_line_for_each_part() -> None:
    assert tree("(B | A) & C") == [
        "(B | A) & C",
        "├── B | A",
        "│   ├── B  down",
        "│   └── A  up, asked now",
        "└── C  unknown, asked now",
    ]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("A | B", "A"),
        ("B | D | C | A", "C"),
        ("B | D", "B"),
        ("A & B", "AB"),
        ("B & D | A", "A"),
        ("A & B | C", "AB"),
        ("(B | D) & A", "BA"),
        ("D | B & C | A", "BC"),
    ],
)
def test_the_first_that_is_not_down_is_asked_or_all(text: str, asked: str) -> None:
    shown = [line.partition("── ")[2] for line in tree(text) if line.endswith("asked now")]
    assert [line[0] for line in shown] == list(asked)
