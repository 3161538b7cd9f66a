# SPDX-License-Identifier: Apache-2.0
"""Replace the id of a guest's project at home by its id in this cloud, in the request that a service is sent."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from openstackoid.bridge.message.head import Incoming, without
from openstackoid.routing import OwnProject, Single

DOCUMENT_LIMIT = 128 * 1024
"""Bytes of a JSON document that is looked into; oslo.middleware's limit is 112 KiB."""


async def with_project_here(
    own: OwnProject, plan: Single, incoming: Incoming, read: Callable[[], Awaitable[bytes | None]]
) -> tuple[Single, Incoming]:
    """Return the plan and the request as the service here is to see them.

    ``read`` reads the body. It is called for a document whose length is known and at most :data:`DOCUMENT_LIMIT`. Any other
    body streams on as it is.
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
