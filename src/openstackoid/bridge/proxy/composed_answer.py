# SPDX-License-Identifier: Apache-2.0
"""The heads of answers that are made of several clouds' answers."""

import json

from multidict import CIMultiDict

from openstackoid.bridge.errors import AnswerError, WholeAnswer, error_answer
from openstackoid.composition import ALL_BYTES, CLOUD, CLOUDS, PARTIAL, Composed, Failure, ItemKind, parse_object
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


def with_cloud(answer: WholeAnswer, kind: ItemKind, cloud: str, at: str) -> WholeAnswer:
    """Return the document of a resource that says its cloud, whatever it said; an error, a redirect or no body as it is.

    Raises :class:`AnswerError` of the gateway of ``at`` for a document that cannot be read, and may name another cloud.
    """
    if not (200 <= answer.status < 300 and answer.content):
        return answer
    document = parse_object(cloud, answer.content, ALL_BYTES)
    if isinstance(document, Failure):
        raise AnswerError(502, f"gateway of {at}: {document}")
    for name in (CLOUD, CLOUDS):
        document.pop(name, None)
    inner = document.get(kind.wrapper) if kind.wrapper else document
    if isinstance(inner, dict):
        inner[CLOUD] = cloud
    headers = CIMultiDict([pair for pair in answer.headers.items() if pair[0].lower() not in _OF_THE_BYTES])
    return WholeAnswer(status=answer.status, reason=answer.reason, headers=headers, body=json.dumps(document).encode("ascii"))


def with_message(answer: WholeAnswer, error: AnswerError) -> WholeAnswer:
    """Return the answer for an error, with the headers of an answer to a HEAD, which has no body that says the reason."""
    whole = error_answer(error)
    for name, value in answer.headers.items():
        if name.lower() not in _OF_THE_BYTES | {"content-type", "content-encoding"}:
            whole.headers.add(name, value)
    return whole
