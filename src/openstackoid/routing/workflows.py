# SPDX-License-Identifier: Apache-2.0
"""Workflows: what one request of a user sets off, hop after hop, also where a service speaks with credentials of its own.

A scope travels in the user's token. Nova asks Placement, and binds a port, with its own token, in which there is no scope; but it
hands on the *global request id* (``X-OpenStack-Request-Id``, oslo's specification "Support for global_request_id") that its own
request came with. So a scoped request that may set off such hops gets an id with a mark, the gateways that it passes remember
its scope, and a hop that brings a marked id and no scope follows what is remembered. A marked id that nobody remembers is
refused: without the memory the hop would quietly go to the wrong cloud.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from openstackoid.mesh import Mesh
from openstackoid.scope import IDENTITY, Scope

REQUEST_ID = "x-openstack-request-id"
MARK = "req-5c09ed"
"""How the ids of scoped workflows begin: digits of a UUID, so that oslo.middleware takes them for what they are."""

TRACE = "req-7472ace0-"
"""How the ids begin whose hops the gateways record, for a person who asked to see them."""

READS = ("GET", "HEAD", "OPTIONS")
QUIET = frozenset({IDENTITY, "image", "object-store"})
"""Services that set off no hop with credentials of their own: their requests, among them the large bodies, need no memory."""

_REST = r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"
_MARKED = re.compile(rf"{MARK}[0-9a-f]{{2}}-{_REST}")
TRACE_ID = TRACE + _REST.removesuffix(r"\Z")
"""The whole form of an id of a traced workflow, as a pattern."""
_TRACED = re.compile(TRACE + _REST)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A marked request id and the scope to remember with it."""

    id: str
    scope: Scope


def marked_id(random: UUID) -> str:
    """Return a new marked id, made of a random UUID."""
    return f"{MARK}{str(random)[6:]}"


def is_marked(request_id: str) -> bool:
    """Return whether an id says that its workflow has a scope, which then must be known."""
    return _MARKED.match(request_id) is not None


def is_traced(request_id: str) -> bool:
    """Return whether an id asks for its hops to be recorded. It may have a scope, or none."""
    return _TRACED.match(request_id) is not None


def may_be_remembered(request_id: str) -> bool:
    """Return whether a gateway may have a scope for this id."""
    return is_marked(request_id) or is_traced(request_id)


def watched_services(mesh: Mesh) -> frozenset[str]:
    """Return the services whose scoped requests begin or continue a workflow, when they change something."""
    return (mesh.services - QUIET) | {rule.service for rule in mesh.collaborations if rule.service in mesh.services}
