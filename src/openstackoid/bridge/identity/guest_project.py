# SPDX-License-Identifier: Apache-2.0
"""Replace the id of a guest's project at home by its id here, in a request to a service."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from openstackoid.bridge.message.head import Incoming, without
from openstackoid.routing import OwnProject, Single

DOCUMENT_LIMIT = 128 * 1024
"""The most bytes of a searched JSON document; oslo.middleware's limit is 112 KiB."""


async def with_project_here(
    own: OwnProject, plan: Single, incoming: Incoming, read: Callable[[], Awaitable[bytes | None]]
) -> tuple[Single, Incoming]:
    """Return plan and request with the project's id here.

    ``read`` reads the body of a document with a length of at most :data:`DOCUMENT_LIMIT`; any other body streams on unchanged.
    """
    head, body, length = incoming.head, incoming.body, incoming.request.content_length
    headers = own.headers(plan.headers)
    media_type = next(iter(head.values("content-type")), "")
    if own.looks_into(head.method, media_type):
        if body is None and length is not None and 0 < length <= DOCUMENT_LIMIT:
            body = await read()
        if body is not None:
            body = own.body(body)
            headers = without(headers, "content-length")
    changed = replace(plan, path=own.path(plan.path), headers=headers)
    return changed, replace(incoming, head=replace(head, query=own.query(head.query)), body=body)
