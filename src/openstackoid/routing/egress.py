# SPDX-License-Identifier: Apache-2.0
"""The request id of a request that leaves, by which both clouds' audit logs name it.

It has the form that oslo.middleware accepts; services ignore others. An id made here has neither the mark of a workflow nor that
of a trace.
"""

import re

from openstackoid.routing.workflows import REQUEST_ID

ADMISSION_HEADER = "x-openstackoid-use"
"""The header in which a peer's gateway tells the asking gateway, and no client, the accepted user."""

UNSENT_HEADER = "x-openstackoid-unsent"
"""The header in which a peer's gateway tells the asking gateway, and no client, that its service was sent no byte."""

GIVEN = "req-a0d17000-"
"""The beginning of ids that gateways give to requests without one."""

ID_FORM = "req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""The form of a request id, as a pattern."""

_ID = re.compile(ID_FORM)


def is_request_id(text: str) -> bool:
    """Return whether services accept ``text`` as a request id."""
    return _ID.fullmatch(text) is not None


def given_id(fresh: str) -> str:
    """Return an id for a request that leaves, made of the random digits of another new one."""
    return GIVEN + fresh[len(GIVEN) :]


def sole_id(headers: tuple[tuple[str, str], ...]) -> str | None:
    """Return the request id in ``headers``, or None for none, several, or an invalid one."""
    ids = [value for key, value in headers if key.lower() == REQUEST_ID]
    return ids[0] if len(ids) == 1 and is_request_id(ids[0]) else None
