# SPDX-License-Identifier: Apache-2.0
"""Replace the guest's own project id by the id of the project here, in requests.

Clients write the id of their token's project at home into paths, queries, headers and documents. Other ids, and longer texts
that contain the id, are unchanged.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_plus

from openstackoid.mesh import Endpoint
from openstackoid.routing.project_fields import ACCOUNT, PROJECT, PROJECT_FIELDS, ProjectFields
from openstackoid.routing.request import Headers

_NOTHING = ProjectFields()
_REST = "**"
_BETWEEN = re.compile(r"([,:\s]+)")
_ACCOUNT_PREFIX = re.compile(r"([A-Za-z0-9.-]*_)+")
"""The prefix of a Swift account; written back unchanged, so it has no character that would need an escape."""
_TEMPLATE = re.compile(r"[$%]\((?:project|tenant)_id\)s")


@dataclass(frozen=True, slots=True)
class OwnProject:
    """The project of a guest at an endpoint: ``theirs`` is its id at home, ``ours`` its id here."""

    endpoint: Endpoint
    theirs: str
    ours: str

    @property
    def _fields(self) -> ProjectFields:
        return PROJECT_FIELDS.get(self.endpoint.service, _NOTHING)

    def path(self, path: str) -> str:
        """Replace segments of a raw frontend path that are the project, or its Swift account."""
        prefix = self.endpoint.frontend.prefix
        if self.theirs not in unquote(path) or not path.startswith(prefix):
            return path
        segments = self._in_catalog(path)[len(prefix) :].split("/")
        for pattern in self._fields.paths:
            for number in _named(pattern.split("/"), segments):
                segments[number] = self._name(segments[number], unquote(segments[number]), account=ACCOUNT in pattern)
        return prefix + "/".join(segments)

    def query(self, query: str | None) -> str | None:
        """Replace values of query parameters that name a project."""
        names = self._fields.query
        if query is None or not names:
            return query
        return "&".join(self._parameter(names, part) for part in query.split("&"))

    def headers(self, headers: Headers) -> Headers:
        """Replace ids and accounts, single or in lists, in headers that name a project."""
        names = self._fields.headers
        return tuple((name, self._in_list(value) if name.lower() in names else value) for name, value in headers)

    def looks_into(self, method: str, media_type: str) -> bool:
        """Return whether a request of this method has a document that may name a project; ``media_type`` may be empty."""
        return bool(self._fields.body) and method in self._fields.methods and (not media_type or "json" in media_type.lower())

    def body(self, content: bytes) -> bytes:
        """Replace the id in a JSON document; return ``content`` itself if nothing changes or it is not JSON."""
        if self.theirs.encode("ascii") not in content:
            return content
        try:
            document = json.loads(content)
            mapped = self._document(document)
        except (ValueError, RecursionError):
            return content
        return content if mapped == document else json.dumps(mapped, separators=(",", ":")).encode("ascii")

    def _in_catalog(self, path: str) -> str:
        """Replace the project where the catalog's URL has one, as Cinder's and Swift's do."""
        before = before_project(self.endpoint)
        if before is None or not path.startswith(before):
            return path
        found, slash, rest = path[len(before) :].partition("/")
        return f"{before}{self.ours}{slash}{rest}" if unquote(found) == self.theirs else path

    def _parameter(self, names: tuple[str, ...], part: str) -> str:
        name, equals, value = part.partition("=")
        return f"{name}{equals}{self.ours}" if unquote_plus(name) in names and unquote_plus(value) == self.theirs else part

    def _in_list(self, value: str) -> str:
        return "".join(self._name(self._name(part, part), unquote(part), account=True) for part in _BETWEEN.split(value))

    def _name(self, written: str, name: str, *, account: bool = False) -> str:
        """Replace an id, or an account (prefix and id); return any other name unchanged."""
        before = name.removesuffix(self.theirs)
        if before == name or (_ACCOUNT_PREFIX.fullmatch(before) is None if account else before):
            return written
        return f"{before}{self.ours}"

    def _document(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._document(item) for item in value]
        if not isinstance(value, dict):
            return value
        fields = self._fields
        members = {name: self._member(name, item) for name, item in value.items()}
        if value.get("path") in fields.patches and value.get("value") == self.theirs:
            members["value"] = self.ours
        return members

    def _member(self, name: str, value: Any) -> Any:
        if name in self._fields.body and value == self.theirs:
            return self.ours
        return value if name in self._fields.free else self._document(value)


def before_project(endpoint: Endpoint) -> str | None:
    """Return the part of the catalog's URL of ``endpoint`` before the project; None for a URL without a project."""
    before, *after = _TEMPLATE.split(endpoint.frontend.prefix + endpoint.frontend.suffix, maxsplit=1)
    return before if after else None


def _named(pattern: list[str], segments: list[str]) -> list[int]:
    """Return the segments of a path that name a project by a pattern; none if the pattern does not match."""
    if pattern[-1] == _REST:
        pattern = pattern[:-1]
        segments = segments[: len(pattern)]
    if len(pattern) != len(segments):
        return []
    if any(wanted not in ("*", PROJECT, ACCOUNT, unquote(have)) for wanted, have in zip(pattern, segments, strict=True)):
        return []
    return [number for number, wanted in enumerate(pattern) if wanted in (PROJECT, ACCOUNT)]
