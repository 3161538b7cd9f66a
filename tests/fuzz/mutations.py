# SPDX-License-Identifier: Apache-2.0
"""Changes to valid inputs: texts and bytes with a piece too many, too few, twice, or another one."""

from typing import TypeVar

from hypothesis import strategies as st

S = TypeVar("S", str, bytes)
_LENGTHS = st.sampled_from([0, 0, 1, 1, 2, 8, 64])
_CHANGES = st.sampled_from(["put", "put", "cut", "twice", "move"])


@st.composite
def _mutated(draw: st.DrawFn, given: S, pieces: st.SearchStrategy[S], most: int) -> S:
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(given)))
        upto = min(len(given), at + draw(_LENGTHS))
        match draw(_CHANGES):
            case "put":
                given = given[:at] + draw(pieces) + given[upto:]
            case "cut":
                given = given[:at] + given[upto:]
            case "twice":
                given = given[:upto] + given[at:]
            case _:
                to = draw(st.integers(0, len(given)))
                given = given[:at] + given[upto:to] + given[at:upto] + given[max(to, upto) :]
    return given


def mutated(text: str, alphabet: str, most: int = 4) -> st.SearchStrategy[str]:
    """Return a strategy of texts that come out of ``text`` by up to ``most`` changes."""
    return _mutated(text, st.sampled_from(alphabet), most)


def mutated_bytes(data: bytes, pieces: list[bytes], most: int = 4) -> st.SearchStrategy[bytes]:
    """Return a strategy of bytes that come out of ``data`` by up to ``most`` changes."""
    # Hypothesis keeps the strategy of a tuple.
    return _mutated(data, st.sampled_from(tuple(pieces)), most)
