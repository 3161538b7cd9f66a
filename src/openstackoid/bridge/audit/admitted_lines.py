# SPDX-License-Identifier: Apache-2.0
"""HAProxy's line about a request that it admitted alone, as the line of the audit log.

That is one of a guest, or of a peer in the name of a user here. Its values come from the admission, where the Python service puts
them: user, project, rule, roles here, and home.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from openstackoid.bridge.audit.admission_header import Admission, decode
from openstackoid.bridge.audit.audit_log import ALLOWED, IN, AuditLine
from openstackoid.bridge.log import shown_path
from openstackoid.routing.admission import decoded_roles
from openstackoid.routing.backend_names import is_delegated, is_of_guests
from openstackoid.routing.egress import is_request_id
from openstackoid.scope.services import official_service_type

REQUEST = re.compile(
    r"(?P<source>\S+) (?P<method>\S+) (?P<path>\S+) -> (?P<answer>(?P<backend>\S+) (?P<cloud>\S+)"
    r" (?P<status>[+-]?[0-9]{1,9})) (?P<milliseconds>[+-]?[0-9]{1,12}) ms (?P<state>\S*) .*"
)
"""A line of HAProxy's, without its part for the audit log."""

ADDRESS = re.compile(r"[0-9a-f.:]{2,45}")
METHOD = re.compile(r"[A-Z]{1,16}")

_ADMITTED = re.compile(
    r"(?P<service>[a-z0-9-]+)\.(?P<interface>[a-z]+) from=(?P<sender>[A-Za-z0-9._-]*) id=(?P<id>\S*)"
    r" use=(?P<use>[A-Za-z0-9_-]+)\|(?P<roles>[A-Za-z0-9_-]+)\|(?P<home>[A-Za-z0-9._-]+)\n?"
)

decoded = lru_cache(1024)(decode)
"""The admission of a header: a user's requests have the same."""

_roles = lru_cache(1024)(decoded_roles)


class AuditedRequest(NamedTuple):
    """A request of an audited line: the line of the audit log, its milliseconds, and HAProxy's letters about its end.

    ``answer``: backend, cloud and status, as HAProxy has them.
    """

    line: AuditLine
    milliseconds: int
    state: str
    answer: str


def admitted_line(request: str, left: str, at: str, now: float) -> AuditedRequest | None:
    """Read a line of HAProxy's, of which ``left`` is the part behind the marker; return None for any other."""
    said, about = REQUEST.fullmatch(request), _ADMITTED.fullmatch(left)
    if said is None or about is None:
        return None
    if not (is_delegated(said["backend"]) if about["home"] == at else is_of_guests(said["backend"])):
        return None
    use: Admission | None = decoded(about["use"])
    roles: tuple[str, ...] | None = _roles(about["roles"])
    if use is None or roles is None:
        return None
    milliseconds = int(said["milliseconds"])
    line = AuditLine(
        time=now - max(milliseconds, 0) / 1000,
        gateway=at,
        direction=IN,
        home=about["home"],
        user=use.user,
        project=use.project,
        roles=roles,
        sender=about["sender"] or None,
        source=said["source"] if ADDRESS.fullmatch(said["source"]) else None,
        service=official_service_type(about["service"]) or about["service"],
        interface=about["interface"],
        method=said["method"] if METHOD.fullmatch(said["method"]) else "-",
        path=shown_path(said["path"]),
        rule=use.rule,
        outcome=ALLOWED,
        status=max(int(said["status"]), 0),
        request_id=about["id"] if is_request_id(about["id"]) else None,
    )
    return AuditedRequest(line, milliseconds, said["state"], said["answer"])
