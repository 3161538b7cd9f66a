# SPDX-License-Identifier: Apache-2.0
"""The header in which a peer's gateway tells the asking gateway the accepted user and the rule.

:data:`~openstackoid.routing.egress.ADMISSION_HEADER` is base64url of a JSON object. The asking gateway only writes it to the
audit log. It comes from a peer: any other form is ignored.
"""

import json
import re
from dataclasses import asdict, dataclass

from openstackoid import base64url
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
    """The admission of a request: user and project at home, and the matching entry of the policy."""

    user: Party | None = None
    project: Party | None = None
    rule: str | None = None


def encode(use: Admission) -> str:
    """Return the value of the header; names are cut if they are too long for it."""
    for longest in _CUTS:
        text = json.dumps(_shortened(asdict(use), longest), ensure_ascii=False, separators=(",", ":"))
        value = base64url.encoded(text.encode("utf-8", "replace"))
        if len(value) <= LONGEST:
            return value
    raise AssertionError("seven names of the shortest cut fit")


def decode(value: str) -> Admission | None:
    """Decode the header's value; None if :func:`encode` cannot have made it."""
    if _VALUE.fullmatch(value) is None:
        return None
    try:
        document = json.loads(base64url.decoded(value).decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.keys() != _KEYS or not _is_text(document["rule"]):
        return None
    if not all(document[name] is None or _is_party(document[name]) for name in ("user", "project")):
        return None
    user, project = (Party(**found) if (found := document[name]) is not None else None for name in ("user", "project"))
    return Admission(user, project, document["rule"])


def outcome_of(status: int, use: Admission | None) -> str:
    """Return the outcome of a request that left.

    A status of a refusal means refused, also beside an admission header: the peer alone vouches for that. With the header, the
    peer says that it accepted a request that failed otherwise; without one, a failure leaves it open.
    """
    if status in _REFUSALS:
        return REFUSED
    return ALLOWED if use is not None or 100 <= status < 400 else FAILED


def _shortened(value: object, longest: int) -> object:
    if isinstance(value, dict):
        return {name: _shortened(item, longest) for name, item in value.items()}
    return f"{value[: longest - 1]}…" if isinstance(value, str) and len(value) > longest else value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object without repeated keys, or raise ``ValueError``."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def _is_party(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == _PARTY and all(map(_is_text, value.values()))


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_NAME)
