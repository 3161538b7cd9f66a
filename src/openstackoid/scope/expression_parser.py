# SPDX-License-Identifier: Apache-2.0
"""Parse the expression of one entry: ``CloudOne | (CloudTwo & CloudThree)``.

``&`` binds closer than ``|``, as in Python and C. The spellings ``;`` and ``+`` of the two need no escape in a URL.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from openstackoid.scope.expression import All, Cloud, Expression, Near, Otherwise, all_of, every, has_all, otherwise, parts

MOST_CLOUDS = 8
"""The most clouds in one expression."""
MOST_NEAR = 16
"""The most ``around`` and ``nearest`` in one scope: a cloud near each is sought for each request."""
DEEPEST = 4
"""The most parentheses and functions in each other."""
LONGEST_SECONDS = 60
_TIME_EXPECTED = f"a time above 0 and at most {LONGEST_SECONDS}s is expected here, as in 10ms or 0.5s"

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_TOKEN = re.compile(
    rf"[ \t\r\n]*(?:(?P<name>{NAME})(?![A-Za-z0-9._-])|(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<mark>\|\||[|;&+%(),])|(?P<end>\Z))"
)
_MARKS = {"|": "|", "||": "|", ";": "|", "&": "&", "+": "&", "%": "%", "(": "(", ")": ")", ",": ","}
"""What each mark means: several are spelt in more than one way."""
_SPACE = re.compile(r"[ \t\r\n]*")
_BEGINS_NAME = re.compile(r"[A-Za-z0-9]")
_ENDS_NAME = re.compile(r"[ \t\r\n|;&+%(),\"']|\Z")
_TIME = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?(ms|s)\Z")
_FUNCTIONS = ("around", "nearest", "all")

Fail = Callable[[str, int, int], NoReturn]
"""Reports a fault with its first character and the one after its last."""
Check = Callable[[str, int, int], None]
"""Refuses a name that is not a cloud's."""


class _Token(NamedTuple):
    """A word of an expression. ``kind``: ``name``, ``quoted``, ``end``, or the meaning of a mark."""

    kind: str
    text: str
    start: int
    end: int


def parse_expression(text: str, check: Check, fail: Fail) -> Expression:
    """Return the expression that ``text`` has; positions are those in ``text``.

    ``check``: called for the name of each cloud. ``fail``: called for the first fault.
    """
    reader = _Reader(_tokens(text, fail), check, fail)
    expression = reader.expression(0)
    reader.end()
    return expression


def refuse_unserved(text: str, expression: Expression, fail: Fail) -> None:
    """Refuse a well-formed expression that no gateway carries out. Of ``all(...)``, all clouds are meant, whatever is between."""
    inner = (each for part in parts(expression, in_every=False) if isinstance(part, All) for each in part.members)
    if any(isinstance(each, Otherwise) and has_all(each) for each in inner):
        fail("'&' within '|' within '&' is not served; (A | B) & C and A & B | C are", 0, len(text))


def _tokens(text: str, fail: Fail) -> Iterator[_Token]:
    """Yield the words of a text; the reader stops at the first one that does not fit."""
    at, kind, word = 0, "", ""
    while kind != "end":
        found = _TOKEN.match(text, at)
        if found is None:
            _refuse_word(text, at, word, fail)
        kind, at = str(found.lastgroup), found.end()
        word = found[kind]
        start = at - len(word)
        if kind == "mark":
            yield _Token(_MARKS[word], word, start, at)
        elif kind == "end":
            yield _Token(kind, "the end", at, at + 1)
        else:
            yield _Token(kind, word if kind == "name" else word[1:-1], start, at)


def _refuse_word(text: str, at: int, before: str, fail: Fail) -> NoReturn:
    """Report the text from ``at`` on, which begins with no word; ``before`` is the one before it."""
    start = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    found = _ENDS_NAME.search(text, start + 1)
    end = found.start() if found else len(text)
    character = text[start]
    if before == ",":
        fail(_TIME_EXPECTED, start, end)
    if character in "\"'":
        fail("a quote that is not closed", start, end)
    if character == "=":
        fail("',' separates services, as in image=CloudTwo,compute=CloudOne; '=' is not accepted here", start, start + 1)
    expected = "a cloud's name, '|', '&' or a parenthesis is expected here"
    if _BEGINS_NAME.match(character):
        fail(f"{expected}; a name has 64 characters at most", start, end)
    fail(f"{expected}, not '{character if character.isprintable() else '?'}'", start, start + 1)


class _Reader:
    """Reads the tokens of one expression from left to right."""

    def __init__(self, tokens: Iterator[_Token], check: Check, fail: Fail) -> None:
        self._tokens = tokens
        self._check_name = check
        self._fail = fail
        self._here = next(tokens)
        self._clouds = 0

    def expression(self, depth: int) -> Expression:
        members = [self._both(depth)]
        while self._here.kind == "|":
            self._advance()
            members.append(self._both(depth))
        return members[0] if len(members) == 1 else otherwise(tuple(members))

    def end(self) -> None:
        if self._here.kind != "end":
            self._expected("'|', '&' or the end")

    def _advance(self) -> None:
        self._here = next(self._tokens)

    def _check(self, name: str, start: int, end: int) -> None:
        self._check_name(name, start, end)
        self._clouds += 1
        if self._clouds > MOST_CLOUDS:
            self._fail(f"{MOST_CLOUDS} clouds in one expression at most are accepted", start, end)

    def _both(self, depth: int) -> Expression:
        members = [self._one(depth)]
        while self._here.kind == "&":
            self._advance()
            members.append(self._one(depth))
        if self._here.kind == "%":
            self._fail("'%' is reserved; '|' and '&' are accepted", self._here.start, self._here.end)
        return members[0] if len(members) == 1 else all_of(tuple(members))

    def _one(self, depth: int) -> Expression:
        token = self._here
        if token.kind == "(":
            return self._inside(depth, self.expression)
        name = self._name()
        if token.kind == "quoted" or self._here.kind != "(":
            self._check(name, token.start, token.end)
            return Cloud(name)
        if name not in _FUNCTIONS:
            self._fail(f"there is no function '{name}'; {', '.join(_FUNCTIONS)} are accepted", token.start, token.end)
        return self._inside(depth, {"around": self._around, "nearest": self._nearest, "all": self._all}[name])

    def _inside(self, depth: int, read: Callable[[int], Expression]) -> Expression:
        """Read what stands in the parentheses that open here."""
        if depth == DEEPEST:
            opening = self._here
            self._fail(f"parentheses {depth + 1} deep; {DEEPEST} at most are accepted", opening.start, opening.end)
        self._advance()
        inner = read(depth + 1)
        if self._here.kind != ")":
            self._expected("')'")
        self._advance()
        return inner

    def _all(self, depth: int) -> Expression:
        return every(self.expression(depth))

    def _nearest(self, _depth: int) -> Expression:
        return Near(self._center())

    def _around(self, _depth: int) -> Expression:
        center = self._center()
        if self._here.kind != ",":
            self._expected("',' and a time, as in around(CloudOne, 10ms),")
        self._advance()
        token = self._here
        found = _TIME.match(token.text) if token.kind == "name" else None
        microseconds = 0 if found is None else int(found[1] + (found[2] or "").ljust(3, "0")) * (1 if found[3] == "ms" else 1000)
        if not 0 < microseconds <= LONGEST_SECONDS * 1_000_000:
            self._fail(_TIME_EXPECTED, token.start, token.end)
        self._advance()
        return Near(center, microseconds)

    def _center(self) -> str:
        token = self._here
        name = self._name()
        self._check(name, token.start, token.end)
        return name

    def _name(self) -> str:
        token = self._here
        if token.kind not in ("name", "quoted"):
            self._expected("a cloud's name")
        self._advance()
        return token.text

    def _expected(self, what: str) -> NoReturn:
        token = self._here
        found = token.text if token.kind == "end" else f"'{token.text}'"
        self._fail(f"{what} is expected here, not {found}", token.start, token.end)
