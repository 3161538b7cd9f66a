# SPDX-License-Identifier: Apache-2.0
"""A guest's request, with the project's id in this cloud in the place of its id at home."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from openstackoid.bridge.http.head import Head, without
from openstackoid.routing import Forward, OwnProject

DOCUMENT_LIMIT = 128 * 1024
"""Bytes of a JSON document that is looked into; oslo.middleware's limit is 112 KiB."""


@dataclass(frozen=True, slots=True)
class GuestRequest:
    """A request as it is sent on: ``body`` is there when it was read, else it is still to be streamed."""

    head: Head
    decision: Forward
    body: bytes | None = field(repr=False)


async def with_project_here(
    own: OwnProject, request: GuestRequest, length: int | None, read: Callable[[], Awaitable[bytes | None]]
) -> GuestRequest:
    """Return the request as the service here is to see it.

    ``read`` reads the body. It is called for a document whose ``length`` is known and at most :data:`DOCUMENT_LIMIT`. Any other
    body streams on as it is.
    """
    head, decision, body = request.head, request.decision, request.body
    headers = own.headers(decision.headers)
    media_type = next(iter(head.values("content-type")), "")
    if own.looks_into(head.method, media_type):
        if body is None and length is not None and 0 < length <= DOCUMENT_LIMIT:
            body = await read()
        if body is not None:
            body = own.body(body)
            headers = without(headers, "content-length")
    changed = replace(decision, path=own.path(decision.path), headers=headers)
    return GuestRequest(replace(head, query=own.query(head.query)), changed, body)
