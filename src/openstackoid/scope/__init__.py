# SPDX-License-Identifier: Apache-2.0
"""The scope language: model, parser and errors. Pure: no sockets, no files, no clock."""

from openstackoid.scope.errors import ScopeError
from openstackoid.scope.expression import All, Cloud, Every, Expression, Near, Otherwise, clouds_of, has_all, otherwise, parts
from openstackoid.scope.known_names import KnownNames
from openstackoid.scope.model import EVERY_OTHER, IDENTITY, Issuer, Scope
from openstackoid.scope.near import SortedTimes, Times, centers_of, may_resolve_to, near_clouds, resolve
from openstackoid.scope.near_told import NearTold, near_told
from openstackoid.scope.parser import MAX_LENGTH, parse_json, read_header
from openstackoid.scope.services import LEADERS, official_service_type, official_service_types
from openstackoid.scope.token import BOUND, MARK, SEPARATOR, WIRE, holds_scope, is_marked, join_token, split_token
from openstackoid.scope.url import MARKER, parse, parse_url_form

__all__ = [
    "BOUND",
    "EVERY_OTHER",
    "IDENTITY",
    "LEADERS",
    "MARK",
    "MARKER",
    "MAX_LENGTH",
    "SEPARATOR",
    "WIRE",
    "All",
    "Cloud",
    "Every",
    "Expression",
    "Issuer",
    "KnownNames",
    "Near",
    "NearTold",
    "Otherwise",
    "Scope",
    "ScopeError",
    "SortedTimes",
    "Times",
    "centers_of",
    "clouds_of",
    "has_all",
    "holds_scope",
    "is_marked",
    "join_token",
    "may_resolve_to",
    "near_clouds",
    "near_told",
    "official_service_type",
    "official_service_types",
    "otherwise",
    "parse",
    "parse_json",
    "parse_url_form",
    "parts",
    "read_header",
    "resolve",
    "split_token",
]
