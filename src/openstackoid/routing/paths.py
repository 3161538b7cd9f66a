# SPDX-License-Identifier: Apache-2.0
"""Refuse paths that a server behind the gateway could read as another service's.

The gateway routes by the path as written. A web server decodes it, and may merge slashes, read a backslash as a slash, and climb
by ``..``. If that could leave the service, the request is an error. All other paths pass unchanged: ``a%2Fb//c;d`` is a name
that Swift's users may give.
"""

import re

from openstackoid.mesh import Endpoint
from openstackoid.routing.normal_path import decoded
from openstackoid.routing.reading import Reading, RefusedError
from openstackoid.routing.scoped_url import OBJECT_STORE

CLIMBS = r"(/|\\|%2f|%5c)(\.|%2e){1,2}(/|\\|%2f|%5c|;|%3b|$)"
"""A segment of dots, in any spelling; some servers ignore the rest after ``;``."""

LONGEST_ODD = 5 * 1024
"""The most characters of a path that needs decoding.

Swift's longest names take 4608 with each byte escaped. Decoding 16 KiB takes milliseconds.
"""

NEVER_RAW = r"\\"
CONTROLS = "%(0[0-9a-f]|1[0-9a-f]|7f)"
NUL = "%00"

_CLIMBS = re.compile(CLIMBS, re.IGNORECASE)
_CONTROLS = re.compile(CONTROLS, re.IGNORECASE)


def refuse_confusing(reading: Reading, endpoint: Endpoint) -> None:
    """Raise :class:`~openstackoid.routing.reading.RefusedError` for a path that may leave ``endpoint``."""
    request = reading.request
    path = request.path
    if not ("%" in path or "\\" in path or "//" in path or "/." in path):
        return
    if len(path) > LONGEST_ODD:
        message = f"the path has {len(path)} characters, and some that must be decoded; {LONGEST_ODD} are accepted"
        raise RefusedError(reading.at, 414, "URI Too Long", message)
    if _CLIMBS.search(path):
        raise reading.bad_request("the path has a segment '.' or '..'; a path without them is accepted")
    if "\\" in path:
        raise reading.bad_request("the path has a backslash; in a name it is written %5C")
    control = _CONTROLS.search(path)
    # Of control characters, only NUL is refused where users choose names.
    if control is not None and (endpoint.service != OBJECT_STORE or NUL in path):
        raise reading.bad_request(f"the path has a control character (%{control[1].upper()}); a path without one is accepted")
    named = reading.mesh.clouds[reading.at].locate(request.listener, decoded(path))
    if named != endpoint:
        meant = "no service" if named is None else named.service
        raise reading.bad_request(
            f"the path belongs to {endpoint.service} as written, and to {meant} when decoded;"
            " write the service's own prefix as the catalog has it"
        )


def may_climb(path: str) -> bool:
    """Return whether a client or a server may read a path as one with fewer segments."""
    return _CLIMBS.search(path) is not None or "\\" in path
