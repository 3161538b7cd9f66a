# SPDX-License-Identifier: Apache-2.0
"""What a request that leaves for another cloud has, so that both clouds' audit logs name it alike.

That is one request id, of the form that oslo.middleware takes for one: any other is ignored by every service, and would be a
client's way to write what it likes into two logs. The id that a gateway gives says nothing else: it is neither that of a
workflow with a scope nor one that asks for a trace, whatever the random digits are.
"""

import re

from openstackoid.routing.workflows import REQUEST_ID

ADMISSION_HEADER = "x-openstackoid-use"
"""The header in which a peer's gateway tells the gateway that asked, and nobody else, as whom it took the user."""

GIVEN = "req-a0d17000-"
"""How the ids begin that gateways give to what leaves without one."""

ID_FORM = "req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""The form of a request id, as a pattern."""

_ID = re.compile(ID_FORM)


def is_request_id(text: str) -> bool:
    """Return whether services take ``text`` for a request id."""
    return _ID.fullmatch(text) is not None


def given_id(fresh: str) -> str:
    """Return an id for what leaves, made of the random digits of another new one."""
    return GIVEN + fresh[len(GIVEN) :]


def sole_id(headers: tuple[tuple[str, str], ...]) -> str | None:
    """Return the request id in ``headers``, or None where there is none, more than one, or one of another form."""
    ids = [value for key, value in headers if key.lower() == REQUEST_ID]
    return ids[0] if len(ids) == 1 and is_request_id(ids[0]) else None
