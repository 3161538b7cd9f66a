# SPDX-License-Identifier: Apache-2.0
"""The order of two values as far as databases agree on it. They sort texts by collations of many kinds.

Some are blind to case or accents, some put ``_`` after the letters, or all capitals before the first small letter; some leave out
punctuation at first. All have digits before letters, and each of them in its usual order.
"""

from typing import Any

_Rank = tuple[int, str]


def certain(one: Any, other: Any, *, caseless: bool) -> int | None:
    """Return -1, 0 or 1 as ``one`` comes before ``other``, is the same or comes after it; None if databases differ in that.

    A service that sorts texts by their bytes, not ``caseless``, leaves no doubt. Databases have null first, or last.
    """
    if one == other:
        return 0
    if isinstance(one, str) and isinstance(other, str):
        return _certain_texts(one, other) if caseless else _sign(one, other)
    numbers = (bool, int, float)
    return _sign(one, other) if isinstance(one, numbers) and isinstance(other, numbers) else None


def _sign(one: Any, other: Any) -> int | None:
    return -1 if one < other else 1 if one > other else None


def _certain_texts(one: str, other: str) -> int | None:
    """Compare the first characters that differ: digits, letters of one case, or the end of a text."""
    same = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))
    mine, theirs = _rank(one[same : same + 1]), _rank(other[same : same + 1])
    if mine is None or theirs is None:
        return None
    are_letters = mine[0] == theirs[0] == _LETTER
    return None if are_letters and mine[1].isupper() != theirs[1].isupper() else _sign(mine, theirs)


_END, _DIGIT, _LETTER = range(3)


def _rank(character: str) -> _Rank | None:
    """Return the rank of a character that has the same one everywhere; empty: a text ends before another one goes on."""
    if not character:
        return _END, character
    if not (character.isascii() and character.isalnum()):
        return None
    return _DIGIT if character.isdigit() else _LETTER, character
