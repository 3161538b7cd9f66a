# SPDX-License-Identifier: Apache-2.0
"""The patterns of a policy, for requests and names. They only allow; a request without a matching pattern is refused."""

import re
from dataclasses import dataclass

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
ANY = "*"
REST = "**"

_PATH = re.compile(r"/|(?:/(?:\*|[^/*\s\x00-\x1f\x7f?#%;\\]+))*(?:/\*\*)?")
_ACCEPTED = (
    f"a method ({', '.join(METHODS)} or {ANY}) and a path below the service's root are accepted, as in GET /v2/images/*;"
    " '*' is one whole segment, '/**' at the end any rest"
)


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """Requests by method and path: ``GET /v2/images/**``.

    ``*`` is any method, or any one path segment; ``/**`` at the end is any rest, or none. GET includes HEAD and OPTIONS.
    """

    method: str
    path: str

    @classmethod
    def parse(cls, text: str) -> "RequestPattern":
        """Parse a pattern. Raises ``ValueError`` with the accepted form."""
        method, _, path = text.partition(" ")
        if method not in (*METHODS, ANY) or not path or _PATH.fullmatch(path) is None:
            raise ValueError(f"{text!r}: {_ACCEPTED}")
        if any(part in (".", "..") for part in path.split("/")):
            raise ValueError(f"{text!r}: paths are judged without '.' and '..'; {_ACCEPTED}")
        return cls(method, path)

    def matches(self, method: str, path: str) -> bool:
        """Return whether a request matches; ``path`` is decoded and normalised, empty for the service's root."""
        if not self.covers(method):
            return False
        wanted, given = _segments(self.path), _segments(path)
        if wanted[-1:] == [REST]:
            wanted = wanted[:-1]
            given = given[: len(wanted)]
        return len(wanted) == len(given) and all(part in (ANY, have) for part, have in zip(wanted, given, strict=True))

    def covers(self, method: str) -> bool:
        """Return whether requests of a method are meant."""
        return self.method in (method, ANY) or (self.method == "GET" and method in ("HEAD", "OPTIONS"))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


EVERY_REQUEST = RequestPattern(ANY, f"/{REST}")
"""The pattern of the word ``all``."""


def _segments(path: str) -> list[str]:
    return [] if path in ("", "/") else path.removeprefix("/").split("/")


def names(pattern: str, name: str) -> bool:
    """Return whether a name matches a pattern in which ``*`` is any text, also none. Case matters.

    Without a regular expression, because a stranger's name could make one backtrack for very long.
    """
    head, *rest = pattern.split("*")
    if not rest:
        return pattern == name
    *middle, tail = rest
    if len(name) < len(head) + len(tail) or not name.startswith(head) or not name.endswith(tail):
        return False
    at, end = len(head), len(name) - len(tail)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
