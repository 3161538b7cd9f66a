# SPDX-License-Identifier: Apache-2.0
"""One answer made of several clouds' answers: merged lists, one item by its id, sums, intersections. Pure: no I/O, no clock."""

from openstackoid.composition.branch import PageRequest
from openstackoid.composition.change_outcomes import named_outcome, owner_outcome
from openstackoid.composition.claims import Claims, is_uuid
from openstackoid.composition.common import common_part, common_versions
from openstackoid.composition.cursor import KEY_BYTES as CURSOR_KEY
from openstackoid.composition.cursor import Cursors
from openstackoid.composition.documents import FEW_VALUES, MOST_VALUES, has_more_values, parse_object
from openstackoid.composition.errors import CompositionError, Failure, Fault
from openstackoid.composition.header_totals import header_totals
from openstackoid.composition.item_ids import has_odd_id
from openstackoid.composition.kinds import (
    CommonKind,
    HeadersKind,
    ItemKind,
    Kind,
    Kinds,
    ListKind,
    NamedKind,
    Reference,
    TotalKind,
    VersionsKind,
    builtin_kinds,
    parse_kinds,
)
from openstackoid.composition.known_markers import KnownMarkers
from openstackoid.composition.listing import Asker, Listing
from openstackoid.composition.outcomes import (
    PARTIAL,
    Composed,
    Outcome,
    PassOn,
    Refused,
    composed_outcome,
    item_outcome,
)
from openstackoid.composition.page import ALL_BYTES
from openstackoid.composition.provenance import CLOUD, CLOUD_HEADER, CLOUDS, without_cloud
from openstackoid.composition.references import (
    EqualSearch,
    Named,
    lacking,
    meant,
    named,
    only_told_by_peers,
    referred,
    with_referred,
)
from openstackoid.composition.totals import total

__all__ = [
    "ALL_BYTES",
    "CLOUD",
    "CLOUDS",
    "CLOUD_HEADER",
    "CURSOR_KEY",
    "FEW_VALUES",
    "MOST_VALUES",
    "PARTIAL",
    "Asker",
    "Claims",
    "CommonKind",
    "Composed",
    "CompositionError",
    "Cursors",
    "EqualSearch",
    "Failure",
    "Fault",
    "HeadersKind",
    "ItemKind",
    "Kind",
    "Kinds",
    "KnownMarkers",
    "ListKind",
    "Listing",
    "Named",
    "NamedKind",
    "Outcome",
    "PageRequest",
    "PassOn",
    "Reference",
    "Refused",
    "TotalKind",
    "VersionsKind",
    "builtin_kinds",
    "common_part",
    "common_versions",
    "composed_outcome",
    "has_more_values",
    "has_odd_id",
    "header_totals",
    "is_uuid",
    "item_outcome",
    "lacking",
    "meant",
    "named",
    "named_outcome",
    "only_told_by_peers",
    "owner_outcome",
    "parse_kinds",
    "parse_object",
    "referred",
    "total",
    "with_referred",
    "without_cloud",
]
