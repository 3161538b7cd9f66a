# SPDX-License-Identifier: Apache-2.0
"""Admissions: HAProxy's records of guests, and of peers that read images, that the Python service has admitted.

HAProxy serves their next requests alone.

An admission is kept under a digest of the key of the route (:mod:`openstackoid.routing.route_cache`), the tokens as they came,
the cloud whose gateway has sent them, and a salt. So it is for one token, method, endpoint and sender. It says until when it
holds, how many requests it lets in, and by which paths. The rest is the Python service's: a path that it does not name, a request
that may name the user's project or another method.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from openstackoid import base64url
from openstackoid.routing.project_fields import PROJECT_FIELDS

BAR = "|"
"""Stands between the parts of an admission, and between those of the text that is digested."""

ALLOWED, SERVICE_TOKEN, NUMBER, MARK, THEIRS, OURS, SEALED, USE = 2, 3, 4, 5, 6, 7, 8, 9
"""The places of an admission's parts behind its end, counted from one. Behind :data:`USE` are the roles and the home.

HAProxy looks for a part character by character, so those that each request needs stand first.
"""

LEFT_OUT = "0"
"""In the place of :data:`SERVICE_TOKEN`: the service token is left out, because the policy does not accept it."""

LONGEST_ROLES = 1024

_OF_PROJECTS = {name for fields in PROJECT_FIELDS.values() for name in fields.headers}
_OVERRIDES = {"x-http-method", "x-method-override", "x-copy-from"}
TELLING_HEADERS = "(^|,)(upgrade|content_type|{})".format("|".join(sorted(_OF_PROJECTS | _OVERRIDES)).replace("-", "[-_]"))
"""In the names of headers of a request that the Python service must see: another method, another project, another protocol."""

_ROLES = re.compile(rf"[A-Za-z0-9_-]{{0,{LONGEST_ROLES}}}")


@dataclass(frozen=True, slots=True)
class Admission:
    """HAProxy's record of a guest, or of a peer that downloads images.

    ``until``: its end, in seconds of the wall clock. ``paths``: the name of the expression of paths. ``requests``: the number
    that it lets in, or None for any number. ``number``: a name of its own. ``mark``: HAProxy puts it behind the token. ``use``:
    the header for the sending gateway. ``theirs`` and ``ours``: the project at home and here, where paths of the catalog have it.
    ``leaves_out``: whether the service token is not for the service. ``sealed``: the token of this cloud that a peer
    has brought bound (:mod:`openstackoid.routing.delegated_downloads`); empty for a guest.
    """

    until: int
    paths: str
    requests: int | None
    number: str
    mark: str = field(repr=False)
    use: str = field(repr=False)
    roles: Sequence[str]
    home: str
    theirs: str = ""
    ours: str = ""
    leaves_out: bool = False
    sealed: str = field(default="", repr=False)

    def to_header(self) -> str | None:
        """Return the text that HAProxy keeps, or None where there are too many roles for it."""
        roles = encoded_roles(self.roles)
        if len(roles) > LONGEST_ROLES:
            return None
        allowed = f"{'' if self.requests is None else self.requests}:{self.paths}"
        service = LEFT_OUT if self.leaves_out else ""
        project = self.theirs, self.ours
        parts = str(self.until), allowed, service, self.number, self.mark, *project, self.sealed, self.use, roles, self.home
        return BAR.join(parts)


def encoded_roles(roles: Sequence[str]) -> str:
    """Return roles as one word."""
    return base64url.encoded(json.dumps(list(roles)).encode())


def decoded_roles(text: str) -> tuple[str, ...] | None:
    """Return the roles in a word that :func:`encoded_roles` has made; None for any other."""
    if _ROLES.fullmatch(text) is None:
        return None
    try:
        roles = json.loads(base64url.decoded(text))
    except (ValueError, RecursionError):
        return None
    return tuple(roles) if isinstance(roles, list) and all(isinstance(role, str) for role in roles) else None
