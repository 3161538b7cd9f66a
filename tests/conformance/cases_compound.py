# SPDX-License-Identifier: Apache-2.0
"""The table of ``A | B``: what a request gets, by its kind and by the outcome in each cloud. docs/use/compound.md shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["answer", "next", "missing", "unknown", "cut"]
"""The client gets the answer; the next cloud is asked; the same, and the cloud lacks the item; 502; the answer breaks off."""

KINDS = {
    "list": ("GET", "/image/v2/images?limit=5"),
    "name": ("GET", "/image/v2/images?name=x"),
    "item": ("GET", "/image/v2/images/x"),
    "head": ("HEAD", "/image/v2/images/x/file"),
    "bytes": ("GET", "/image/v2/images/x/file"),
    "streamed list": ("GET", "/network/v2.0/networks"),
    "streamed name": ("GET", "/network/v2.0/networks?name=x"),
    "create": ("POST", "/network/v2.0/networks"),
    "change": ("DELETE", "/network/v2.0/networks/x"),
}
"""The kinds of requests: method and path. A list of networks is handed on as it comes, a page of images is read as a whole."""

_READS = tuple(kind for kind, (method, _) in KINDS.items() if method in ("GET", "HEAD"))
_WRITES = ("create", "change")
_FAILED: dict[str, Verdict] = {**dict.fromkeys(_READS, "next"), **dict.fromkeys(_WRITES, "unknown")}
_ANSWERED: dict[str, Verdict] = dict.fromkeys(KINDS, "answer")

TABLE: dict[str, dict[str, Verdict]] = {
    "Serves": _ANSWERED,
    "Lacks": {**_ANSWERED, **dict.fromkeys(("name", "item", "head", "bytes", "streamed name", "change"), "missing")},
    "Unauthorized": _ANSWERED,
    "Forbids": _ANSWERED,
    "Conflicts": _ANSWERED,
    "Fails": {**_FAILED, **dict.fromkeys(_WRITES, "answer")},
    "Unavailable": {**_FAILED, **dict.fromkeys(_WRITES, "answer")},
    "Refuses": dict.fromkeys(KINDS, "next"),
    "Unsent": dict.fromkeys(KINDS, "next"),
    "Silent": _FAILED,
    "Cuts": _FAILED,
    "Garbage": _FAILED,
    "CutsBytes": {**_FAILED, "head": "answer"},
    "CutsLater": {**_FAILED, "head": "answer", **dict.fromkeys(("bytes", *_WRITES), "cut")},
}
"""For each cloud of :mod:`conformance.branches`: the verdict on each kind of request, where another cloud may be asked."""

SECOND = ("Serves", "Lacks", "Forbids", "Fails", "Refuses", "Cuts")
AFTER_SILENCE = ("Serves", "Lacks")
"""The second clouds where the first one is silent, which takes its time; to the others it is a cloud that cuts."""


@dataclass(frozen=True)
class Cell:
    """A request for ``first | second``: ``served`` is the cloud whose answer the client gets, or None for the gateway's error.

    ``asked``: the clouds that get the request.
    """

    kind: str
    first: str
    second: str
    served: str | None
    verdict: Verdict
    asked: tuple[str, ...]


def cells() -> Iterator[Cell]:
    """Yield each cell; those with the same first cloud are far from each other, as it may be remembered as down."""
    for kind, (method, _) in KINDS.items():
        for second in SECOND:
            for first in TABLE:
                verdict = TABLE[first][kind]
                goes_on = verdict == "next" or (verdict == "missing" and method != "DELETE")
                if first == "Silent" and second not in AFTER_SILENCE:
                    continue
                # After an answer, it does not matter which cloud would have been next.
                if first != second and (goes_on or second == "Serves"):
                    yield _cell(kind, first, second) if goes_on else _first_answers(kind, first)


def _first_answers(kind: str, first: str) -> Cell:
    verdict = TABLE[first][kind]
    return Cell(kind, first, "Other", None if verdict == "unknown" else first, verdict, (first,))


def _cell(kind: str, first: str, second: str) -> Cell:
    before, after = TABLE[first][kind], TABLE[second][kind]
    asked = tuple(cloud for cloud in (first, second) if cloud != "Refuses")
    # An item is missing if all clouds lack it, and not if one could not be asked.
    served = second if after in ("answer", "cut") or (after == "missing" and before == "missing") else None
    return Cell(kind, first, second, served, after, asked)
