# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 read by the letter of RFC 9112, without guessing: an ambiguous message is reported as such."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.[01]")
# Other control characters are no boundary to anybody: RFC 9110, section 5.5, lets a recipient keep them.
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\r\n\x00]*?)[ \t]*")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n\x00]*)?")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n\x00]*)?")


class UnclearError(Exception):
    """The bytes are no message that every reader would read in the same way."""


class IncompleteError(Exception):
    """The bytes end in the middle of a message."""


@dataclass(frozen=True)
class Message:
    """A message: the words of its first line, its fields by lower-case names, its body, and where it ends."""

    first: tuple[bytes, ...]
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    end: int

    def values(self, name: bytes) -> list[bytes]:
        """Return every value of a field."""
        return [value for key, value in self.fields if key == name]


def head_of(data: bytes, at: int, line: re.Pattern[bytes]) -> Message:
    """Return the head of the message that begins at ``at``; its body is empty."""
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        raise IncompleteError
    first, *lines = data[at:end].split(b"\r\n")
    match = line.fullmatch(first)
    if match is None:
        raise UnclearError(f"a first line: {first[:60]!r}")
    fields = []
    for each in lines:
        field = _FIELD.fullmatch(each)
        if field is None:
            raise UnclearError(f"a field: {each[:60]!r}")
        fields.append((field[1].lower(), field[2]))
    return Message(match.groups(), tuple(fields), b"", end + 4)


def length_of(head: Message) -> int | None:
    """Return the length of a body, or None for a chunked one."""
    lengths, codings = head.values(b"content-length"), head.values(b"transfer-encoding")
    if codings:
        if lengths or len(codings) > 1 or codings[0].lower() != b"chunked":
            raise UnclearError("which length counts")
        return None
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,10}", value) for value in lengths):
        raise UnclearError("which length counts")
    return int(lengths[0]) if lengths else 0


def _chunks(data: bytes, at: int) -> tuple[bytes, int]:
    body = b""
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            raise IncompleteError
        match = _SIZE.fullmatch(data[at:end])
        if match is None:
            raise UnclearError(f"a chunk's size: {data[at:end][:40]!r}")
        size, at = int(match[1], 16), end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            raise IncompleteError
        if data[at + size : at + size + 2] != b"\r\n":
            raise UnclearError("a chunk's end")
        body, at = body + data[at : at + size], at + size + 2
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            raise IncompleteError
        if end == at:
            return body, end + 2
        if _FIELD.fullmatch(data[at:end]) is None:
            raise UnclearError("a trailer")
        at = end + 2


def request_at(data: bytes, at: int) -> Message:
    """Return the whole request that begins at ``at``."""
    head = head_of(data, at, _REQUEST_LINE)
    length = length_of(head)
    if length is None:
        body, end = _chunks(data, head.end)
        return Message(head.first, head.fields, body, end)
    if len(data) < head.end + length:
        raise IncompleteError
    return Message(head.first, head.fields, data[head.end : head.end + length], head.end + length)


def requests_in(data: bytes) -> tuple[list[Message], bool]:
    """Return the requests that the bytes begin with, and whether they are all that there is, and clear to the last byte."""
    found: list[Message] = []
    at = 0
    while at < len(data):
        try:
            found.append(request_at(data, at))
        except (UnclearError, IncompleteError):
            return found, False
        at = found[-1].end
    return found, True


def answers_in(data: bytes) -> Iterator[Message]:
    """Yield the answers in what a server has sent. Raises :class:`UnclearError`; a body that is cut short is as it is.

    A body is not expected where none may be, and none is there where another answer or the end follows at once: an answer to
    HEAD says the length of what it does not bring.
    """
    at = 0
    while at < len(data):
        try:
            head = head_of(data, at, _STATUS_LINE)
        except IncompleteError:
            raise UnclearError(f"an answer without an end: {data[at : at + 60]!r}") from None
        at = head.end
        rest = data[at : at + 7]
        if head.first[0] in (b"204", b"304") or head.first[0].startswith(b"1") or rest in (b"", b"HTTP/1."):
            yield head
            continue
        try:
            length = length_of(head)
            body, end = _chunks(data, at) if length is None else (data[at : at + length], at + length)
        except IncompleteError:
            body, end = data[at:], len(data)
        if not (head.values(b"content-length") or head.values(b"transfer-encoding")):
            body, end = data[at:], len(data)
        yield Message(head.first, head.fields, body, end)
        at = end
