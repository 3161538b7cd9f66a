# SPDX-License-Identifier: Apache-2.0
"""The routing decision: request head and mesh in, decision out. Pure: no sockets, no clock, no files."""

from openstackoid.composition import CLOUD_HEADER
from openstackoid.routing.decide import decide
from openstackoid.routing.decision import (
    All,
    Credentials,
    Decision,
    Destination,
    MoreInput,
    Otherwise,
    Plan,
    ReadBody,
    ReadStore,
    ReadTimes,
    Refuse,
    Relay,
    Route,
    ScopeSource,
    Single,
    Turn,
)
from openstackoid.routing.explain import Explanation, explain, waits_in_words
from openstackoid.routing.identity import asks_for_token
from openstackoid.routing.links import (
    VERSION_DOCUMENT,
    answers_with_links,
    link_schemes,
    names_document,
    own_identity,
    own_places,
    peer_places,
    plain_host,
)
from openstackoid.routing.near import read_times, times_from, with_plain_clouds
from openstackoid.routing.normal_path import called_path, folded_path
from openstackoid.routing.own_project import OwnProject
from openstackoid.routing.request import Headers, NotRead, Request, with_headers
from openstackoid.routing.scoped_url import as_entered, scoped_url
from openstackoid.routing.token_routes import CATALOG_PATH, TOKENS_PATH
from openstackoid.routing.workflows import (
    MARK,
    READS,
    REQUEST_ID,
    TRACE,
    Workflow,
    is_traced,
    marked_id,
    may_be_remembered,
    watched_services,
)
from openstackoid.scope import IDENTITY

__all__ = [
    "CATALOG_PATH",
    "CLOUD_HEADER",
    "IDENTITY",
    "MARK",
    "READS",
    "REQUEST_ID",
    "TOKENS_PATH",
    "TRACE",
    "VERSION_DOCUMENT",
    "All",
    "Credentials",
    "Decision",
    "Destination",
    "Explanation",
    "Headers",
    "MoreInput",
    "NotRead",
    "Otherwise",
    "OwnProject",
    "Plan",
    "ReadBody",
    "ReadStore",
    "ReadTimes",
    "Refuse",
    "Relay",
    "Request",
    "Route",
    "ScopeSource",
    "Single",
    "Turn",
    "Workflow",
    "answers_with_links",
    "as_entered",
    "asks_for_token",
    "called_path",
    "decide",
    "explain",
    "folded_path",
    "is_traced",
    "link_schemes",
    "marked_id",
    "may_be_remembered",
    "names_document",
    "own_identity",
    "own_places",
    "peer_places",
    "plain_host",
    "read_times",
    "scoped_url",
    "times_from",
    "waits_in_words",
    "watched_services",
    "with_headers",
    "with_plain_clouds",
]
