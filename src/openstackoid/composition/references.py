# SPDX-License-Identifier: Apache-2.0
"""Ids in the bodies of changes that name equal things of several clouds: a merged list shows one of them for all.

Each cloud may have an id of its own for it, and may have the id of another cloud for another thing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openstackoid.composition.claims import is_uuid
from openstackoid.composition.documents import FEW_VALUES, has_more_values, parse
from openstackoid.composition.errors import Failure, Fault
from openstackoid.composition.kinds import ListKind, Reference
from openstackoid.composition.outcomes import Refused, as_failure, is_unknown, shown
from openstackoid.composition.page import PageReader
from openstackoid.composition.query import BATCH, ListQuery

MOST_PAGES = 20
"""Pages of the list of one cloud that are searched for an equal thing, at most."""

MOST_OF_PAGE = 5 * FEW_VALUES
"""The values of a page that is searched: a thousand flavors have 30,000."""

_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._ -]{0,254}")


@dataclass(frozen=True, slots=True)
class Named:
    """A thing by its id in a cloud: its name, and the digest that equal things share, or None."""

    name: str
    equal: bytes | None


def referred(reference: Reference, body: bytes) -> str | None:
    """Return the id in the body of a change, or None without one."""
    try:
        value = parse(body)
    except (ValueError, RecursionError):
        return None
    for name in reference.at:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return text if _ID.fullmatch(text := str(value)) else None


def with_referred(reference: Reference, body: bytes, id_: str) -> bytes:
    """Return the body with another id."""
    document = value = parse(body)
    for name in reference.at[:-1]:
        value = value[name]
    value[reference.at[-1]] = id_
    return json.dumps(document, allow_nan=False).encode("ascii")


def named(reference: Reference, cloud: str, body: bytes) -> Named | Failure:
    """Return the thing in a cloud's answer about one id."""
    if has_more_values(body, FEW_VALUES):
        return Failure(cloud, Fault.TOO_LARGE, detail=f"more than {FEW_VALUES} values")
    try:
        item = parse(body)[reference.item]
        name = item.get("name")
        text = json.dumps({reference.of.collection: [item]}).encode("ascii")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return Failure(cloud, Fault.WRONG_SHAPE, detail=f"'{reference.item}' is missing")
    page = PageReader(ListQuery.parse(reference.of, ""), cloud, 1).read(text)
    return page if isinstance(page, Failure) else Named(shown(str(name)), page.items[0].equal)


def meant(
    reference: Reference, id_: str, owner: str, clouds: Sequence[str], outcomes: Mapping[str, Named | int | Failure]
) -> Named | Refused | None:
    """Return the thing that an id means to ``owner``: None for the id as it is, one of another cloud, or a refusal.

    ``outcomes``: of each cloud, its thing, the status of its error, or its failure. A cloud that refuses the user has shown it
    nothing.
    """
    having = {cloud: found for cloud in clouds if isinstance(found := outcomes[cloud], Named)}
    if owner in having and is_uuid(id_):
        return None
    unknown = [
        as_failure(cloud, found)
        for cloud in clouds
        if not isinstance(found := outcomes[cloud], Named) and (is_unknown(found) or (cloud == owner and found != 404))
    ]
    if unknown:
        said = "; ".join(map(str, unknown))
        return Refused(503, f"{said}; the {reference.item} '{id_}' is not certain; nothing was changed")
    if not having:
        return None
    (first, thing), *others = having.items()
    for other, another in others:
        if another.equal is None or another.equal != thing.equal:
            both = f"'{thing.name}' of {first}, but '{another.name}' of {other}"
            message = f"{reference.item} '{id_}' is {both}; nothing was changed; name one cloud, and its id"
            return Refused(409, message)
    return None if owner in having else thing


class EqualSearch:
    """The search of a cloud's list for an equal thing, page by page: ``query`` is the next one's, ``found`` the id."""

    def __init__(self, of: ListKind, cloud: str, equal: bytes | None) -> None:
        # Administrators see flavors of others by this alone; of other users' requests, Nova ignores it.
        self._listed = ListQuery.parse(of, "is_public=None")
        self._reader = PageReader(self._listed, cloud, 1, values=MOST_OF_PAGE)
        self._equal = equal
        self._left = MOST_PAGES if equal is not None else 0
        self._marker: str | None = None
        self.found: str | None = None

    @property
    def query(self) -> str | None:
        """The query of the next page, or None at the end."""
        return self._listed.branch(BATCH, self._marker) if self._left and self.found is None else None

    def take(self, body: bytes) -> Failure | None:
        """Take a page. Return the failure of a cloud whose answer is none."""
        page = self._reader.read(body)
        if isinstance(page, Failure):
            return page
        self.found = next((item.id for item in page.items if item.equal == self._equal), None)
        self._left = self._left - 1 if page.more and page.items else 0
        self._marker = page.items[-1].id if page.items else None
        return None


def lacking(reference: Reference, id_: str, owner: str, thing: Named, of: str) -> Refused:
    """Return the refusal of a change whose cloud has no equal thing."""
    return Refused(409, f"{owner} has no {reference.item} equal to '{id_}', '{thing.name}' of {of}; nothing was changed")


def only_told_by_peers(reference: Reference, id_: str, owner: str, thing: Named, *, of: str, own: str) -> Refused:
    """Return the refusal of a change with the id of another cloud, whose meaning no other than that cloud says.

    It may say another thing than in the list. The user decides, by the name and the id ``own`` of the equal thing of ``owner``.
    """
    message = f"{reference.item} '{id_}' is '{thing.name}' of {of}; its equal of {owner} is '{shown(own)}', which {owner} accepts"
    return Refused(409, f"{message}; nothing was changed")
