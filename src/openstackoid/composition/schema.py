# SPDX-License-Identifier: Apache-2.0
"""The schema of ``kinds.yaml``: keys, values, and plain words for the faults."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from openstackoid.mesh.policy_schema import Strict
from openstackoid.mesh.validation import unknown_key
from openstackoid.scope import official_service_type

_PATH = re.compile(r"(?:/(?:\*|[A-Za-z0-9._~-]+))*\Z")
_ORDER = re.compile(r"[A-Za-z0-9_.:-]+ (?:asc|desc)\Z")


def _path(text: str) -> str:
    if _PATH.match(text) is None:
        raise ValueError(f"'{text}': a path below the service's version and project is accepted, as in /servers/*")
    return text


def _order(text: str) -> str:
    if _ORDER.match(text) is None:
        raise ValueError(f"'{text}': a sort key and a direction are accepted, as in 'created_at desc'")
    return text


def _service(name: str) -> str:
    if official_service_type(name) != name:
        raise ValueError(f"'{name}': an official service type is accepted")
    return name


_Path = Annotated[str, AfterValidator(_path)]
_Name = Annotated[str, Field(min_length=1)]
_Service = Annotated[str, AfterValidator(_service)]
_Count = Annotated[int, Field(ge=1, le=1_000_000)]


class LimitSchema(Strict):
    """``limit``: of a request without one (absent: all), the most, the meaning of 0, and the numbers of words."""

    default: _Count | None = None
    most: _Count | None = None
    zero: Literal["nothing", "all"]
    words: dict[_Name, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.default is not None and self.most is not None and self.default > self.most:
            raise ValueError(f"'default' is at most 'most', {self.most}")
        return self


class PagingSchema(Strict):
    """An entry of ``paging``: the ways in which a service pages.

    ``next``: its links, in a ``list`` or an ``object`` under ``links`` (by default the collection and ``_links``) or as ``next``
    at the ``top`` of the document, with ``first`` beside it; ``none``: a page without items is the last; ``whole``: all is on one
    page. ``marker``: the id of an item, a value that sorts, that of the ``link`` to the next page, or no marker but the
    ``offset`` of a page. ``unknown_marker``: the treatment of one of no item; ``last``: nothing follows, for all was on one page.
    ``reverse``: the parameter that asks for the page before a marker; ``backwards``: whether the service is ``asked`` so for it,
    or for the items ``sorted`` the other way round. ``adds_order``: its own order follows the one that is asked for. ``ties``:
    the order of items that sort alike, by id. ``fields``: each in a parameter of its own, or all in one. ``counted``: members, or
    members of objects (``metadata.total_count``). ``refused``: parameters that are not served.
    """

    limit: LimitSchema
    next: Literal["list", "object", "top", "none", "whole"]
    first: bool = False
    links: _Name | None = None
    marker: Literal["id", "value", "link", "offset"] = "id"
    unknown_marker: Literal["refused", "ignored", "last"] = "refused"
    sort_keys: _Name = "sort_key"
    sort_dirs: _Name = "sort_dir"
    adds_order: bool = False
    ties: Literal["as-sorted", "ascending"] = "as-sorted"
    compare: Literal["caseless", "bytes"] = "caseless"
    reverse: _Name | None = None
    backwards: Literal["asked", "sorted"] = "asked"
    reversed_by: _Name | None = None
    fields: Literal["unknown", "repeated", "joined"] = "unknown"
    counted: list[_Name] = Field(default_factory=list)
    refused: list[_Name] = Field(default_factory=list)


class ListSchema(Strict):
    """A list. An empty ``collection`` is the document itself; ``within``: the key of each item that has its attributes.

    ``again``: a member that has all items once more.
    """

    path: _Path
    detail: bool = False
    collection: str
    again: _Name | None = None
    within: _Name | None = None
    item: str | None = None
    id: _Name = "id"
    else_id: _Name | None = None
    links: _Name | None = None
    paging: _Name
    order: list[Annotated[str, AfterValidator(_order)]] = Field(default_factory=list)
    attributes: dict[_Name, _Name] = Field(default_factory=dict)
    equal: list[_Name] = Field(default_factory=list)


class TotalSchema(Strict):
    """A document whose numbers are added, in its member ``document``, empty for the document itself.

    ``each``: the document is a list; entries with the same values of these attributes are added. ``least``, ``greatest``: numbers
    of which the least, or the greatest, counts.
    """

    path: _Path
    document: str
    each: list[_Name] = Field(default_factory=list)
    least: list[_Name] = Field(default_factory=list)
    greatest: list[_Name] = Field(default_factory=list)


class CommonSchema(Strict):
    """A document of which clouds have a part in common; ``id`` of the entries of a list, absent for a mapping."""

    path: _Path
    collection: _Name
    id: _Name | None = None


class ReferenceSchema(Strict):
    """An id in the body of a change of a part, ``below``, of a resource: ``at`` leads to it, ``to`` is the path of its list."""

    path: _Path
    below: _Path
    at: _Name
    to: _Path


class KindsSchema(Strict):
    """The whole document."""

    kinds: Literal[1]
    paging: dict[_Name, PagingSchema]
    lists: dict[_Service, list[ListSchema]]
    totals: dict[_Service, list[TotalSchema]] = Field(default_factory=dict)
    common: dict[_Service, list[CommonSchema]] = Field(default_factory=dict)
    references: dict[_Service, list[ReferenceSchema]] = Field(default_factory=dict)


_PLACES: dict[str, type] = {
    "paging": PagingSchema,
    "lists": ListSchema,
    "totals": TotalSchema,
    "common": CommonSchema,
    "references": ReferenceSchema,
}


def accepted(path: tuple[Any, ...]) -> str:
    """Return the words for an unknown key at ``path``."""
    if len(path) == 1:
        return unknown_key(KindsSchema)
    return unknown_key(LimitSchema if path[-2] == "limit" else _PLACES[path[0]])
