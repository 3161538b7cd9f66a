# SPDX-License-Identifier: Apache-2.0
"""The header in which a peer's gateway tells the gateway that asked how it has admitted the user, and by which rule.

The header is :data:`~openstackoid.routing.egress.ADMISSION_HEADER`, its value base64url of a JSON object. The gateway that writes
it knows the user; the gateway that reads it only writes it down. It comes from a peer: a value that is not exactly of this shape
is ignored.
"""

import base64
import json
import re
from dataclasses import asdict, dataclass

from openstackoid.bridge.audit.audit_log import ALLOWED, FAILED, LONGEST_NAME, REFUSED, Party

LONGEST = 2048
"""Characters of the header's value."""

_VALUE = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")
_CUTS = (LONGEST_NAME, 128, 64, 24)
_KEYS = frozenset({"user", "project", "rule"})
_PARTY = frozenset({"id", "name", "domain"})
_REFUSALS = frozenset({401, 403, 429, 508})


@dataclass(frozen=True, slots=True)
class Admission:
    """The admission of a request: the user and project of its home, and the entry of the policy that let them in."""

    user: Party | None = None
    project: Party | None = None
    rule: str | None = None


def encode(use: Admission) -> str:
    """Return the value of the header; names are cut where all of them together would be too long for it."""
    for longest in _CUTS:
        text = json.dumps(_shortened(asdict(use), longest), ensure_ascii=False, separators=(",", ":"))
        value = base64.urlsafe_b64encode(text.encode("utf-8", "replace")).rstrip(b"=").decode("ascii")
        if len(value) <= LONGEST:
            return value
    raise AssertionError("seven names of the shortest cut fit")


def decode(value: str) -> Admission | None:
    """Return what the header's value tells, or None where it is not what :func:`encode` makes."""
    if _VALUE.fullmatch(value) is None:
        return None
    try:
        data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.keys() != _KEYS or not _is_text(document["rule"]):
        return None
    if not all(document[name] is None or _is_party(document[name]) for name in ("user", "project")):
        return None
    user, project = (Party(**found) if (found := document[name]) is not None else None for name in ("user", "project"))
    return Admission(user, project, document["rule"])


def outcome_of(status: int, use: Admission | None) -> str:
    """Return the outcome of a request that left: an admission header proves that the peer accepted it.

    Without one, a status with which gateways refuse says that it was refused; any other failure says nothing about it.
    """
    if use is not None or 100 <= status < 400:
        return ALLOWED
    return REFUSED if status in _REFUSALS else FAILED


def _shortened(value: object, longest: int) -> object:
    if isinstance(value, dict):
        return {name: _shortened(item, longest) for name, item in value.items()}
    return f"{value[: longest - 1]}…" if isinstance(value, str) and len(value) > longest else value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object whose keys stand once each, or raise ``ValueError``."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def _is_party(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == _PARTY and all(map(_is_text, value.values()))


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_NAME)
