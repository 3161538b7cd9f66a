# SPDX-License-Identifier: Apache-2.0
"""Workflows: all hops that one request of a user causes, including those with a service's own credentials.

A scope travels in the user's token. Nova asks Placement, and binds a port, with its own token, without a scope; but it passes on
the *global request id* (``X-OpenStack-Request-Id``, oslo's specification "Support for global_request_id"). So a scoped request
that may cause such hops gets an id with a mark, the gateways on its way store its scope, and a hop with a marked id and no scope
follows the stored one. An unknown marked id is refused, as the hop would go to the wrong cloud.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from openstackoid.mesh import Mesh
from openstackoid.scope import IDENTITY, Scope

REQUEST_ID = "x-openstack-request-id"
MARK = "req-5c09ed"
"""The beginning of ids of scoped workflows: digits of a UUID, so that oslo.middleware accepts them."""

TRACE = "req-7472ace0-"
"""The beginning of ids whose hops the gateways record for ``--trace``."""

READS = ("GET", "HEAD", "OPTIONS")
QUIET = frozenset({IDENTITY, "image", "object-store"})
"""Services without hops of their own credentials: their requests, large bodies among them, need no stored scope."""

_REST = r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"
_MARKED = re.compile(rf"{MARK}[0-9a-f]{{2}}-{_REST}")
TRACE_ID = TRACE + _REST.removesuffix(r"\Z")
"""The form of an id of a traced workflow, as a pattern."""
_TRACED = re.compile(TRACE + _REST)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A marked request id and the scope to store with it."""

    id: str
    scope: Scope


def marked_id(random: UUID) -> str:
    """Return a new marked id, made of a random UUID."""
    return f"{MARK}{str(random)[6:]}"


def further_id(first: str, number: int) -> str:
    """Return the marked id for a further request of the same user's request, made of the id for the ``first``."""
    at = len(MARK)
    return f"{MARK}{(int(first[at : at + 2] or '0', 16) + number) % 256:02x}{first[at + 2 :]}"


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
