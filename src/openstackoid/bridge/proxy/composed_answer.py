# SPDX-License-Identifier: Apache-2.0
"""The heads of answers that are made of several clouds' answers."""

import json

from multidict import CIMultiDict

from openstackoid.bridge.errors import WholeAnswer
from openstackoid.composition import ALL_BYTES, CLOUD, PARTIAL, Composed, Failure, ItemKind, parse_object
from openstackoid.routing import Headers

_OF_THE_API = frozenset({"content-type", "openstack-api-version", "x-openstack-nova-api-version", "vary"})
_OF_THE_BYTES = frozenset({"content-length", "content-md5", "digest", "content-digest", "repr-digest", "etag"})


def composed_headers(first: WholeAnswer | None, outcome: Composed) -> Headers:
    """Return the headers of a composed answer: those of one cloud's answer that are about the API, and the missing clouds."""
    kept = () if first is None else tuple(pair for pair in first.headers.items() if pair[0].lower() in _OF_THE_API)
    return kept if outcome.partial is None else (*kept, (PARTIAL, outcome.partial))


def composed_answer(first: WholeAnswer | None, body: bytes, outcome: Composed) -> WholeAnswer:
    """Return a composed answer."""
    return WholeAnswer(status=200, headers=CIMultiDict(composed_headers(first, outcome)), body=body)


def with_cloud(answer: WholeAnswer, kind: ItemKind, cloud: str) -> WholeAnswer:
    """Return the document of a resource that says its cloud; any other answer as it is."""
    document = parse_object(cloud, answer.content, ALL_BYTES)
    inner = document if isinstance(document, Failure) or not kind.wrapper else document.get(kind.wrapper)
    if answer.status != 200 or isinstance(document, Failure) or not isinstance(inner, dict):
        return answer
    inner[CLOUD] = cloud
    headers = CIMultiDict([pair for pair in answer.headers.items() if pair[0].lower() not in _OF_THE_BYTES])
    return WholeAnswer(status=answer.status, reason=answer.reason, headers=headers, body=json.dumps(document).encode("ascii"))
