# SPDX-License-Identifier: Apache-2.0
"""The patterns of a policy as regular expressions of paths and queries, by which HAProxy judges a guest's further requests.

They only ever allow less than :class:`~openstackoid.policy.Services`: a request that no expression matches is the Python
service's. That is so for a path in another spelling, for a query that may name another method, and for a request that may name
the user's project elsewhere than in the catalog's URL (:mod:`openstackoid.routing.project_fields`).
"""

import re
from collections.abc import Collection, Iterator
from hashlib import blake2b
from itertools import product

from openstackoid.mesh import Cloud, Endpoint
from openstackoid.policy import AuditMode, RequestPattern, Services
from openstackoid.routing.images import IMAGE
from openstackoid.routing.own_project import before_project
from openstackoid.routing.project_fields import ACCOUNT, PROJECT, PROJECT_FIELDS
from openstackoid.routing.scoped_url import OBJECT_STORE
from openstackoid.scope import IDENTITY

_READ, _UPLOAD = ("GET", "HEAD"), ("PUT",)
_UPLOADS = {IMAGE: r"/v[0-9.]+/images/[^/?|]+/(file|stage)", OBJECT_STORE: r"/v1/[^/?|]+/[^/?|]+/[^?|]+"}
_ID = r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"
_NAMED = {"*": r"[^/?|]+", PROJECT: _ID, ACCOUNT: rf"([A-Za-z0-9.-]*_)+{_ID}"}
_OTHER_METHOD = "(_|%5[fF])(m|%6[dD])(e|%65)(t|%74)(h|%68)(o|%6[fF])(d|%64)"
_REST = r"([/][^?|]*)?"


def learnt_methods(audit: AuditMode) -> tuple[str, ...]:
    """Return the methods of guests' requests that HAProxy may serve alone."""
    return {"strict": (), "reads": _READ, "uploads": _READ + _UPLOAD}[audit]


def guest_paths(here: Cloud) -> dict[str, str]:
    """Return the expressions that the policy of ``here`` comes to, by their names."""
    policy = here.policy
    allowed = dict.fromkeys(peer.services_of(people) for peer in policy.peers for people in peer.people)
    found = (
        guest_path(endpoint, services, method)
        for endpoint, services, method in product(here.endpoints, allowed, learnt_methods(policy.audit))
    )
    return {name_of(path): path for path in found if path is not None}


def name_of(path: str) -> str:
    """Return the name of an expression, which follows from its text."""
    return blake2b(path.encode(), digest_size=6).hexdigest()


def guest_path(endpoint: Endpoint, services: Services, method: str) -> str | None:
    """Return the expression of the paths and queries that ``services`` allow a guest at ``endpoint``, or None for none.

    It matches from the beginning, and leaves the end open.
    """
    if endpoint.service == IDENTITY:
        return None
    asked = dict.fromkeys(path for pattern in services.requests(endpoint.service) for path in _paths(pattern, method))
    uploads = _UPLOADS.get(endpoint.service)
    if not asked or (method in _UPLOAD and uploads is None):
        return None
    prefix, ahead = re.escape(endpoint.frontend.prefix), "" if method not in _UPLOAD else f"(?={uploads})"
    # To Swift, a slash at the end makes another name.
    end = "" if endpoint.service == OBJECT_STORE else "/?"
    return f"^{_no_project(endpoint)}{prefix}{ahead}({'|'.join(asked)}){end}(\\?.*)?"


def _paths(pattern: RequestPattern, method: str) -> Iterator[str]:
    if pattern.covers(method):
        yield _expression(pattern.path)


def _expression(path: str, named: Collection[str] = ("*",)) -> str:
    """Return the expression of a pattern in which each of ``named`` stands for any segment of its kind."""
    parts = [part for part in path.split("/") if part]
    rest = parts[-1:] == ["**"]
    segments = "".join(f"/{_NAMED[part] if part in named else re.escape(part)}" for part in (parts[:-1] if rest else parts))
    return segments + (_REST if rest else "")


def _no_project(endpoint: Endpoint) -> str:
    """Return the expression before the path: it refuses a method in the query, and a project outside the catalog's URL."""
    fields = PROJECT_FIELDS.get(endpoint.service)
    unwanted = [f"[^?]*\\?.*{_OTHER_METHOD}"]
    if fields is not None:
        if fields.query:
            # A name may be written with a percent sign.
            unwanted.append(f"[^?]*\\?(.*&)?([^=&]*[%+]|({'|'.join(fields.query)})=)")
        prefix, before = re.escape(endpoint.frontend.prefix), before_project(endpoint)
        for pattern in fields.paths:
            other = "" if before is None or not _is_of_catalog(pattern, endpoint, before) else f"(?!{re.escape(before)})"
            unwanted.append(f"{other}{prefix}{_expression(pattern, _NAMED)}/?(\\?|$|\\|)")
    return f"(?!{'|'.join(unwanted)})"


def _is_of_catalog(pattern: str, endpoint: Endpoint, before: str) -> bool:
    """Return whether the pattern names the project at the place where the catalog's URL does, and no other segment."""
    parts = pattern.removesuffix("/**").split("/")
    at = before[len(endpoint.frontend.prefix) :].count("/")
    return parts[-1] in (PROJECT, ACCOUNT) and len(parts) - 1 == at and set(parts[1:-1]) <= {"*"}
