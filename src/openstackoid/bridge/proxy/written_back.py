# SPDX-License-Identifier: Apache-2.0
"""The body of a change without the attributes by which the gateway has said the cloud of a resource."""

from dataclasses import replace

from openstackoid.bridge.message.head import Head, Incoming, without
from openstackoid.composition import without_cloud
from openstackoid.composition.kinds import OBJECT_STORE
from openstackoid.routing import READS, Single


def written_back(plan: Single, incoming: Incoming) -> tuple[Single, Incoming]:
    """Return plan and request without our attributes, if the body was read, and is a document of a resource."""
    body = incoming.body
    if body is None or not _is_document(plan, incoming.head):
        return plan, incoming
    kept = without_cloud(body)
    if kept is body:
        return plan, incoming
    return replace(plan, headers=without(plan.headers, "content-length")), replace(incoming, body=kept)


def _is_document(plan: Single, head: Head) -> bool:
    """Return whether a request may write a resource: JSON, but no object of Swift, whose bytes are the user's."""
    if head.method in READS or plan.endpoint.service == OBJECT_STORE:
        return False
    return all("json" in value.lower() for value in head.values("content-type"))
