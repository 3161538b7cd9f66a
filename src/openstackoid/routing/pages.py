# SPDX-License-Identifier: Apache-2.0
"""What both parts of a gateway must agree on to show what it does: its own pages, and the ids of traced workflows."""

import re

PAGES = "/.openstackoid/"
"""The paths that are the gateway's own on each of its sockets; no request for one is routed."""

HEALTH, MESH, TRACE = f"{PAGES}health", f"{PAGES}mesh", f"{PAGES}trace/"

REQUEST_ID = "x-openstack-request-id"
TRACE_ID = r"req-7472ace0-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""The request ids of workflows that are traced. They have the form of any other, so that services hand them on."""

_TRACE_ID = re.compile(TRACE_ID)


def is_traced(request_id: str) -> bool:
    """Return whether the gateways keep records of the workflow that has this id."""
    return _TRACE_ID.fullmatch(request_id) is not None
